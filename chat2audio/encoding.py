"""Samples -> bytes: one continuous stream, or one file, in the formats clients ask for.

Compression is libraries' work, in this process: FFmpeg's encoders through PyAV, and libsndfile for Vorbis.
Every encoder gives whole samples or packets per chunk and never a second header.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Protocol, cast

import av
import av.audio
import numpy as np
import soundfile
import soxr

from tts.audio import AudioChunk, to_pcm16

# Sizes of a stream whose length is not known yet. With 0, many players hear nothing at all.
UNKNOWN_SIZE = 0xFFFFFFFF
WAV_HEADER_BYTES = 44
# libsndfile crashes the process when one call writes minutes of Vorbis.
VORBIS_BLOCK_SAMPLES = 16_384


class AudioEncoder(Protocol):
    """Turns chunks into the bytes of one stream or file.

    Attributes:
        content_type: MIME type of the whole.
        sample_rate: Hz of the encoded sound, which is not always the one asked for.
    """

    content_type: str
    sample_rate: int

    def encode(self, chunk: AudioChunk) -> bytes:
        """Returns the bytes that are ready after this chunk; may be none."""
        ...

    def finish(self) -> bytes:
        """Returns the last bytes; for a file that must know its length, all of them."""
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """What there is to know about one encoding.

    Attributes:
        content_type: MIME type.
        codec: name of FFmpeg's encoder; empty where we write the bytes ourselves or libsndfile does.
        container: name of FFmpeg's muxer.
        stream_options: of the muxer, where the output is a stream.
        rates: the sample rates it can carry; empty for any.
    """

    content_type: str
    codec: str = ""
    container: str = ""
    stream_options: Mapping[str, str] = field(default_factory=dict)
    rates: tuple[int, ...] = ()

    def nearest_rate(self, rate: int) -> int:
        """The lowest rate it can carry that loses nothing of `rate`, or else its highest."""
        return min((r for r in self.rates if r >= rate), default=max(self.rates, default=rate))


_MPEG_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "pcm": Format("audio/pcm"),
        "wav": Format("audio/wav"),
        "flac": Format("audio/flac", "flac", "flac"),
        "ogg": Format("audio/ogg"),
        # A page every 100 ms: with the muxer's default of a second, the first sound would wait that long.
        "opus": Format("audio/opus", "libopus", "ogg", {"page_duration": "100000"}, (48000,)),
        # The Xing frame gives the length, which a stream does not have.
        "mp3": Format(
            "audio/mpeg", "libmp3lame", "mp3", {"write_xing": "0", "id3v2_version": "0"}, _MPEG_RATES
        ),
        "aac": Format("audio/aac", "aac", "adts", {}, _MPEG_RATES),
    }
)
ENCODINGS = tuple(FORMATS)


def make_encoder(name: str, sample_rate: int, *, streaming: bool) -> AudioEncoder:
    """Returns an encoder.

    Args:
        name: one of `ENCODINGS`.
        sample_rate: Hz wanted. Chunks of another rate are resampled; formats that cannot carry it take the
            nearest one they can.
        streaming: bytes come with every chunk and the length stays open; otherwise all bytes come at the
            end, with exact lengths in them.

    Raises:
        ValueError: no such encoding; the message lists those there are.
    """
    if name not in FORMATS:
        raise ValueError(f"unknown encoding {name!r}; valid are {', '.join(ENCODINGS)}")
    audio_format = FORMATS[name]
    if name == "pcm":
        return _Pcm(audio_format, sample_rate)
    if name == "wav":
        return _StreamedWav(audio_format, sample_rate) if streaming else _WavFile(audio_format, sample_rate)
    sink = _StreamSink() if streaming else _FileSink()
    return (_Ffmpeg if audio_format.codec else _Vorbis)(audio_format, sample_rate, sink)


class _Resampler:
    """Brings chunks to one rate; as a stream, so that chunk borders leave no trace."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._stream: soxr.ResampleStream | None = None

    def push(self, chunk: AudioChunk) -> np.ndarray:
        if chunk.sample_rate == self._rate:
            return chunk.samples
        if self._stream is None:
            self._stream = soxr.ResampleStream(chunk.sample_rate, self._rate, 1, dtype="float32")
        return self._stream.resample_chunk(chunk.samples)

    def finish(self) -> np.ndarray:
        if self._stream is None:
            return np.zeros(0, np.float32)
        return self._stream.resample_chunk(np.zeros(0, np.float32), last=True)


class _Pcm:
    """Bare signed 16-bit little-endian samples."""

    def __init__(self, audio_format: Format, sample_rate: int) -> None:
        self.content_type = audio_format.content_type
        self.sample_rate = sample_rate
        self._resampler = _Resampler(sample_rate)

    def encode(self, chunk: AudioChunk) -> bytes:
        return _pcm_bytes(self._resampler.push(chunk))

    def finish(self) -> bytes:
        return _pcm_bytes(self._resampler.finish())


