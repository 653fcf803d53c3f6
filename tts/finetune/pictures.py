"""Spectrograms as PNG files, with nothing but numpy and zlib; several stand one below the other."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tts.audio import resample

RATE_HZ = 16_000
FFT, HOP = 1024, 80
WINDOW = 400
RANGE_DB = 70.0
HEIGHT = 256  # of one spectrogram, in pixels: two bins of 15.6 Hz each
GAP = 6
# From silence to the loudest: black, violet, red, orange, pale yellow.
COLOURS = np.array([(0, 0, 4), (80, 18, 123), (182, 54, 121), (251, 140, 60), (252, 253, 191)], np.float64)


def write_spectrograms(path: Path, recordings: Sequence[tuple[np.ndarray, int]]) -> None:
    """Writes spectrograms of mono samples (N,) and their rates on one time scale, 0 to 8 kHz upwards."""
    images = [spectrogram_image(resample(samples, rate_hz, RATE_HZ)) for samples, rate_hz in recordings]
    width = max(image.shape[1] for image in images)
    rows: list[np.ndarray] = []
    for image in images:
        if rows:
            rows.append(np.full((GAP, width, 3), 255, np.uint8))
        rows.append(np.pad(image, ((0, 0), (0, width - image.shape[1]), (0, 0)), constant_values=255))
    write_png(path, np.concatenate(rows))


def spectrogram_image(samples: np.ndarray) -> np.ndarray:
    """Returns (HEIGHT, W, 3) uint8 of mono samples at 16 kHz: one column each 5 ms, high tones on top."""
    # Speech falls by some 6 dB an octave: lifted by as much, its upper half is seen, too.
    lifted = np.diff(samples.astype(np.float64), prepend=0.0)
    padded = np.pad(lifted, (WINDOW // 2, WINDOW))
    starts = np.arange(max(1, len(samples) // HOP)) * HOP
    frames = padded[starts[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW)
    power = np.abs(np.fft.rfft(frames, FFT)) ** 2
    bins = power[:, : FFT // 2].reshape(len(starts), HEIGHT, -1).mean(axis=2)
    decibels = 10 * np.log10(bins + 1e-12)
    shares = np.clip((decibels - decibels.max()) / RANGE_DB + 1, 0, 1)
    return _coloured(shares.T[::-1])


def _coloured(shares: np.ndarray) -> np.ndarray:
    stops = np.linspace(0, 1, len(COLOURS))
    channels = [np.interp(shares, stops, COLOURS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def write_png(path: Path, image: np.ndarray) -> None:
    """Writes an image (H, W, 3) uint8 (PNG, RFC 2083: 8-bit colour, no filter)."""
    height, width, _ = image.shape
    # Each row begins with the number of its filter.
    rows = np.pad(image.reshape(height, -1), ((0, 0), (1, 0))).tobytes()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
