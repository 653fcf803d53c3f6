"""The pitch of speech, frame by frame: YIN (de Cheveigné and Kawahara, 2002)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tts.audio import resample
from tts.finetune.cepstra import HOP, RATE_HZ
from tts.finetune.speech_part import RANGE_DB

MIN_HZ, MAX_HZ = 60.0, 500.0
WINDOW = 400
MIN_LAG, MAX_LAG = int(RATE_HZ / MAX_HZ), int(RATE_HZ / MIN_HZ) + 1
# The first dip below this is taken; without one the deepest, if it is below the second figure.
CLEAR_DIP, WEAK_DIP = 0.15, 0.35
MIN_VOICED_FRAMES = 3
# Fewer voiced frames in a whole clip may be noise that looks like voice.
MIN_TYPICAL_FRAMES = 10
_FFT = 1024  # holds WINDOW + MAX_LAG samples and the correlation's tail


@dataclass(frozen=True, slots=True)
class Pitch:
    """Pitch of the frames that `mel_cepstra` has.

    Attributes:
        hz: (F,), meaningful where there is voice.
        is_voiced: (F,).
    """

    hz: np.ndarray
    is_voiced: np.ndarray


def track_pitch(samples: np.ndarray) -> Pitch:
    """Finds the pitch of mono samples (N,) at 16 kHz: N // 160 frames, each centred in its 160 samples."""
    frames = _frames(samples.astype(np.float64))
    levels = np.sqrt((frames**2).mean(axis=1))
    is_loud = levels > max(1e-6, levels.max(initial=0) * 10 ** (-RANGE_DB / 20))
    dips = _normalised_difference(frames)
    lags, depths = np.zeros(len(frames)), np.ones(len(frames))
    for number, row in enumerate(dips):
        lags[number], depths[number] = _best_lag(row)
    is_voiced = _without_short_runs(is_loud & (depths < WEAK_DIP))
    return Pitch(RATE_HZ / np.maximum(lags, 1.0), is_voiced)


def typical_pitch_hz(samples: np.ndarray, rate_hz: int) -> float | None:
    """Returns the median pitch of the voiced frames of mono samples (N,); None where there is no voice."""
    pitch = track_pitch(resample(samples, rate_hz, RATE_HZ))
    if pitch.is_voiced.sum() < MIN_TYPICAL_FRAMES:
        return None
    return float(np.median(pitch.hz[pitch.is_voiced]))


def _frames(samples: np.ndarray) -> np.ndarray:
    """Cuts (F, WINDOW + MAX_LAG) samples around the middle of each hop."""
    size = WINDOW + MAX_LAG
    front = size // 2 - HOP // 2
    padded = np.pad(samples, (front, size))
    starts = np.arange(len(samples) // HOP) * HOP
    return padded[starts[:, None] + np.arange(size)]


def _normalised_difference(frames: np.ndarray) -> np.ndarray:
    """Returns how unlike each frame is itself, later: (F, MAX_LAG + 1), 0 for a perfect repetition."""
    window = np.fft.rfft(frames[:, :WINDOW], _FFT)
    correlation = np.fft.irfft(np.conj(window) * np.fft.rfft(frames, _FFT), _FFT)[:, : MAX_LAG + 1]
    sums = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    lags = np.arange(MAX_LAG + 1)
    energies = sums[:, WINDOW + lags] - sums[:, lags]
    difference = np.maximum(energies[:, :1] + energies - 2 * correlation, 0)
    mean_so_far = np.cumsum(difference[:, 1:], axis=1) / lags[1:]
    normalised = np.ones_like(difference)
    normalised[:, 1:] = difference[:, 1:] / np.maximum(mean_so_far, 1e-12)
    return normalised


def _best_lag(row: np.ndarray) -> tuple[float, float]:
    """Returns the period in samples, between them where the dip's shape says so, and the dip's depth."""
    inner = row[MIN_LAG:MAX_LAG]
    is_dip = (inner <= row[MIN_LAG - 1 : MAX_LAG - 1]) & (inner < row[MIN_LAG + 1 : MAX_LAG + 1])
    dips = np.flatnonzero(is_dip) + MIN_LAG
    if not len(dips):
        return 1.0, 1.0
    clear = dips[row[dips] < CLEAR_DIP]
    lag = int(clear[0] if len(clear) else dips[row[dips].argmin()])
    before, here, after = row[lag - 1 : lag + 2]
    bend = before + after - 2 * here
    return lag + (0.5 * (before - after) / bend if bend > 0 else 0.0), float(here)


def _without_short_runs(is_voiced: np.ndarray) -> np.ndarray:
    edges = np.flatnonzero(np.diff(np.pad(is_voiced.astype(np.int8), 1)))
    kept = np.zeros_like(is_voiced)
    for start, end in edges.reshape(-1, 2):
        kept[start:end] = end - start >= MIN_VOICED_FRAMES
    return kept