class _StreamedWav(_Pcm):
    """PCM behind a header of unknown length, which goes out with the first bytes."""

    def __init__(self, audio_format: Format, sample_rate: int) -> None:
        super().__init__(audio_format, sample_rate)
        self._header = wav_header(sample_rate, None)

    def encode(self, chunk: AudioChunk) -> bytes:
        return self._with_header(super().encode(chunk))

    def finish(self) -> bytes:
        return self._with_header(super().finish())

    def _with_header(self, data: bytes) -> bytes:
        header, self._header = self._header, b""
        return header + data


class _WavFile(_Pcm):
    """PCM behind a header with the exact length, all at the end."""

    def __init__(self, audio_format: Format, sample_rate: int) -> None:
        super().__init__(audio_format, sample_rate)
        self._data = bytearray()

    def encode(self, chunk: AudioChunk) -> bytes:
        self._data += super().encode(chunk)
        return b""

    def finish(self) -> bytes:
        self._data += super().finish()
        return wav_header(self.sample_rate, len(self._data)) + bytes(self._data)


class _StreamSink:
    """What a muxer writes to when the bytes leave at once: it cannot go back."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self, *, is_last: bool) -> bytes:
        data = bytes(self._data)
        self._data.clear()
        return data


class _FileSink(io.BytesIO):
    """What a muxer writes to when it may go back and fill in lengths."""

    def take(self, *, is_last: bool) -> bytes:
        return self.getvalue() if is_last else b""


class _Ffmpeg:
    """One of FFmpeg's encoders behind one of its muxers."""

    def __init__(self, audio_format: Format, sample_rate: int, sink: _StreamSink | _FileSink) -> None:
        self.content_type = audio_format.content_type
        self.sample_rate = audio_format.nearest_rate(sample_rate)
        self._resampler = _Resampler(self.sample_rate)
        self._sink = sink
        options = dict(audio_format.stream_options) if isinstance(sink, _StreamSink) else {}
        self._container = av.open(sink, "w", format=audio_format.container, options=options, buffer_size=4096)
        stream = self._container.add_stream(audio_format.codec, rate=self.sample_rate, layout="mono")
        self._stream = cast(av.AudioStream, stream)
        self._num_samples = 0

    def encode(self, chunk: AudioChunk) -> bytes:
        self._write(self._resampler.push(chunk))
        return self._sink.take(is_last=False)

    def finish(self) -> bytes:
        self._write(self._resampler.finish())
        if not self._num_samples:  # some muxers cannot end a stream that never began
            self._write(np.zeros(self.sample_rate // 10, np.float32))
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._sink.take(is_last=True)

    def _write(self, samples: np.ndarray) -> None:
        if len(samples):
            frame = av.AudioFrame.from_ndarray(to_pcm16(samples)[None], format="s16", layout="mono")
            frame.sample_rate = self.sample_rate
            frame.time_base = Fraction(1, self.sample_rate)
            frame.pts = self._num_samples
            self._num_samples += len(samples)
            self._container.mux(self._stream.encode(frame))


class _Vorbis:
    """Ogg Vorbis by libsndfile: what game engines mean by "ogg".

    Its bytes come in pages of at least 4 kB, half a second of speech; who wants them sooner takes opus.
    """

    def __init__(self, audio_format: Format, sample_rate: int, sink: _StreamSink | _FileSink) -> None:
        self.content_type = audio_format.content_type
        self.sample_rate = sample_rate
        self._resampler = _Resampler(sample_rate)
        self._is_streamed = isinstance(sink, _StreamSink)
        self._output = io.BytesIO()
        self._file = soundfile.SoundFile(self._output, "w", sample_rate, 1, "VORBIS", format="OGG")

    def encode(self, chunk: AudioChunk) -> bytes:
        self._write(self._resampler.push(chunk))
        return self._take() if self._is_streamed else b""

    def finish(self) -> bytes:
        self._write(self._resampler.finish())
        self._file.close()
        return self._take()

    def _write(self, samples: np.ndarray) -> None:
        samples = np.clip(samples, -1.0, 1.0)
        for start in range(0, len(samples), VORBIS_BLOCK_SAMPLES):
            self._file.write(samples[start : start + VORBIS_BLOCK_SAMPLES])

    def _take(self) -> bytes:
        data = self._output.getvalue()
        self._output.seek(0)
        self._output.truncate()
        return data


def wav_header(sample_rate: int, num_bytes: int | None) -> bytes:
    """Returns the 44 bytes before 16-bit mono PCM; None for a length that is not known."""
    riff_size = UNKNOWN_SIZE if num_bytes is None else num_bytes + WAV_HEADER_BYTES - 8
    data_size = UNKNOWN_SIZE if num_bytes is None else num_bytes
    format_chunk = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", riff_size)
        + b"WAVE"
        + format_chunk
        + struct.pack("<4sI", b"data", data_size)
    )


def _pcm_bytes(samples: np.ndarray) -> bytes:
    return to_pcm16(samples).astype("<i2", copy=False).tobytes()
