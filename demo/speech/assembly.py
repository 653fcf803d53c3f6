"""Writes what the stages have come to as the files of the built-in voices."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import soundfile
from transformers import HubertModel

from demo.speech.acoustic_stages import MissingStage, NetworkSizes, newest_networks
from demo.speech.recording import RATE_HZ
from demo.speech.run_states import newest_state
from demo.speech.semantic_stage import SETTINGS, SIZES
from demo.speech.shards import ShardClip, read_shards
from demo.speech.ssl_evaluation import measure
from demo.speech.ssl_model import load_head, make_quantizer
from tts.checkpoint_writing import write_semantic_checkpoint
from tts.finetune.semantic_training import SemanticTrainee
from tts.models.hubert import HubertEncoder
from tts.models.quantizer import SemanticQuantizer
from tts.models.semantic_layout import SemanticSizes
from tts.transformers_models import quiet_transformers

REFERENCE_SEC = (3.0, 6.0)
BEST_REFERENCE_SEC = 4.5
NUM_REFERENCES_HEARD = (
    16  # those whose length suits best; of them the one that the encoder hears best is taken
)
REFERENCE_KIND = "reply"  # natural sentences


@dataclass(frozen=True, slots=True)
class Character:
    """Whose voice a character has.

    Attributes:
        teacher: name of the teacher.
        language: of the reference.
    """

    teacher: str
    language: str


CHARACTERS: Mapping[str, Character] = MappingProxyType(
    {
        "Qinglan": Character("f2", "zh"),
        "Wren": Character("slt", "en"),
        "Bram": Character("rms", "en"),
    }
)


class NoReference(Exception):
    """A teacher has said nothing that could be a reference."""


def assemble(
    work: Path,
    out: Path,
    *,
    semantic_sizes: SemanticSizes = SIZES,
    acoustic_sizes: NetworkSizes | None = None,
) -> Iterator[str]:
    """Writes `base/` with the two models, `ssl/`, and `voices/NAME/reference.wav` with its text beside it.

    There is one model of each kind for all characters: which one speaks is heard in the reference. The base
    keeps its posterior encoder, so that other voices can be trained from it.

    Args:
        work: folder with the teachers' shards, `runs` and `ssl/model`.
        out: folder to write to.
        semantic_sizes: of the trained semantic model.
        acoustic_sizes: of the trained acoustic networks.

    Yields:
        What was written or left out, and why.

    Raises:
        MissingStage: something was not trained yet.
    """
    base = out / "base"
    base.mkdir(parents=True, exist_ok=True)
    yield _write_semantic(work, base / "semantic.ckpt", semantic_sizes)
    networks, remark = newest_networks(work / "runs", acoustic_sizes)
    ssl_folder = work / "ssl" / "model"
    if not ssl_folder.is_dir():
        raise MissingStage(f"no SSL encoder in {ssl_folder}; train it with: python -m demo.speech.train_ssl")
    quantizer = make_quantizer(load_head(ssl_folder))
    networks.model.quantizer.load_state_dict(quantizer.state_dict())
    networks.export(base / "decoder.pth", remark, is_base=True)
    yield f"{base / 'decoder.pth'}: {remark}"
    yield _write_ssl(ssl_folder, out / "ssl")
    encoder = HubertEncoder(out / "ssl")
    for name, character in CHARACTERS.items():
        try:
            clip = choose_reference(work / character.teacher, character.language, encoder, quantizer)
        except (FileNotFoundError, NoReference) as error:
            yield f"{name} has no reference: {error}"
            continue
        yield _write_reference(clip, out / "voices" / name)


def choose_reference(
    folder: Path, language: str, encoder: HubertEncoder, quantizer: SemanticQuantizer
) -> ShardClip:
    """Returns the single natural sentence of a teacher that suits a reference best and is heard right.

    Raises:
        FileNotFoundError: the teacher has said nothing.
        NoReference: nothing suitable.
    """
    clips = [clip for clip in read_shards(folder) if _is_suitable(clip, language)]
    if not clips:
        shortest, longest = REFERENCE_SEC
        raise NoReference(f"no sentence of {shortest} to {longest} s in {folder}")

    def rightness(clip: ShardClip) -> float:
        return measure(encoder.raw_features, quantizer, [clip])["tokens"]

    clips.sort(key=lambda clip: abs(_seconds(clip) - BEST_REFERENCE_SEC))
    return max(clips[:NUM_REFERENCES_HEARD], key=rightness)


def _is_suitable(clip: ShardClip, language: str) -> bool:
    shortest, longest = REFERENCE_SEC
    is_statement = clip.text.endswith((".", "。")) and not re.search(r"[.!?。！？…].", clip.text)
    fits = clip.kind == REFERENCE_KIND and clip.language == language and not clip.text[0].islower()
    return fits and is_statement and shortest <= _seconds(clip) <= longest


def _seconds(clip: ShardClip) -> float:
    return clip.num_samples / RATE_HZ


def _write_reference(clip: ShardClip, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / "reference.wav", clip.samples(), RATE_HZ, subtype="PCM_16")
    (folder / "reference.txt").write_text(clip.text + "\n", encoding="utf-8")
    return f"{folder / 'reference.wav'}: {_seconds(clip):.1f} s: {clip.text}"


def _write_ssl(trained: Path, folder: Path) -> str:
    with quiet_transformers():
        HubertModel.from_pretrained(str(trained), local_files_only=True).half().save_pretrained(folder)
    return f"{folder}: half precision"


def _write_semantic(work: Path, path: Path, sizes: SemanticSizes) -> str:
    state = newest_state(work / "runs" / "semantic")
    if state is None:
        raise MissingStage(f"no semantic stage was trained in {work / 'runs'}")
    trainee = SemanticTrainee(sizes, SETTINGS, state["step"])
    trainee.load_state_dict(state["trainee"])
    write_semantic_checkpoint(path, trainee.weights(), sizes, f"semantic_{state['step']}")
    measured: Sequence[str] = [f"{name} {value:.3g}" for name, value in state["evaluation"].items()]
    return f"{path}: step {state['step']}: {', '.join(measured)}"
