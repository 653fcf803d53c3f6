"""What the recogniser gets of a sound: filter banks and pitch, 100 times a second."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tts.audio import resample
from tts.dsp import KALDI_BINS, KALDI_RATE_HZ, KALDI_SHIFT, KALDI_WINDOW, kaldi_fbank
from tts.finetune.pitch import track_pitch

# Two filter banks in one: single ones are so narrow that they tell the harmonics of a high voice apart, and
# what is learned from men then is lost on women.
NUM_BANDS = KALDI_BINS // 2
# The bands, then how high the voice is for this speaker, then whether there is one.
NUM_FEATURES = NUM_BANDS + 2
# Silence of this level and length around each recording, as in training.
NOISE_LEVEL = 1e-4
MARGIN_SEC = 0.1
LEVEL = 0.05
# Pitch moves by some tenths of its logarithm, filter banks by some units.
PITCH_SCALE = 8.0
# One frame of the network is two of these.
MIN_SAMPLES = KALDI_WINDOW + 4 * KALDI_SHIFT


def features(samples: np.ndarray, rate_hz: int) -> Tensor:
    """Returns (T, NUM_FEATURES) of mono samples (N,): of one level, all free of the recording's mean.

    Faint noise, the same for every recording, hides the difference between silence and digital silence.
    """
    speech = resample(samples, rate_hz, KALDI_RATE_HZ)
    speech = speech * (LEVEL / max(float(np.sqrt((speech**2).mean())) if len(speech) else 0.0, 1e-5))
    padded = np.pad(speech, round(MARGIN_SEC * KALDI_RATE_HZ))
    padded = np.pad(padded, (0, max(0, MIN_SAMPLES - len(padded))))
    noise = np.random.default_rng(0).standard_normal(len(padded)).astype(np.float32)
    banks = kaldi_fbank(torch.from_numpy(padded + NOISE_LEVEL * noise))
    bands = banks.unflatten(1, (NUM_BANDS, -1)).mean(2)
    return torch.cat([bands - bands.mean(0), _pitch(padded, len(bands))], dim=1)


def _pitch(samples: np.ndarray, num_frames: int) -> Tensor:
    """Returns height over the mean and voicing, (T, 2); without voice both are 0."""
    pitch = track_pitch(samples)
    heights = np.where(pitch.is_voiced, np.log(np.maximum(pitch.hz, 1.0)), 0.0)
    mean = heights.sum() / max(1, pitch.is_voiced.sum())
    both = np.stack([(heights - mean) * PITCH_SCALE * pitch.is_voiced, pitch.is_voiced], axis=1)
    # The middle of a filter bank's window is nearest to that of the pitch's next frame.
    return torch.from_numpy(both[1 : num_frames + 1].astype(np.float32))
