"""Writing down what clips say, with a recogniser if one is installed.

None is needed: a list may bring the words. faster-whisper listens to any language, FunASR to Chinese; both
are imported only when they are wanted, and both fetch their own models unless they are given a folder.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from tts.audio import BadAudio, resample
from tts.finetune.clips import LABELS, Clip
from tts.finetune.errors import NoTranscriber
from tts.finetune.loudness import read_mono

RATE_HZ = 16_000
AUTO = "auto"
RECOGNISERS = ("faster_whisper", "funasr")
FUNASR_LANGUAGES = ("zh", "yue")
DEFAULT_MODELS = {"faster_whisper": "large-v3-turbo", "funasr": "iic/SenseVoiceSmall"}
BEAM_SIZE = 5
MIN_SILENCE_MS = 700  # shorter pauses are listened through


@dataclass(frozen=True, slots=True)
class Transcript:
    """What a recogniser heard: words, and the code of the language they are in."""

    text: str
    language: str


class Transcriber(Protocol):
    """Anything that listens."""

    def transcribe(self, samples: np.ndarray, language: str) -> Transcript:
        """Writes down mono samples (N,) at 16 kHz; `language` is a code, or `auto` to have it found out."""
        ...


class WhisperTranscriber:
    """faster-whisper.

    Args:
        model: name or folder.
        device: `cpu` or `cuda`.
    """

    def __init__(self, model: str, device: str) -> None:
        whisper = importlib.import_module("faster_whisper")
        kind = "float16" if device == "cuda" else "int8"
        self._model: Any = whisper.WhisperModel(model, device=device, compute_type=kind)

    def transcribe(self, samples: np.ndarray, language: str) -> Transcript:
        segments, info = self._model.transcribe(
            samples.astype(np.float32),
            language=None if language == AUTO else language,
            beam_size=BEAM_SIZE,
            vad_filter=True,
            vad_parameters={"min_silence_duration_ms": MIN_SILENCE_MS},
        )
        found = info.language if language == AUTO else language
        # Whisper leaves out spaces where its language has none, and begins each segment with one elsewhere.
        return Transcript("".join(segment.text for segment in segments).strip(), found)


class FunasrTranscriber:
    """FunASR with SenseVoice, for Chinese and Cantonese.

    Args:
        model: name or folder.
        device: `cpu` or `cuda`.
    """

    def __init__(self, model: str, device: str) -> None:
        funasr = importlib.import_module("funasr")
        self._postprocess: Any = importlib.import_module(
            "funasr.utils.postprocess_utils"
        ).rich_transcription_postprocess
        self._model: Any = funasr.AutoModel(model=model, device=device, disable_update=True)

    def transcribe(self, samples: np.ndarray, language: str) -> Transcript:
        wanted = language if language in FUNASR_LANGUAGES else AUTO
        heard = self._model.generate(input=samples.astype(np.float32), language=wanted, use_itn=True)
        return Transcript(self._postprocess(heard[0]["text"]).strip(), language if language != AUTO else "zh")


def find_transcriber(language: str, *, model: str | None = None, device: str = "cpu") -> Transcriber | None:
    """Makes a recogniser for a language, if one is installed.

    Args:
        language: code, or `auto`. FunASR is asked for Chinese only, and first.
        model: name or folder of a model instead of the usual one.
        device: `cpu` or `cuda`.
    """
    installed = [name for name in RECOGNISERS if importlib.util.find_spec(name) is not None]
    if language in FUNASR_LANGUAGES and "funasr" in installed:
        return FunasrTranscriber(model or DEFAULT_MODELS["funasr"], device)
    if "faster_whisper" in installed:
        return WhisperTranscriber(model or DEFAULT_MODELS["faster_whisper"], device)
    return None


def write_down(
    clips: Sequence[Clip],
    transcriber: Transcriber | None,
    language: str,
    *,
    told: Callable[[int, int], object] = lambda num_done, num: None,
) -> list[Clip]:
    """Fills in the words of those clips that have none; recordings that cannot be read stay without.

    Args:
        clips: labelled or not.
        transcriber: listens; None where nothing can.
        language: of the clips without words, or `auto`.
        told: is called with the number of clips done, and of all.

    Raises:
        NoTranscriber: not one clip has words and there is no recogniser.
    """
    if transcriber is None:
        if not any(clip.text for clip in clips):
            raise NoTranscriber(
                "nobody has written down what the recordings say, and no recogniser is installed: put a "
                ".list file with lines path|speaker|language|text beside them, or install "
                "faster-whisper (any language) or funasr (Chinese)"
            )
        return list(clips)
    written = []
    for number, clip in enumerate(clips, start=1):
        written.append(clip if clip.text else _listen(clip, transcriber, language))
        told(number, len(clips))
    return written


def _listen(clip: Clip, transcriber: Transcriber, language: str) -> Clip:
    try:
        samples, rate = read_mono(clip.path)
    except BadAudio:
        return clip  # the report will name it
    heard = transcriber.transcribe(resample(samples, rate, RATE_HZ), language)
    found = heard.language if heard.language in LABELS else clip.language
    return replace(clip, text=" ".join(heard.text.replace("|", " ").split()), language=found)
