"""One sentence by a voice and by its teacher, laid beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tts.audio import resample
from tts.finetune.cepstra import MIN_SAMPLES, RATE_HZ, mel_cepstra, mel_cepstral_distances, warp
from tts.finetune.pitch import track_pitch
from tts.finetune.speech_part import speech_part

MIN_PITCH_PAIRS = 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """How near a voice is to its teacher in one sentence, silence around it left out.

    Attributes:
        mcd: mean mel-cepstral distortion along the alignment, in dB (see `tts.finetune.cepstra`).
        duration_sec, teacher_duration_sec: of the speech.
        num_pairs, num_same_voicing: aligned frames, and those voiced in both or in neither.
        log_pitch: (V, 2) natural logarithm of the pitch, ours and the teacher's, where both are voiced.
    """

    mcd: float
    duration_sec: float
    teacher_duration_sec: float
    num_pairs: int
    num_same_voicing: int
    log_pitch: np.ndarray


@dataclass(frozen=True, slots=True)
class Closeness:
    """The same over many sentences; None where nothing could be compared."""

    mcd: float | None = None
    duration_ratio: float | None = None
    voiced_agreement: float | None = None
    pitch_correlation: float | None = None
    pitch_spread_ratio: float | None = None


def compare(ours: np.ndarray, ours_hz: int, teacher: np.ndarray, teacher_hz: int) -> Comparison | None:
    """Compares mono samples (N,) of the same words; None if there is no speech in one of them."""
    left, right = (
        speech_part(resample(samples, rate_hz, RATE_HZ), RATE_HZ)
        for samples, rate_hz in ((ours, ours_hz), (teacher, teacher_hz))
    )
    if min(len(left), len(right)) < MIN_SAMPLES:
        return None
    distances = mel_cepstral_distances(mel_cepstra(left), mel_cepstra(right))
    path = warp(distances)
    pitch = (track_pitch(left), track_pitch(right))
    voiced = np.stack([one.is_voiced[frames] for one, frames in zip(pitch, path.T, strict=True)], axis=1)
    hz = np.stack([one.hz[frames] for one, frames in zip(pitch, path.T, strict=True)], axis=1)
    return Comparison(
        mcd=float(distances[path[:, 0], path[:, 1]].mean()),
        duration_sec=len(left) / RATE_HZ,
        teacher_duration_sec=len(right) / RATE_HZ,
        num_pairs=len(path),
        num_same_voicing=int((voiced[:, 0] == voiced[:, 1]).sum()),
        log_pitch=np.log(hz[voiced.all(axis=1)]),
    )


def closeness(comparisons: Sequence[Comparison]) -> Closeness:
    """Sums up sentences: MCD is the mean of theirs, all else is taken over all frames together.

    `pitch_spread_ratio` is the spread (standard deviation) of our log pitch over the teacher's: below 1 we
    are flatter.
    """
    if not comparisons:
        return Closeness()
    pitch = np.concatenate([one.log_pitch for one in comparisons])
    correlation = spread_ratio = None
    if len(pitch) >= MIN_PITCH_PAIRS and pitch.std(axis=0).min() > 0:
        correlation = float(np.corrcoef(pitch.T)[0, 1])
        spread_ratio = float(pitch[:, 0].std() / pitch[:, 1].std())
    return Closeness(
        mcd=float(np.mean([one.mcd for one in comparisons])),
        duration_ratio=sum(one.duration_sec for one in comparisons)
        / sum(one.teacher_duration_sec for one in comparisons),
        voiced_agreement=sum(one.num_same_voicing for one in comparisons)
        / sum(one.num_pairs for one in comparisons),
        pitch_correlation=correlation,
        pitch_spread_ratio=spread_ratio,
    )
