"""Evening out how loud clips are, and the one form in which all training hears them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tts.audio import read_audio, resample, to_mono
from tts.finetune.features import WAVEFORM_RATE_HZ
from tts.finetune.frame_levels import SILENT_PEAK, peak_of

# What GPT-SoVITS prepares its training audio with: half as recorded, half brought to this peak.
TARGET_PEAK = 0.95
EVEN_SHARE = 0.5
MAX_RECORDING_SEC = 3600.0


def even_loudness(
    samples: np.ndarray, *, target_peak: float = TARGET_PEAK, share: float = EVEN_SHARE
) -> np.ndarray:
    """Mixes a clip with itself at the target peak, which brings clips closer without making them equal.

    Args:
        samples: (N,), any peak; one above 1 is brought to 1 first.
        target_peak: Peak of the evened part.
        share: Of the evened part in the mix, 0 to 1.

    Returns:
        float32 (N,) with a peak of at most 1; digital silence stays as it is.
    """
    peak = peak_of(samples)
    if peak < SILENT_PEAK:
        return samples.astype(np.float32, copy=False)
    gain = share * target_peak / peak + (1 - share) / max(1.0, peak)
    return (samples * gain).astype(np.float32)


def read_mono(path: Path) -> tuple[np.ndarray, int]:
    """Reads a recording of up to an hour.

    Returns:
        float32 (N,) as recorded, and its rate in Hz.

    Raises:
        BadAudio: missing or unusable; names the file and the reason.
    """
    channels, rate = read_audio(path, max_sec=MAX_RECORDING_SEC)
    return to_mono(channels), rate


def training_waveform(samples: np.ndarray, rate: int) -> np.ndarray:
    """Mono samples (N,) at any rate -> float32 (N',) at 32 kHz, evened out, within [-1, 1]."""
    at_rate = resample(samples, rate, WAVEFORM_RATE_HZ)
    return np.clip(even_loudness(at_rate), -1.0, 1.0)
