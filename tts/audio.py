"""Sound as numpy arrays: the chunk type, safe reading of reference files, resampling, 16-bit conversion.

This module imports no torch, so everything around the models (encoders, web service, tests) can use it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import soundfile
import soxr

MIN_SAMPLE_RATE_HZ = 8_000
MAX_SAMPLE_RATE_HZ = 96_000
MAX_CHANNELS = 2
DEFAULT_MAX_SEC = 60.0
# libsndfile reads much more. These three cover what people record with; MP3 is left out on purpose: its
# decoder writes to stderr on damaged files, which lets one bad upload flood the log.
READABLE_FORMATS = ("WAV", "WAVEX", "FLAC", "OGG")
BLOCK_FRAMES = 16_384
INT16_SCALE = 32_767.0


class BadAudio(ValueError):
    """Samples or a sound file that cannot be used; the message says what would have been valid."""


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A piece of synthesised speech.

    Attributes:
        samples: Mono float32 samples (T,) in [-1, 1].
        sample_rate: Hz; always the rate of the model that made the samples.
        sentence_index: Which sentence of the reply this belongs to, from 0.
    """

    samples: np.ndarray
    sample_rate: int
    sentence_index: int = 0

    @property
    def duration_sec(self) -> float:
        """Playing time in seconds."""
        return len(self.samples) / self.sample_rate


def to_pcm16(samples: np.ndarray) -> np.ndarray:
    """Convert float samples to signed 16-bit PCM.

    Full scale is 32767 and everything beyond is clipped, so +1.0 can never wrap to -32768 (scaling by 32768
    and casting, as GPT-SoVITS does, turns every exact peak into a click).

    Args:
        samples: Float samples of any shape, nominally in [-1, 1].

    Returns:
        An int16 array of the same shape.

    Raises:
        BadAudio: A sample is NaN or infinite.
    """
    values = np.asarray(samples)
    if not np.isfinite(values).all():
        raise BadAudio("the samples contain NaN or infinity; 16-bit PCM needs finite values in [-1, 1]")
    return (np.clip(values, -1.0, 1.0) * INT16_SCALE).round().astype(np.int16)


def read_audio(path: str | Path, *, max_sec: float = DEFAULT_MAX_SEC) -> tuple[np.ndarray, int]:
    """Read a WAV, FLAC or OGG file after checking its header.

    Nothing is decoded before format, rate, channels and declared length are within limits, and never more
    than the declared frames, so a small file cannot expand without bound.

    Args:
        path: The file.
        max_sec: Longest playing time accepted, in seconds.

    Returns:
        Float32 samples (T, channels) as stored (float files may exceed 1) and the sample rate in Hz.

    Raises:
        BadAudio: No such file, not one of the readable formats, a limit exceeded, no samples, or samples that
            are not finite. The message names the file and the limit.
    """
    path = Path(path)
    if not path.is_file():
        raise BadAudio(f"{path}: there is no such file; a WAV, FLAC or OGG recording is needed")
    try:
        with soundfile.SoundFile(path) as file:
            _check_header(file, path, max_sec)
            sample_rate = int(file.samplerate)
            blocks = _read_blocks(file)
    except soundfile.LibsndfileError as error:
        raise BadAudio(f"{path}: not a readable WAV, FLAC or OGG file ({error.error_string})") from error
    samples = np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)
    if len(samples) == 0:
        raise BadAudio(f"{path}: the file holds no samples")
    if not np.isfinite(samples).all():
        raise BadAudio(f"{path}: the file holds samples that are NaN or infinite")
    return samples, sample_rate


def _check_header(file: soundfile.SoundFile, path: Path, max_sec: float) -> None:
    if file.format not in READABLE_FORMATS or file.subtype.startswith("MPEG"):
        raise BadAudio(f"{path}: {file.format}/{file.subtype} is not accepted; use WAV, FLAC or OGG")
    if not MIN_SAMPLE_RATE_HZ <= file.samplerate <= MAX_SAMPLE_RATE_HZ:
        raise BadAudio(
            f"{path}: sample rate {file.samplerate} Hz; "
            f"{MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ} Hz is valid"
        )
    if not 1 <= file.channels <= MAX_CHANNELS:
        raise BadAudio(f"{path}: {file.channels} channels; mono or stereo is valid")
    duration_sec = file.frames / file.samplerate
    if duration_sec > max_sec:
        raise BadAudio(f"{path}: {duration_sec:.2f} s long; at most {max_sec:g} s are accepted here")


def _read_blocks(file: soundfile.SoundFile) -> list[np.ndarray]:
    """Read at most the frames the header declares, in small blocks (long single calls crash libsndfile)."""
    blocks: list[np.ndarray] = []
    remaining = int(file.frames)
    while remaining > 0:
        block = file.read(min(BLOCK_FRAMES, remaining), dtype="float32", always_2d=True)
        if len(block) == 0:
            break
        blocks.append(block)
        remaining -= len(block)
    return blocks


def to_mono(samples: np.ndarray) -> np.ndarray:
    """Average the channels of (T, channels) samples; (T,) passes through.

    Returns:
        Float32 samples (T,).
    """
    if samples.ndim == 1:
        return samples.astype(np.float32, copy=False)
    if samples.shape[1] == 1:
        return np.ascontiguousarray(samples[:, 0], dtype=np.float32)
    return samples.mean(axis=1, dtype=np.float32)


def resample(samples: np.ndarray, from_hz: int, to_hz: int) -> np.ndarray:
    """Resample mono samples with soxr's HQ setting, the resampler GPT-SoVITS voices are prepared with.

    Args:
        samples: Mono samples (T,).
        from_hz: Their rate.
        to_hz: The wanted rate.

    Returns:
        Float32 samples (about T * to_hz / from_hz,); the same samples when the rates are equal.
    """
    mono = np.ascontiguousarray(samples, dtype=np.float32)
    if from_hz == to_hz:
        return mono
    return cast(np.ndarray, soxr.resample(mono, from_hz, to_hz, quality="HQ")).astype(np.float32, copy=False)
