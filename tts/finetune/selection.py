"""Choosing among clips: the one a voice takes after, and those it is judged by."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from tts.finetune.clip_checks import ClipReport
from tts.finetune.clips import Clip
from tts.finetune.errors import BadRecordings
from tts.finetune.features import WAVEFORM_RATE_HZ
from tts.finetune.loudness import read_mono, training_waveform
from tts.finetune.pitch import typical_pitch_hz
from tts.finetune.sound_measures import SoundMeasures
from tts.reference import MAX_REFERENCE_SEC, MIN_REFERENCE_SEC

BEST_REFERENCE_SEC = 5.0
CLEAN_SNR_DB = 30.0
SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "…", "．")
CLOSING_MARKS = "\"'”’」』）) "
MAX_ODDNESS_FAULT = 3.0
NOTHING_KNOWN: Mapping[Path, float] = MappingProxyType({})
JOINT_SEC = 0.2
MIN_HELD_OUT, MAX_HELD_OUT = 2, 10
HELD_OUT_SHARE = 0.05
HELD_OUT_SEC = (1.0, 12.0)


@dataclass(frozen=True, slots=True, eq=False)
class ChosenReference:
    """The recording a voice takes after.

    Attributes:
        samples: float32 (N,) at 32 kHz, 3 to 10 seconds.
        text: what is said.
        language: code.
        paths: of the clips it is made of, usually one.
    """

    samples: np.ndarray
    text: str
    language: str
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Cast:
    """Which clips do what.

    Attributes:
        good: all that can be used.
        held_out: those of them that training does not hear.
        reference: what the voice takes after.
    """

    good: Sequence[ClipReport]
    held_out: Sequence[ClipReport]
    reference: ChosenReference

    @property
    def clips(self) -> list[Clip]:
        """All good clips."""
        return [report.clip for report in self.good]

    def is_held_out(self, clip: Clip) -> bool:
        """Whether training does not hear it."""
        return any(report.clip is clip for report in self.held_out)


def cast_clips(reports: Sequence[ClipReport], oddness: Mapping[Path, float] = NOTHING_KNOWN) -> Cast:
    """Chooses a reference and held-out clips from judged ones.

    Args:
        reports: on all clips.
        oddness: of clips by their paths, see `tts.finetune.agreement`.

    Raises:
        BadRecordings: nothing can serve as the reference.
    """
    reference = choose_reference(reports, oddness)
    good = [report for report in reports if report.is_good]
    return Cast(good, choose_held_out(reports, reference), reference)


def choose_reference(
    reports: Sequence[ClipReport], oddness: Mapping[Path, float] = NOTHING_KNOWN
) -> ChosenReference:
    """Takes the clip that is clean, typical of the speaker, a whole sentence, and about 5 seconds long.

    Its words should also be those that are heard, as far as that is known. Where no clip has 3 to 10 seconds,
    the best shorter ones are joined.

    Raises:
        BadRecordings: all good clips together do not make 3 seconds.
    """
    ranked = rank_references(reports, oddness)
    for report in ranked:
        if MIN_REFERENCE_SEC <= report.duration_sec <= MAX_REFERENCE_SEC - JOINT_SEC:
            return _joined([report])
    chosen: list[ClipReport] = []
    for report in ranked:
        if report.duration_sec < MIN_REFERENCE_SEC:
            chosen.append(report)
        if sum(one.duration_sec for one in chosen) >= MIN_REFERENCE_SEC:
            return _joined(chosen)
    raise BadRecordings(
        f"no clip can serve as the reference: {MIN_REFERENCE_SEC:g} to {MAX_REFERENCE_SEC:g} s of clean "
        "speech are needed; cut one of the recordings to that length"
    )


def rank_references(
    reports: Sequence[ClipReport], oddness: Mapping[Path, float] = NOTHING_KNOWN
) -> list[ClipReport]:
    """Good clips, the best reference first, whatever their length."""
    good = [(report, report.sound) for report in reports if report.is_good and report.sound]
    pitches = {id(report): typical_pitch_hz(*read_mono(report.clip.path)) for report, _ in good}
    usual_pitch = statistics.median([hz for hz in pitches.values() if hz] or [1.0])
    usual_speed = statistics.median([report.phones_per_sec or 1.0 for report, _ in good] or [1.0])

    def faults(pair: tuple[ClipReport, SoundMeasures]) -> float:
        """How unfit a clip is. The weights are a judgement: a point is one plain flaw."""
        report, sound = pair
        pitch, speed = pitches[id(report)], report.phones_per_sec
        return (
            len(report.problems)
            + max(0.0, CLEAN_SNR_DB - sound.snr_db) / 10
            + (5 * abs(math.log(pitch / usual_pitch)) if pitch else 2)
            + (2 * abs(math.log(speed / usual_speed)) if speed else 1)
            + abs(math.log(sound.duration_sec / BEST_REFERENCE_SEC))
            + (0 if is_whole_sentence(report.clip.text) else 0.5)
            + min(MAX_ODDNESS_FAULT, max(0.0, oddness.get(report.clip.path, 0.0)) / 2)
        )

    return [report for report, _ in sorted(good, key=faults)]


def is_whole_sentence(text: str) -> bool:
    """Whether a text ends as sentences do."""
    return text.rstrip(CLOSING_MARKS).endswith(SENTENCE_ENDS)


def choose_held_out(reports: Sequence[ClipReport], reference: ChosenReference) -> list[ClipReport]:
    """A few clips of usual length, spread over the set, that training will not hear; never the reference."""
    shortest, longest = HELD_OUT_SEC
    usual = [
        report
        for report in reports
        if not report.problems
        and shortest <= report.duration_sec <= longest
        and report.clip.path not in reference.paths
    ]
    num = min(MAX_HELD_OUT, max(MIN_HELD_OUT, round(HELD_OUT_SHARE * len(reports))), len(usual) // 4)
    return [usual[round((index + 0.5) * len(usual) / num - 0.5)] for index in range(num)]


def _joined(reports: Sequence[ClipReport]) -> ChosenReference:
    joint = np.zeros(round(JOINT_SEC * WAVEFORM_RATE_HZ), np.float32)
    parts: list[np.ndarray] = []
    for report in reports:
        parts += [training_waveform(*read_mono(report.clip.path)), joint]
    language = reports[0].clip.language
    between = " " if language in ("en", "ko") else ""
    return ChosenReference(
        samples=np.concatenate(parts[:-1] if len(reports) > 1 else parts[:1]),
        text=between.join(report.clip.text for report in reports),
        language=language,
        paths=tuple(report.clip.path for report in reports),
    )
