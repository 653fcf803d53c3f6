"""Pictures of sound: a spectrogram as a PNG file, with nothing but numpy and zlib."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from tts.audio import resample

RATE_HZ = 16_000
FFT_SAMPLES = 512
HOP_SAMPLES = 80
RANGE_DB = 70.0
# Black over violet, red and yellow to white: colours of rising lightness at equal distances.
COLOURS = np.array([(0, 0, 0), (75, 12, 107), (190, 55, 82), (249, 160, 30), (252, 255, 220)], dtype=float)


def spectrogram_png(samples: np.ndarray, rate: int) -> bytes:
    """Draws the sound from 0 to 8 kHz, low at the bottom; one column is 5 ms, one row 31 Hz.

    Args:
        samples: Mono (N,).
        rate: Hz.

    Returns:
        A PNG file. The loudest point is white, what is 70 dB below black.
    """
    sound = resample(samples, rate, RATE_HZ)
    padded = np.pad(sound, (FFT_SAMPLES // 2, FFT_SAMPLES))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FFT_SAMPLES)[::HOP_SAMPLES]
    frames = frames[: max(1, -(-len(sound) // HOP_SAMPLES))]
    magnitudes = np.abs(np.fft.rfft(frames * np.hanning(FFT_SAMPLES)))
    level_db = 20 * np.log10(np.maximum(magnitudes, 1e-9))
    lightness = np.clip(1 + (level_db - level_db.max()) / RANGE_DB, 0, 1)
    if magnitudes.max() < 1e-6:
        lightness = np.zeros_like(lightness)
    return png(_coloured(lightness.T[::-1]))


def png(pixels: np.ndarray) -> bytes:
    """Writes pixels, uint8 (height, width, 3) as red, green, blue, as a PNG file."""
    height, width, _ = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    # A zero before each row: stored without a filter.
    rows = np.concatenate([np.zeros((height, 1), np.uint8), pixels.reshape(height, -1)], axis=1)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, data) for kind, data in parts)


def _part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _coloured(lightness: np.ndarray) -> np.ndarray:
    """Values in [0, 1] (height, width) -> uint8 (height, width, 3)."""
    stops = np.linspace(0, 1, len(COLOURS))
    channels = [np.interp(lightness, stops, COLOURS[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)
