"""What can be measured of a clip's sound alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from tts.finetune.frame_levels import FLOOR_DB, frame_rms, peak_of, to_db

FRAME_SEC = 0.025
HOP_SEC = 0.01
# Frames this far below the loud ones are no speech.
SPEECH_RANGE_DB = 30.0
LOUD_PERCENTILE = 95
NOISE_PERCENTILE = 5
# Waves are round at their tops. Cut ones hold their largest value for some samples, to a few 16-bit steps.
FLAT_TOLERANCE = 1e-4
MIN_FLAT_SAMPLES = 4


@dataclass(frozen=True, slots=True)
class SoundMeasures:
    """Measures of one clip, taken before any change to it.

    Attributes:
        duration_sec: length.
        peak_db: largest sample, dB of full scale.
        speech_db: mean energy of the frames with speech.
        noise_db: of the quietest frames.
        silence_share: of the frames without speech, 0 to 1.
        clipped_share: of the samples in cut-off tops of waves, 0 to 1.
        digest: the same for clips with the same samples.
    """

    duration_sec: float
    peak_db: float
    speech_db: float
    noise_db: float
    silence_share: float
    clipped_share: float
    digest: str

    @property
    def snr_db(self) -> float:
        """Speech over noise; in a clip without pauses the noise, and so this, is only a lower bound."""
        return self.speech_db - self.noise_db


def measure_sound(samples: np.ndarray, rate: int) -> SoundMeasures:
    """Measures mono samples (N,) as recorded, at their own rate in Hz."""
    levels_db = to_db(frame_rms(samples, round(FRAME_SEC * rate), round(HOP_SEC * rate)))
    loud_db = float(np.percentile(levels_db, LOUD_PERCENTILE)) if len(levels_db) else FLOOR_DB
    is_speech = levels_db > max(loud_db - SPEECH_RANGE_DB, FLOOR_DB)
    energies = 10 ** (levels_db[is_speech] / 10)
    return SoundMeasures(
        duration_sec=len(samples) / rate,
        peak_db=float(to_db(peak_of(samples))),
        speech_db=float(10 * np.log10(energies.mean())) if len(energies) else FLOOR_DB,
        noise_db=float(np.percentile(levels_db, NOISE_PERCENTILE)) if len(levels_db) else FLOOR_DB,
        silence_share=float(1 - is_speech.mean()) if len(levels_db) else 1.0,
        clipped_share=clipped_share(samples),
        digest=hashlib.sha256(np.ascontiguousarray(samples, dtype=np.float32).tobytes()).hexdigest(),
    )


def clipped_share(samples: np.ndarray) -> float:
    """Share of samples in runs of at least four that lie at the largest (or smallest) value."""
    if not len(samples):
        return 0.0
    num_flat = 0
    for side in (samples, -samples):
        top = float(side.max())
        if top > 0:
            edges = np.diff(np.concatenate([[0], side >= top * (1 - FLAT_TOLERANCE), [0]]).astype(np.int8))
            lengths = np.flatnonzero(edges == -1) - np.flatnonzero(edges == 1)
            num_flat += int(lengths[lengths >= MIN_FLAT_SAMPLES].sum())
    return num_flat / len(samples)
