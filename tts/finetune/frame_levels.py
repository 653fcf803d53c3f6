"""Loudness over time: root mean square of short frames, in decibels of full scale."""

import numpy as np

SILENT_PEAK = 1e-4  # nothing a microphone records lies below this; see tts.reference
FLOOR_DB = -120.0


def to_db(amplitude: np.ndarray | float) -> np.ndarray:
    """Amplitudes -> decibels of full scale; digital silence is -120."""
    return np.maximum(20 * np.log10(np.maximum(np.abs(amplitude), 1e-12)), FLOOR_DB)


def frame_rms(samples: np.ndarray, window_samples: int, hop_samples: int) -> np.ndarray:
    """Root mean square of frames centred on every hop.

    Args:
        samples: Mono (N,).
        window_samples: Length of a frame.
        hop_samples: Distance of frames.

    Returns:
        float64 (ceil(N / hop_samples),); at the ends frames are filled up with zeros.
    """
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    centres = np.arange(0, len(samples), hop_samples) + hop_samples // 2
    starts = np.clip(centres - window_samples // 2, 0, len(samples))
    ends = np.clip(centres + (window_samples + 1) // 2, 0, len(samples))
    return np.sqrt(np.maximum(energy[ends] - energy[starts], 0) / window_samples)


def peak_of(samples: np.ndarray) -> float:
    """Largest absolute value; 0 for no samples."""
    return float(np.abs(samples).max()) if len(samples) else 0.0
