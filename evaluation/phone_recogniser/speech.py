"""Makes the recogniser's training speech with the teacher programs, as files of some hundred lines each."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evaluation.phone_recogniser.corpus import Line, make_lines
from evaluation.phone_recogniser.hearing import features
from evaluation.phone_recogniser.voices import draw_voice

LINES_PER_FILE = 250
# Played this many times as fast, a voice has other formants and another pitch: it is somebody else's.
PLAYED = (0.8, 1.3)
# How fast it then is, and how much higher it speaks beside that, against the voice as it is.
SPEEDS = (0.85, 1.2)
PITCHES = (0.75, 1.3)


@dataclass(frozen=True, eq=False)
class Utterance:
    """A line as it was spoken.

    Attributes:
        features: see `hearing`, (T, C) float16.
        labels: the phones in it.
        voice: name of the teacher that said it.
    """

    features: np.ndarray
    labels: tuple[str, ...]
    voice: str


def speech_file(folder: Path, language: str, number: int) -> Path:
    """Returns where a file of lines is kept."""
    return folder / f"{language}_{number:03}.npz"


def make_file(path: Path, language: str, number: int) -> None:
    """Speaks the lines of one file; number 0 is for testing."""
    rng = random.Random(f"voices {language} {number}")  # noqa: S311 - no secrets here
    said = [_speak(line, language, rng) for line in make_lines(language, LINES_PER_FILE, number)]
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(
            file,
            features=np.concatenate([one.features for one in said]),
            num_frames=np.array([len(one.features) for one in said]),
            labels=np.array([" ".join(one.labels) for one in said]),
            voices=np.array([one.voice for one in said]),
        )
    unfinished.replace(path)


def read_files(paths: Sequence[Path]) -> Iterator[Utterance]:
    """Yields what the files hold."""
    for path in paths:
        with np.load(path) as file:
            ends = np.cumsum(file["num_frames"])[:-1]
            parts = np.split(file["features"], ends)
            for part, labels, voice in zip(parts, file["labels"], file["voices"], strict=True):
                yield Utterance(part, tuple(str(labels).split()), str(voice))


def _speak(line: Line, language: str, rng: random.Random) -> Utterance:
    played = rng.uniform(*PLAYED)
    teacher = draw_voice(language, rng).varied(rng.uniform(*SPEEDS) / played, rng.uniform(*PITCHES))
    samples, rate_hz = teacher.speak_pinyin(line.said) if language == "zh" else teacher.speak(line.said)
    heard = features(samples, round(rate_hz * played)).numpy().astype(np.float16)
    return Utterance(heard, line.labels, teacher.name)
