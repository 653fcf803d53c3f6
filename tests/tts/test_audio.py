"""Laws of tts.audio: PCM never wraps, bad files are refused before they are decoded."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from tts.audio import AudioChunk, BadAudio, read_audio, resample, to_mono, to_pcm16


def write(path: Path, samples: np.ndarray, rate: int = 16_000, **options: Any) -> Path:
    soundfile.write(path, samples, rate, **options)
    return path


def tone(seconds: float, rate: int = 16_000, hz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)


@given(st.lists(st.floats(-1e6, 1e6, width=32), max_size=40))
def test_pcm_keeps_the_sign_and_never_wraps(values: list[float]) -> None:
    pcm = to_pcm16(np.array(values, np.float32))
    assert pcm.dtype == np.int16
    for value, step in zip(values, pcm.tolist(), strict=True):
        assert abs(step - max(-1.0, min(1.0, value)) * 32767) <= 0.5 + 1e-3


def test_pcm_full_scale() -> None:
    assert to_pcm16(np.array([1.0, -1.0, 2.0, -2.0, 0.0], np.float32)).tolist() == [
        32767,
        -32767,
        32767,
        -32767,
        0,
    ]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_pcm_refuses_what_is_not_finite(bad: float) -> None:
    with pytest.raises(BadAudio, match="finite"):
        to_pcm16(np.array([0.0, bad], np.float32))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.wav", {"subtype": "FLOAT"}),
        ("a.flac", {}),
        ("a.ogg", {"subtype": "VORBIS"}),
        ("a.wav", {"format": "WAVEX"}),
    ],
)
def test_reads_the_accepted_formats(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    wave = tone(0.5)
    samples, rate = read_audio(write(tmp_path / name, np.stack([wave, -wave], 1), **options))
    assert rate == 16_000
    assert samples.shape == (8_000, 2)
    assert samples.dtype == np.float32
    assert np.abs(samples[:, 0] - wave).max() < 0.1


def test_float_peaks_above_one_survive_reading(tmp_path: Path) -> None:
    samples, _ = read_audio(write(tmp_path / "loud.wav", tone(0.1) * 3, subtype="FLOAT"))
    assert samples.max() > 1.4


def test_refuses_mp3_inside_a_wav(tmp_path: Path) -> None:
    frames = write(tmp_path / "a.mp3", tone(0.5, 32_000), 32_000, format="MP3").read_bytes()
    description = struct.pack("<HHIIHHHHIHHH", 0x55, 1, 32_000, 8_000, 1, 0, 12, 1, 2, 144, 1, 1393)
    length = struct.pack("<I", 16_000)
    chunks = [(b"fmt ", description), (b"fact", length), (b"data", frames + b"\0" * (len(frames) % 2))]
    body = b"WAVE" + b"".join(name + struct.pack("<I", len(data)) + data for name, data in chunks)
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises(BadAudio, match="WAV/MPEG_LAYER_III is not accepted"):
        read_audio(path)


def test_refuses_mp3(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match="WAV, FLAC or OGG"):
        read_audio(write(tmp_path / "a.mp3", tone(0.5), format="MP3"))


@pytest.mark.parametrize(
    ("rate", "channels", "match"), [(4_000, 1, "4000 Hz"), (192_000, 1, "192000"), (16_000, 3, "3 ch")]
)
def test_refuses_rates_and_channels_out_of_range(
    tmp_path: Path, rate: int, channels: int, match: str
) -> None:
    with pytest.raises(BadAudio, match=match):
        read_audio(write(tmp_path / "a.wav", np.zeros((2_000, channels), np.float32), rate))


def test_refuses_long_files_by_header(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match=r"2\.00 s long; at most 1\.5 s"):
        read_audio(write(tmp_path / "a.flac", tone(2.0)), max_sec=1.5)


def test_refuses_nan_samples(tmp_path: Path) -> None:
    wave = tone(0.1)
    wave[7] = np.nan
    with pytest.raises(BadAudio, match="NaN"):
        read_audio(write(tmp_path / "a.wav", wave, subtype="FLOAT"))


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not audio at all" * 50, b"\x00" * 4096])
def test_refuses_what_is_not_audio(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(BadAudio, match=r"a\.wav"):
        read_audio(path)


def test_refuses_empty_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match="no samples"):
        read_audio(write(tmp_path / "empty.wav", np.zeros(0, np.float32)))
    with pytest.raises(BadAudio, match="no such file"):
        read_audio(tmp_path / "nothing.wav")


def test_a_wav_whose_length_lies_yields_only_what_is_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(0.5), subtype="PCM_16")
    path.write_bytes(path.read_bytes()[: 44 + 200])
    samples, _ = read_audio(path)
    assert len(samples) <= 100


def test_mono_is_the_mean_of_two_channels() -> None:
    assert to_mono(np.array([[1.0, 0.0], [0.5, -0.5]], np.float32)).tolist() == [0.5, 0.0]
    assert to_mono(np.ones((3, 1), np.float32)).shape == (3,)
    assert to_mono(np.ones(3, np.float32)).shape == (3,)


def test_resampling_keeps_a_tone() -> None:
    wave = resample(tone(1.0, 48_000), 48_000, 16_000)
    assert wave.dtype == np.float32
    assert len(wave) == 16_000
    assert np.abs(wave[200:-200] - tone(1.0)[200:-200]).max() < 1e-3


def test_chunk_duration() -> None:
    assert AudioChunk(np.zeros(16_000, np.float32), 32_000).duration_sec == 0.5
