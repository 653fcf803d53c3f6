"""Recordings made on the spot: a hum in syllables with a little room noise, as loud and long as wanted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000


def hum(sec: float, *, seed: int = 0, pitch_hz: float = 120.0, level: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(round(sec * RATE)) / RATE
    glide = pitch_hz * (1 + 0.1 * np.sin(2 * np.pi * rng.uniform(0.3, 0.7) * time))
    phase = 2 * np.pi * np.cumsum(glide) / RATE
    wave = sum(np.sin(k * phase + k) / k for k in range(1, 12))
    syllables = np.clip(np.sin(2 * np.pi * 2.5 * time + seed), 0, None) ** 0.7
    return level * wave * syllables / 2 + 0.0005 * rng.standard_normal(len(time))


def record(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate, subtype="PCM_16")
    return path
