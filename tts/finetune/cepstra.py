"""Mel cepstra, their alignment in time, and the distance of two recordings of the same words.

The scale: amplitudes of 80 mel bands (Slaney, 0 to 8 kHz, 32 ms windows every 10 ms), natural logarithm,
cosine series, its terms 1 to 24, and `10 / ln 10 * sqrt(2 * sum of squared differences)`: the root mean
square difference of the two smoothed spectra, in dB, whatever the loudness. The formula is the usual one,
but the bands are no WORLD or SPTK envelope: figures of papers are of the same order and no more. Measured:
flite slt and the next sentence of flite slt 5.5, flite slt and flite rms 6.9, and espeak-ng's en-us 9.0.
"""

from __future__ import annotations

import numpy as np
import torch

from tts.audio import resample
from tts.dsp import MelSettings, log_mel
from tts.finetune.speech_part import speech_part

RATE_HZ = 16_000
HOP = 160
MELS = MelSettings(sample_rate=RATE_HZ, fft_size=512, hop=HOP, num_mels=80)
NUM_CEPSTRA = 24
MIN_SAMPLES = MELS.fft_size
# Bands further below a recording's loudest are raised to there: digital silence and faint noise are equal.
RANGE_NEPER = 60 / 20 * np.log(10)
DB_PER_NEPER = 10 / np.log(10)


def mel_cepstra(samples: np.ndarray) -> np.ndarray:
    """Returns cepstra 1 to 24, which do not depend on loudness.

    Args:
        samples: mono (N,) at 16 kHz, at least `MIN_SAMPLES`.

    Returns:
        (N // 160, 24) in neper.
    """
    # Levelled first, as the logarithm of the mel bands has a floor of its own.
    scaled = samples / max(float(np.abs(samples).max()), 1e-6)
    mel = log_mel(torch.from_numpy(scaled[None].astype(np.float32)), MELS)[0].numpy().astype(np.float64)
    mel = np.maximum(mel, mel.max() - RANGE_NEPER)
    bands = np.arange(MELS.num_mels) + 0.5
    basis = np.cos(np.pi / MELS.num_mels * np.arange(1, NUM_CEPSTRA + 1)[:, None] * bands)
    return (2 / MELS.num_mels * basis @ mel).T


def mel_cepstral_distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Returns how far every frame (T, 24) is from every frame of the other (U, 24): (T, U) in dB."""
    squares = (left**2).sum(1)[:, None] + (right**2).sum(1) - 2 * left @ right.T
    return DB_PER_NEPER * np.sqrt(2 * np.maximum(squares, 0))


def warp(distances: np.ndarray) -> np.ndarray:
    """Returns the cheapest way through a table of distances (dynamic time warping).

    Args:
        distances: (T, U) of frames of two recordings.

    Returns:
        Pairs of frames (P, 2), from (0, 0) to (T - 1, U - 1); each step goes on by one frame in one recording
        or in both.
    """
    num_left, num_right = distances.shape
    # Costs of one diagonal after the other, with a wall of infinity in front: all of a diagonal can be
    # computed at once. Row i + 1 of `older` and `last` is frame i of the left recording.
    older = np.full(num_left + 1, np.inf)
    last = np.full(num_left + 1, np.inf)
    moves = np.zeros((num_left, num_right), np.int8)
    for diagonal in range(num_left + num_right - 1):
        rows = np.arange(max(0, diagonal - num_right + 1), min(diagonal, num_left - 1) + 1)
        before = np.stack([older[rows], last[rows], last[rows + 1]])
        if diagonal == 0:
            before[0] = 0.0
        moves[rows, diagonal - rows] = before.argmin(axis=0)
        costs = np.full(num_left + 1, np.inf)
        costs[rows + 1] = before.min(axis=0) + distances[rows, diagonal - rows]
        older, last = last, costs
    return _walk_back(moves)


def mel_distance(left: np.ndarray, left_hz: int, right: np.ndarray, right_hz: int) -> float | None:
    """Returns the mean mel-cepstral distortion of mono samples (N,) of the same words along the alignment.

    Returns:
        dB; 0 for the same sound, whatever its loudness. None where there is no speech in one of them.
    """
    parts = [
        speech_part(resample(samples, rate_hz, RATE_HZ), RATE_HZ)
        for samples, rate_hz in ((left, left_hz), (right, right_hz))
    ]
    if min(len(part) for part in parts) < MIN_SAMPLES:
        return None
    first, second = (mel_cepstra(part) for part in parts)
    distances = mel_cepstral_distances(first, second)
    path = warp(distances)
    return float(distances[path[:, 0], path[:, 1]].mean())


def _walk_back(moves: np.ndarray) -> np.ndarray:
    steps = ((1, 1), (1, 0), (0, 1))
    i, j = moves.shape[0] - 1, moves.shape[1] - 1
    path = [(i, j)]
    while i or j:
        step = steps[moves[i, j]]
        i, j = i - step[0], j - step[1]
        path.append((i, j))
    return np.array(path[::-1])
