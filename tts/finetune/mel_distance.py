"""How far apart two recordings of the same words sound: mel cepstra, aligned in time."""

from __future__ import annotations

import numpy as np
import torch

from tts.audio import resample
from tts.dsp import MelSettings, log_mel
from tts.finetune.frame_levels import frame_rms

MELS = MelSettings(sample_rate=16_000, fft_size=512, hop=160, num_mels=80)
NUM_CEPSTRA = 24
# Decibels from the natural logarithm of amplitudes, for a sum over one side of a symmetric spectrum.
DB = 10 / np.log(10) * np.sqrt(2)
SPEECH_RANGE_DB = 40.0
RANGE_NEPER = 7.0


def speech_part(samples: np.ndarray, rate: int) -> np.ndarray:
    """Samples (N,) without the silence before and behind the speech; none where all is silent."""
    hop = rate // 100
    rms = frame_rms(samples, 2 * hop, hop)
    loud = np.flatnonzero(rms > max(rms.max(initial=0) * 10 ** (-SPEECH_RANGE_DB / 20), 1e-6))
    return samples[loud[0] * hop : (loud[-1] + 1) * hop] if len(loud) else samples[:0]


def mel_distance(left: np.ndarray, left_hz: int, right: np.ndarray, right_hz: int) -> float | None:
    """Mean mel-cepstral distortion along the best alignment.

    Args:
        left, right: Mono (N,).
        left_hz, right_hz: Their rates.

    Returns:
        dB; 0 for the same sound, whatever its loudness. None where one of them holds no speech.
    """
    parts = [
        speech_part(resample(samples, rate, MELS.sample_rate), MELS.sample_rate)
        for samples, rate in ((left, left_hz), (right, right_hz))
    ]
    if min(len(part) for part in parts) < MELS.fft_size:
        return None
    first, second = (_cepstra(part) for part in parts)
    squares = np.square(first).sum(1)[:, None] + np.square(second).sum(1) - 2 * first @ second.T
    return _mean_along_best_path(DB * np.sqrt(np.maximum(squares, 0)))


def _cepstra(samples: np.ndarray) -> np.ndarray:
    """Cepstra 1 to 24 of samples at 16 kHz, (frames, 24): the first, 0, is the loudness."""
    level = np.abs(samples).max()
    mel = log_mel(torch.from_numpy((samples / level)[None].astype(np.float32)), MELS)[0].double().numpy()
    mel = np.maximum(mel, mel.max() - RANGE_NEPER)
    bands = (np.arange(MELS.num_mels) + 0.5) * np.pi / MELS.num_mels
    return (np.cos(np.outer(np.arange(1, NUM_CEPSTRA + 1), bands)) @ mel / MELS.num_mels).T


def _mean_along_best_path(distances: np.ndarray) -> float:
    """Dynamic time warping over distances (T, U), diagonal by diagonal; a step is 1 in T, in U or in both."""
    num_rows, num_columns = distances.shape
    # Cost and length of the best way to each place (row + 1) of the last two diagonals.
    before = last = (np.full(num_rows + 1, np.inf), np.zeros(num_rows + 1))
    for diagonal in range(num_rows + num_columns - 1):
        rows = np.arange(max(0, diagonal - num_columns + 1), min(diagonal, num_rows - 1) + 1)
        here = distances[rows, diagonal - rows]
        # From one back in both, from the row above, from the column on the left.
        ways = ((before, rows), (last, rows), (last, rows + 1))
        costs = np.stack([way[0][index] for way, index in ways])
        lengths = np.stack([way[1][index] for way, index in ways])
        best = costs.argmin(axis=0)
        columns = np.arange(len(rows))
        cost, length = np.full(num_rows + 1, np.inf), np.zeros(num_rows + 1)
        cost[rows + 1] = here + (costs[best, columns] if diagonal else 0)
        length[rows + 1] = 1 + lengths[best, columns]
        before, last = last, (cost, length)
    return float(last[0][num_rows] / last[1][num_rows])
