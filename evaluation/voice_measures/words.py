"""Which words a machine hears: pocketsphinx, with the English model that comes with it."""

from __future__ import annotations

import importlib.util
import os
import re

import numpy as np

from tts.audio import resample, to_pcm16
from tts.text.english.normalise import normalise

PACKAGE = "pocketsphinx"
RATE_HZ = 16_000
LANGUAGES = ("en",)
_WORDS = re.compile(r"[a-z]+(?:'[a-z]+)*")


class NoTranscriber(RuntimeError):
    """There is no recogniser of words; the message says how to get one."""


def words_of(text: str) -> list[str]:
    """Returns English text as words in lower case, numbers and abbreviations written out as they are said."""
    return _WORDS.findall(normalise(text)[0].lower())


class Transcriber:
    """English speech -> words. The same speech gives the same words, whatever was heard before.

    Raises:
        NoTranscriber: The package is not installed.
    """

    def __init__(self) -> None:
        if importlib.util.find_spec(PACKAGE) is None:
            raise NoTranscriber(
                f"{PACKAGE} is not installed, so no word error rate: "
                "python -m pip install -r requirements-evaluation.txt"
            )
        from pocketsphinx import Decoder  # pyright: ignore[reportMissingImports] - an extra

        # Levels are taken from each recording as a whole ("batch"), not carried over from the one before.
        self._decoder = Decoder(samprate=RATE_HZ, cmn="batch", loglevel="FATAL", logfn=os.devnull)

    def transcribe(self, samples: np.ndarray, rate_hz: int) -> str:
        """Returns what is said in mono samples (N,), in lower case without marks; "" for nothing."""
        pcm = to_pcm16(resample(samples, rate_hz, RATE_HZ)).tobytes()
        if not pcm:
            return ""
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis else ""
