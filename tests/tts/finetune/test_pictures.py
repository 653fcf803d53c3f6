from __future__ import annotations

import struct
import zlib

import numpy as np

from tts.finetune.pictures import png, spectrogram_png


def pixels_of(picture: bytes) -> np.ndarray:
    """Decodes what `png` writes, checking lengths and sums: (height, width, 3)."""
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    parts, rest = {}, picture[8:]
    while rest:
        (size,) = struct.unpack(">I", rest[:4])
        kind, data = rest[4:8], rest[8 : 8 + size]
        assert struct.unpack(">I", rest[8 + size : 12 + size])[0] == zlib.crc32(kind + data)
        parts[kind], rest = data, rest[12 + size :]
    width, height, *form = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert form == [8, 2, 0, 0, 0]
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def test_pixels_come_back() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    np.testing.assert_array_equal(pixels_of(png(pixels)), pixels)


def test_a_tone_is_a_bright_line_at_its_pitch() -> None:
    rate = 32_000
    tone = np.sin(2 * np.pi * 2000 * np.arange(rate) / rate)
    pixels = pixels_of(spectrogram_png(tone, rate)).sum(axis=2)
    assert pixels.shape == (257, 200)
    assert (pixels[:, 50:150].argmax(axis=0) == 256 - 64).all(), "2000 of 8000 Hz above the bottom"
    assert pixels[:100, 50:150].max() < 30


def test_silence_is_black() -> None:
    assert not pixels_of(spectrogram_png(np.zeros(100), 16_000)).any()
