"""From a folder of recordings to labelled clips: what is there, cut and written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import soundfile

from tts.audio import BadAudio, to_pcm16
from tts.finetune.clips import Clip, read_list, write_list
from tts.finetune.errors import BadRecordings, BadStage
from tts.finetune.frame_levels import peak_of
from tts.finetune.loudness import read_mono
from tts.finetune.slicing import SlicingSettings, slice_speech
from tts.finetune.stages import Stages, file_hash
from tts.finetune.transcription import AUTO, Transcriber, write_down

SOUNDS = (".wav", ".flac", ".ogg")
OTHER_SOUNDS = (".mp3", ".m4a", ".aac", ".wma", ".opus", ".mp4", ".mkv", ".webm")
LIST_SUFFIX = ".list"
CLIPS_LIST, WORDS_LIST, REVIEW_LIST = "clips.list", "words.list", "review.list"
# Until somebody has listened, a clip must have some language.
FIRST_LANGUAGE = "zh"

Told = Callable[[int, int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a user brings.

    Attributes:
        folder: of recordings.
        list_path: names clips with their words; None where the recordings are to be cut and listened to.
        speaker: name for clips without one.
        language: of the recordings, or `auto`; a list has its own.
        slicing: how long recordings are cut.
    """

    folder: Path
    list_path: Path | None
    speaker: str
    language: str = AUTO
    slicing: SlicingSettings = field(default_factory=SlicingSettings)


def find_list(folder: Path) -> Path | None:
    """The list in a folder; None if there is none.

    Raises:
        BadRecordings: several lists, or no folder.
    """
    if not folder.is_dir():
        raise BadRecordings(f"{folder}: there is no such folder of recordings")
    lists = sorted(path for path in folder.iterdir() if path.suffix == LIST_SUFFIX)
    if len(lists) > 1:
        names = ", ".join(path.name for path in lists)
        raise BadRecordings(f"{folder} holds several lists ({names}); name one with --list")
    return lists[0] if lists else None


def find_sounds(folder: Path) -> list[Path]:
    """All recordings in a folder and below it.

    Raises:
        BadRecordings: there are none.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    sounds = [path for path in files if path.suffix.lower() in SOUNDS]
    if not sounds:
        others = sum(1 for path in files if path.suffix.lower() in OTHER_SOUNDS)
        hint = f"; {others} files are in other formats: convert them to WAV" if others else ""
        raise BadRecordings(f"{folder}: no WAV, FLAC or OGG recordings in it{hint}")
    return sounds


def clips_stage(stages: Stages, material: Material, told: Told) -> Path:
    """Takes the clips of the list, or cuts the recordings; returns a list of them."""
    if material.list_path is not None:
        clips = read_list(material.list_path)
        inputs = {"list": file_hash(material.list_path)}
        folder = stages.run("clips", inputs, lambda path: write_list(path / CLIPS_LIST, clips))
        return folder / CLIPS_LIST
    sounds = find_sounds(material.folder)
    inputs = {
        "sounds": {path.relative_to(material.folder).as_posix(): file_hash(path) for path in sounds},
        "slicing": asdict(material.slicing),
        "language": material.language,
        "speaker": material.speaker,
    }
    folder = stages.run("clips", inputs, lambda path: _cut_all(path, sounds, material, told))
    return folder / CLIPS_LIST


def words_stage(
    stages: Stages,
    clips_list: Path,
    language: str,
    make_transcriber: Callable[[], Transcriber | None],
    told: Told,
) -> Path:
    """Has those clips written down that nobody has; returns a list of them."""
    clips = read_list(clips_list)
    inputs = {"clips": file_hash(clips_list), "language": language}

    def build(folder: Path) -> None:
        transcriber = make_transcriber() if any(not clip.text for clip in clips) else None
        write_list(folder / WORDS_LIST, write_down(clips, transcriber, language, told=told))

    return stages.run("words", inputs, build) / WORDS_LIST


def reviewed(work: Path, words_list: Path) -> Path:
    """The list somebody has gone through, or the given one if nobody has.

    Raises:
        BadStage: the reviewed list was made of other clips.
    """
    review, origin = work / REVIEW_LIST, work / (REVIEW_LIST + ".from")
    if not review.is_file():
        return words_list
    if not origin.is_file() or origin.read_text(encoding="utf-8") != file_hash(words_list):
        raise BadStage(f"{review} is of other recordings than those that are there now: delete or move it")
    return review


def begin_review(work: Path, words_list: Path) -> Path:
    """Lays a list out for editing, unless one is there already; returns it."""
    review, origin = work / REVIEW_LIST, work / (REVIEW_LIST + ".from")
    if not review.is_file():
        origin.write_text(file_hash(words_list), encoding="utf-8")
        write_list(review, read_list(words_list))
    return review


def _cut_all(folder: Path, sounds: list[Path], material: Material, told: Told) -> None:
    language = FIRST_LANGUAGE if material.language == AUTO else material.language
    clips: list[Clip] = []
    for number, path in enumerate(sounds, start=1):
        clips += [Clip(cut, material.speaker, language, "") for cut in _cut(folder, number, path, material)]
        told(number, len(sounds))
    write_list(folder / CLIPS_LIST, clips)


def _cut(folder: Path, number: int, path: Path, material: Material) -> list[Path]:
    """Writes the clips of one recording; one that cannot be cut is left whole, for the report to name."""
    try:
        samples, rate = read_mono(path)
    except BadAudio:
        return [path]
    spans = slice_speech(samples, rate, material.slicing)
    if not spans:
        return [path]
    paths = []
    for start, end in spans:
        cut = folder / f"{number:03d}-{path.stem}-{round(1000 * start / rate):07d}.wav"
        soundfile.write(cut, to_pcm16(samples[start:end] / max(1.0, peak_of(samples))), rate)
        paths.append(cut)
    return paths
