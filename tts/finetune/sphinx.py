"""pocketsphinx, with the English model that comes with it: small and offline, but a poor listener.

It hears one word in ten or so wrong, too many to write down words by; it serves to compare voices.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Collection

import numpy as np

from tts.audio import to_pcm16
from tts.finetune.errors import NoTranscriber
from tts.finetune.transcription import RATE_HZ, Transcript

PACKAGE = "pocketsphinx"
LANGUAGE = "en"


class SphinxTranscriber:
    """English speech -> words. The same speech gives the same words, whatever was heard before.

    Raises:
        NoTranscriber: the package is not installed.
    """

    def __init__(self) -> None:
        if not has_sphinx():
            raise NoTranscriber(
                f"{PACKAGE} is not installed, so no word error rate: "
                "python -m pip install -r requirements-evaluation.txt"
            )
        from pocketsphinx import Decoder  # pyright: ignore[reportMissingImports] - an extra

        self._decoder = Decoder(samprate=RATE_HZ, loglevel="FATAL", logfn=os.devnull)

    def transcribe(self, samples: np.ndarray, language: str = LANGUAGE) -> Transcript:
        """Writes down mono samples (N,) at 16 kHz, in lower case without marks; "" for nothing."""
        pcm = to_pcm16(samples).tobytes()
        if not pcm:
            return Transcript("", LANGUAGE)
        self._decoder.start_utt()
        # As a whole: levels are then taken from this recording, not carried over from the one before.
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        hypothesis = self._decoder.hyp()
        return Transcript(hypothesis.hypstr if hypothesis else "", LANGUAGE)


def has_sphinx() -> bool:
    """Whether the package is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def find_sphinx(languages: Collection[str]) -> SphinxTranscriber | None:
    """The recogniser, if it is installed and the languages are those that it understands."""
    return SphinxTranscriber() if has_sphinx() and set(languages) == {LANGUAGE} else None
