"""Every format decodes to the sound that went in, as one continuous stream or file."""

from __future__ import annotations

import io
import wave

import av
import numpy as np
import pytest
import soundfile

from chat2audio.encoding import ENCODINGS, FORMATS, make_encoder
from tts.audio import AudioChunk, to_pcm16

RATE = 32000
COMPRESSED = [name for name in ENCODINGS if FORMATS[name].codec or name == "ogg"]
PITCH_HZ = 440.0


def sine(seconds: float, rate: int = RATE) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * PITCH_HZ * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def chunks(samples: np.ndarray, seconds: float = 0.37, rate: int = RATE) -> list[AudioChunk]:
    size = round(seconds * rate)
    return [AudioChunk(samples[start : start + size], rate) for start in range(0, len(samples), size)]


def encode(name: str, samples: np.ndarray, *, streaming: bool, rate: int = RATE) -> list[bytes]:
    encoder = make_encoder(name, rate, streaming=streaming)
    return [*(encoder.encode(chunk) for chunk in chunks(samples)), encoder.finish()]


def decode(data: bytes) -> tuple[np.ndarray, int]:
    with av.open(io.BytesIO(data)) as container:
        rate = container.streams.audio[0].rate
        resampler = av.AudioResampler("flt", "mono", rate)
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), rate


def pitch_hz(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "file"])
@pytest.mark.parametrize("name", [name for name in ENCODINGS if name != "pcm"])
def test_the_sound_survives(name: str, streaming: bool) -> None:
    parts = encode(name, sine(2.0), streaming=streaming)
    samples, rate = decode(b"".join(parts))
    assert rate == FORMATS[name].nearest_rate(RATE)
    assert abs(len(samples) / rate - 2.0) < 0.11, "no second lost, none made up"
    middle = samples[rate // 2 : -rate // 2]
    assert pitch_hz(middle, rate) == pytest.approx(PITCH_HZ, abs=1.5)
    assert np.abs(middle).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("name", ["wav", "flac", "pcm"])
def test_lossless_formats_lose_nothing(name: str) -> None:
    samples = np.random.default_rng(0).uniform(-1.1, 1.1, 40000).astype(np.float32)
    data = b"".join(encode(name, samples, streaming=True))
    is_bare = name == "pcm"
    got = np.frombuffer(data, "<i2") if is_bare else (decode(data)[0] * 32768).round().astype(np.int16)
    np.testing.assert_array_equal(got, to_pcm16(samples))


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_stream_gives_bytes_early_and_a_file_all_at_the_end(name: str) -> None:
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, 3 * RATE).astype(np.float32)
    parts = encode(name, noise, streaming=True)
    if name == "ogg":
        assert any(parts[:3]), "a page within a second of rich sound"
    else:
        assert all(parts[:-2]), "something with every chunk of 0.37 s"
    *early, last = encode(name, noise, streaming=False)
    if name != "pcm":
        assert not any(early)
        assert last


def test_opus_is_heard_within_300_ms() -> None:
    encoder = make_encoder("opus", RATE, streaming=True)
    sent = b"".join(encoder.encode(chunk) for chunk in chunks(sine(0.3), seconds=0.05))
    heads = 200  # OpusHead and OpusTags take less
    assert len(sent) > heads + 100


def test_a_streamed_wav_has_one_header_of_unknown_length() -> None:
    parts = encode("wav", sine(1.0), streaming=True)
    data = b"".join(parts)
    assert data[4:8] == data[40:44] == b"\xff\xff\xff\xff"
    assert data.count(b"RIFF") == 1
    assert len(data) == 44 + 2 * RATE
    assert len(parts[0]) > 44, "the first bytes hold the whole header and sound"
    with wave.open(io.BytesIO(data)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        assert len(file.readframes(10**9)) == 2 * RATE
    assert len(soundfile.read(io.BytesIO(data))[0]) == RATE


def test_a_wav_file_has_exact_lengths() -> None:
    data = b"".join(encode("wav", sine(1.0), streaming=False))
    assert int.from_bytes(data[4:8], "little") == len(data) - 8
    assert int.from_bytes(data[40:44], "little") == 2 * RATE
    with wave.open(io.BytesIO(data)) as file:
        assert file.getnframes() == RATE


@pytest.mark.parametrize("streaming", [True, False])
def test_stream_and_file_hold_the_same_samples(streaming: bool) -> None:
    samples = sine(1.3)
    stream = b"".join(encode("wav", samples, streaming=True))[44:]
    file = b"".join(encode("wav", samples, streaming=False))[44:]
    assert stream == file == to_pcm16(samples).tobytes()


@pytest.mark.parametrize("rate", [8000, 24000, 44100, 48000])
def test_another_rate_is_resampled_without_a_trace_of_the_chunks(rate: int) -> None:
    data = b"".join(encode("pcm", sine(2.0), streaming=True, rate=rate))
    got = np.frombuffer(data, "<i2") / 32767
    want = sine(2.0, rate)
    assert abs(len(got) - len(want)) <= 1
    inner = slice(rate // 10, -rate // 10)
    size = min(len(got), len(want))
    np.testing.assert_allclose(got[:size][inner], want[:size][inner], atol=2e-3)


@pytest.mark.parametrize("name", ENCODINGS)
@pytest.mark.parametrize("streaming", [True, False], ids=["stream", "file"])
def test_nothing_said_is_still_a_file(name: str, streaming: bool) -> None:
    encoder = make_encoder(name, RATE, streaming=streaming)
    data = encoder.finish()
    if name in ("wav", "pcm"):
        assert len(data) == (44 if name == "wav" else 0)
    else:
        assert data


@pytest.mark.parametrize("name", COMPRESSED)
def test_minutes_of_silence_do_not_kill_the_process(name: str) -> None:
    encoder = make_encoder(name, RATE, streaming=True)
    minute = AudioChunk(np.zeros(60 * RATE, np.float32), RATE)
    size = sum(len(encoder.encode(minute)) for _ in range(3)) + len(encoder.finish())
    assert size > 1000


def test_an_unknown_encoding_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="pcm, wav, flac, ogg, opus, mp3, aac"):
        make_encoder("midi", RATE, streaming=True)
