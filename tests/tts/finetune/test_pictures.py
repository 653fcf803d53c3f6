import struct
import zlib

import numpy as np

from tts.finetune.pictures import GAP, HEIGHT, spectrogram_image, write_png, write_spectrograms

RATE_HZ = 16_000


def read_png(data: bytes) -> np.ndarray:
    """Decodes unfiltered 8-bit colour, checking every checksum."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(data):
        size = struct.unpack(">I", data[place : place + 4])[0]
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + size]
        assert struct.unpack(">I", data[place + 8 + size : place + 12 + size])[0] == zlib.crc32(kind + body)
        chunks[kind] = body
        place += 12 + size
    width, height, *kinds = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert kinds == [8, 2, 0, 0, 0]
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def tone(hz: float, num_samples: int) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(num_samples) / RATE_HZ).astype(np.float32)


def test_a_png_holds_its_image(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype(np.uint8)
    write_png(tmp_path / "a" / "x.png", image)
    np.testing.assert_array_equal(read_png((tmp_path / "a" / "x.png").read_bytes()), image)


def test_a_tone_is_a_bright_line_at_its_height():
    brightness = spectrogram_image(tone(2000, 8000)).sum(axis=2).astype(int)
    assert brightness.shape == (HEIGHT, 100)
    row = brightness[:, 50].argmax()
    assert abs(row - HEIGHT * 6 / 8) <= 2  # 2 of 8 kHz from below
    assert brightness[20, 50] < brightness[row, 50] / 4


def test_two_recordings_stand_one_below_the_other(tmp_path):
    write_spectrograms(tmp_path / "x.png", [(tone(1000, 16_000), RATE_HZ), (tone(3000, 16_000), 2 * RATE_HZ)])
    image = read_png((tmp_path / "x.png").read_bytes())
    assert image.shape == (2 * HEIGHT + GAP, 200, 3)
    assert (image[HEIGHT : HEIGHT + GAP] == 255).all()
    assert (image[-HEIGHT:, 100:] == 255).all()  # half a second ends there


def test_silence_has_a_picture(tmp_path):
    write_spectrograms(tmp_path / "x.png", [(np.zeros(10, np.float32), RATE_HZ)])
    assert read_png((tmp_path / "x.png").read_bytes()).shape == (HEIGHT, 1, 3)
