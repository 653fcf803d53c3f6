"""Windows of teachers' speech for the SSL encoder, as loud and as silent as recordings may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from demo.speech.recording import FRAME_SAMPLES, RATE_HZ
from demo.speech.shards import ShardClip
from demo.speech.tokens import label_parts
from tts.audio import resample
from tts.models.hubert import SAMPLE_RATE_HZ

WINDOW_FRAMES = 120
_HALF = RATE_HZ // SAMPLE_RATE_HZ
# HuBERT's seven convolutions see this much more than they step over.
RECEPTIVE_SAMPLES = 400
GAIN_DB = 6.0
NOISE_SHARE = 0.3
NOISE_DB = (-70.0, -45.0)
# References get a silent tail of zeros; so do these windows.
SILENCE_SHARE = 0.25
MAX_SILENCE_FRAMES = 30
# Played slower or faster, a teacher has another throat and pitch: the encoder is to hear strangers, too.
STRETCH_SHARE = 0.5
STRETCH = (0.85, 1.2)


@dataclass(frozen=True, slots=True, eq=False)
class SslBatch:
    """Windows.

    Attributes:
        samples: float32 (B, N) at 16 kHz.
        phones: int64 (B, T), 50 a second.
        tones: int64 (B, T), tone classes.
    """

    samples: Tensor
    phones: Tensor
    tones: Tensor


class SslBatches:
    """Draws windows of all clips, each group of them as often as the others.

    Args:
        groups: clips of each teacher and language.
    """

    def __init__(self, groups: Sequence[Sequence[ShardClip]]) -> None:
        self._groups = [
            [clip for clip in clips if len(clip.labels) >= WINDOW_FRAMES // 2] for clips in groups
        ]
        if not all(self._groups):
            raise ValueError("a group has no clip that is long enough")

    def draw(self, step: int, batch_size: int, seed: int) -> SslBatch:
        """See `tts.finetune.training_loop.BatchSource`."""
        random = np.random.default_rng((seed, step))
        windows = [
            self._window(self._groups[(step * batch_size + place) % len(self._groups)], random)
            for place in range(batch_size)
        ]
        labels = np.stack([labels for _, labels in windows])
        phone_of, tone_of = label_parts()
        return SslBatch(
            torch.from_numpy(np.stack([samples for samples, _ in windows])),
            torch.from_numpy(phone_of[labels]),
            torch.from_numpy(tone_of[labels]),
        )

    def _window(
        self, clips: Sequence[ShardClip], random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Returns samples and labels of a window; clips that are shorter are followed by another one."""
        stretch = random.uniform(*STRETCH) if random.random() < STRETCH_SHARE else 1.0
        samples, labels = _half_rate(clips[int(random.integers(len(clips)))], stretch)
        while len(labels) < WINDOW_FRAMES:
            more_samples, more_labels = _half_rate(clips[int(random.integers(len(clips)))], stretch)
            samples = np.concatenate([samples, more_samples])
            labels = np.concatenate([labels, more_labels])
        start = int(random.integers(len(labels) - WINDOW_FRAMES + 1))
        per_frame = FRAME_SAMPLES // _HALF
        samples = samples[start * per_frame : (start + WINDOW_FRAMES) * per_frame].copy()
        labels = labels[start : start + WINDOW_FRAMES].copy()
        samples *= 10 ** (random.uniform(-GAIN_DB, GAIN_DB) / 20)
        if random.random() < NOISE_SHARE:
            level = 10 ** (random.uniform(*NOISE_DB) / 20)
            samples += level * random.standard_normal(len(samples), dtype=np.float32)
        if random.random() < SILENCE_SHARE:
            size = int(random.integers(1, MAX_SILENCE_FRAMES + 1))
            samples[-size * per_frame :] = 0
            labels[-size:] = 0
        return samples.astype(np.float32), labels[: num_frames(len(samples))]


def num_frames(num_samples: int) -> int:
    """Returns how many frames HuBERT makes of samples at 16 kHz."""
    return (num_samples - RECEPTIVE_SAMPLES) // (FRAME_SAMPLES // _HALF) + 1


def _half_rate(clip: ShardClip, stretch: float) -> tuple[np.ndarray, np.ndarray]:
    """Returns samples at 16 kHz, so many times as long as the clip, and a label for each 20 ms of them."""
    samples = resample(clip.samples().astype(np.float32) / 32768, RATE_HZ, round(stretch * SAMPLE_RATE_HZ))
    per_frame = FRAME_SAMPLES // _HALF
    num_labels = min(len(samples) // per_frame, int(len(clip.labels) * stretch))
    labels = clip.labels[(np.arange(num_labels) / stretch).astype(int)]
    return samples[: num_labels * per_frame], labels
