"""The typical pitch of a clip."""

from __future__ import annotations

import numpy as np

from tts.audio import resample

RATE_HZ = 8_000
MIN_HZ, MAX_HZ = 60.0, 450.0
FRAME_SAMPLES = 400
HOP_SAMPLES = 120
MIN_PERIODICITY = 0.6
MIN_LEVEL_SHARE = 0.1  # of the loudest frame


def typical_pitch_hz(samples: np.ndarray, rate: int) -> float | None:
    """Median pitch of the voiced frames, by autocorrelation; None where there are none.

    Args:
        samples: Mono (N,).
        rate: Hz.
    """
    sound = resample(samples, rate, RATE_HZ)
    if len(sound) < FRAME_SAMPLES:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(sound, FRAME_SAMPLES)[::HOP_SAMPLES]
    frames = frames - frames.mean(axis=1, keepdims=True)
    spectra = np.abs(np.fft.rfft(frames, 2 * FRAME_SAMPLES)) ** 2
    correlation = np.fft.irfft(spectra)[:, :FRAME_SAMPLES]
    energy = correlation[:, :1]
    # Far lags overlap less; without this the pitch would lean upwards.
    overlap = 1 - np.arange(FRAME_SAMPLES) / FRAME_SAMPLES
    likeness = correlation / np.maximum(energy * overlap, 1e-12)
    shortest, longest = int(RATE_HZ / MAX_HZ), int(RATE_HZ / MIN_HZ)
    lags = likeness[:, shortest : longest + 1]
    best = lags.max(axis=1)
    # The first lag that is nearly as good: the best may be two or three periods long.
    first = (lags >= 0.9 * best[:, None]).argmax(axis=1)
    peak = np.array([_climb(row, start) for row, start in zip(lags, first, strict=True)])
    is_voiced = (best > MIN_PERIODICITY) & (energy[:, 0] > MIN_LEVEL_SHARE**2 * energy.max())
    if not is_voiced.any():
        return None
    return float(np.median(RATE_HZ / (peak[is_voiced] + shortest)))


def _climb(row: np.ndarray, start: int) -> int:
    """The nearest top at or behind a place."""
    while start + 1 < len(row) and row[start + 1] > row[start]:
        start += 1
    return start
