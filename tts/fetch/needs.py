"""What a configuration needs: every model file its speakers and its language model take, there or not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from speakers.speaker import Speaker
from tts.checkpoint import BadCheckpoint, read_checkpoint
from tts.fetch.sources import EVERYTHING, Wanted, source_of_path, sources_of
from tts.pretrained import BERT, SSL, PretrainedModels, parts, parts_for

LANGUAGE_MODEL = "language model"
# Languages whose models never hear the Chinese BERT, and the width of the published one.
_WITHOUT_BERT = frozenset({"en", "ja", "all_ja", "ko", "all_ko", "yue", "all_yue"})
_BERT_DIM = 1024
_WEIGHT_PATTERNS = ("*.safetensors", "pytorch_model*.bin")
_SHARD = re.compile(r".*-(?P<number>\d+)-of-(?P<total>\d{1,5})\.\w+")


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is configured, as far as it takes model files.

    Attributes:
        pretrained: finds the pretrained parts.
        speakers: those that can be read.
        problems: what is wrong with the others.
        language_model: folder of the language model, None if another server runs it.
        models_dir: where whole repositories go.
        use_bert: whether the Chinese BERT is to be used.
    """

    pretrained: PretrainedModels
    speakers: tuple[Speaker, ...]
    models_dir: Path
    problems: tuple[str, ...] = ()
    language_model: Path | None = None
    use_bert: bool = True


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that is needed.

    Attributes:
        title: what it is, for people.
        place: where it is or belongs.
        lacking: what is not there: names below the place, or "" for the place itself; empty if it is there.
        users: who needs it.
        is_required: whether its users cannot do without.
        wanted: what to fetch for it; empty if nobody knows where from.
        remark: what is odd about what is there.
    """

    title: str
    place: Path
    lacking: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    is_required: bool = True
    wanted: tuple[Wanted, ...] = field(default=())
    remark: str = ""

    @property
    def is_there(self) -> bool:
        """Whether nothing of it is missing."""
        return not self.lacking


def needs_of(configuration: Configuration) -> tuple[list[Need], list[str]]:
    """Return everything a configuration needs, each thing once, and what is wrong with its files."""
    needs: dict[Path, Need] = {}
    problems = list(configuration.problems)
    if configuration.language_model is not None:
        _add(needs, _language_model(configuration.language_model))
    for speaker in configuration.speakers:
        for need in _speaker_files(speaker):
            _add(needs, need)
        names, faults = _part_names(speaker, configuration.use_bert)
        problems += faults
        for name in names:
            _add(needs, replace(part_need(configuration.pretrained, name), users=(speaker.name,)))
    return list(needs.values()), problems


def part_need(pretrained: PretrainedModels, name: str) -> Need:
    """Return what there is to say of a pretrained part.

    Raises:
        KeyError: no such part.
    """
    part, place = parts()[name], pretrained.place(name)
    lacking = pretrained.lacking(name)
    wanted = sources_of(part, place)
    return Need(
        title=part.title,
        place=place,
        lacking=lacking,
        is_required=name != BERT,
        wanted=tuple(item for item in wanted if lacking and not item.target.is_file()),
        remark="" if lacking else _odd_size(wanted),
    )


def _odd_size(wanted: Iterable[Wanted]) -> str:
    """Say which files are there in another size than the published ones have."""
    odd = []
    for item in wanted:
        if item.num_bytes is not None and item.target.is_file():
            size = item.target.stat().st_size
            if size != item.num_bytes:
                odd.append(f"{item.target.name} has {size} bytes, the published one {item.num_bytes}")
    return "; ".join(odd)


def _add(needs: dict[Path, Need], need: Need) -> None:
    known = needs.get(need.place)
    if known is not None:
        users = tuple(dict.fromkeys((*known.users, *need.users)))
        need = replace(known, users=users, is_required=known.is_required or need.is_required)
    needs[need.place] = need


def _language_model(folder: Path) -> Need:
    need = _file(folder, LANGUAGE_MODEL)
    return replace(need, title=LANGUAGE_MODEL, lacking=_lacking_of_model(folder))


def _lacking_of_model(folder: Path) -> tuple[str, ...]:
    """Return what a transformers folder lacks; weights in several files tell by their names how many."""
    lacking = [] if (folder / "config.json").is_file() else ["config.json"]
    weights = [path.name for pattern in _WEIGHT_PATTERNS for path in folder.glob(pattern)]
    if not weights:
        lacking.append("weights (*.safetensors)")
    shards = [match for match in map(_SHARD.fullmatch, weights) if match]
    for total in {match["total"] for match in shards}:
        there = {match["number"] for match in shards if match["total"] == total}
        wanted = {f"{i:0{len(total)}}" for i in range(1, int(total) + 1)}
        lacking += [f"part {number} of {total} of the weights" for number in sorted(wanted - there)]
    return tuple(lacking)


def _speaker_files(speaker: Speaker) -> Iterator[Need]:
    for path in speaker.files():
        yield _file(path, speaker.name)


def _file(path: Path, user: str) -> Need:
    lacking = () if path.exists() else ("",)
    source = source_of_path(path)
    if source is None:
        return Need(title=path.name, place=path, lacking=lacking, users=(user,))
    repository, wanted = source
    if wanted.name != EVERYTHING and not path.suffix:  # a folder in the repository
        wanted = replace(wanted, name=f"{wanted.name}/{EVERYTHING}", folder=f"{wanted.name}/")
    title = f"{path.name}, of {repository.title}"
    return Need(title=title, place=path, lacking=lacking, users=(user,), wanted=(wanted,))


def _part_names(speaker: Speaker, use_bert: bool) -> tuple[list[str], list[str]]:
    """Return which pretrained parts a speaker takes, as far as its files tell, and what is wrong there."""
    names = [] if speaker.ssl_model is not None else [SSL]
    faults: list[str] = []
    try:
        if speaker.sovits_model.is_file():
            checkpoint = read_checkpoint(speaker.sovits_model, version=speaker.version)
            if checkpoint.version is not None:
                is_lora = checkpoint.lora_rank is not None and speaker.sovits_base is None
                names += parts_for(checkpoint.version, is_lora=is_lora)
        if use_bert and speaker.gpt_model.is_file() and _hears_bert(speaker):
            names.append(BERT)
    except BadCheckpoint as error:
        faults.append(f"speaker {speaker.name}: {error}")
    return names, faults


def _hears_bert(speaker: Speaker) -> bool:
    if {speaker.target_language, speaker.ref_language} <= _WITHOUT_BERT:
        return False
    projection = read_checkpoint(speaker.gpt_model).weights.get("model.bert_proj.weight")
    return projection is not None and projection.ndim == 2 and projection.shape[1] == _BERT_DIM
