"""What machines hear of one sentence, against what had to be said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.phone_recogniser.labels import said, without_tones
from evaluation.phone_recogniser.recogniser import NoRecogniser, PhoneRecogniser
from evaluation.voice_measures.errors import ErrorCount
from evaluation.voice_measures.words import LANGUAGES, words_of
from tts.audio import resample
from tts.finetune.errors import NoTranscriber
from tts.finetune.sphinx import SphinxTranscriber
from tts.finetune.transcription import RATE_HZ, Transcriber
from tts.text.front_end import FrontEnd
from tts.text.pieces import prepare_target


@dataclass(frozen=True, slots=True)
class Task:
    """A sentence to judge.

    Attributes:
        text: as it was given.
        words: of it; None in a language whose words no judge knows.
        labels: the phones in it, Mandarin ones with tones.
        languages: of the phones.
    """

    text: str
    words: tuple[str, ...] | None
    labels: tuple[str, ...]
    languages: frozenset[str]

    @classmethod
    def of(cls, text: str, language: str, mode: str, front_end: FrontEnd) -> Task:
        """Reads a sentence in the speaker's mode; `language` is that of the sentence."""
        phones = front_end.read(prepare_target(text, mode), mode)
        return cls(
            text=text,
            words=tuple(words_of(text)) if language in LANGUAGES else None,
            labels=tuple(said(phones)),
            languages=frozenset(segment.language for segment in phones.segments),
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """What the judges made of a sentence; None where there was no judge."""

    words: ErrorCount | None = None
    phones: ErrorCount | None = None
    toned_phones: ErrorCount | None = None
    text: str | None = None
    labels: str | None = None


class Judges:
    """All the judges there are; see `find`."""

    def __init__(self, transcriber: Transcriber | None, recogniser: PhoneRecogniser | None) -> None:
        self._transcriber, self._recogniser = transcriber, recogniser

    @classmethod
    def find(cls, voices: Collection[str]) -> tuple[Judges, list[str]]:
        """Returns the judges of speech like that of some teachers, and notes on those that lack."""
        notes: list[str] = []
        transcriber: Transcriber | None = None
        recogniser = None
        try:
            transcriber = SphinxTranscriber()
        except NoTranscriber as error:
            notes.append(str(error))
        try:
            recogniser = PhoneRecogniser.find(voices)
            notes += [
                f"the phone recogniser learned from {voice}: its phone error rates are too low"
                for voice in sorted(set(voices) & set(recogniser.voices))
            ]
        except NoRecogniser as error:
            notes.append(str(error))
        return cls(transcriber, recogniser), notes

    def listen(self, task: Task, samples: np.ndarray, rate_hz: int) -> Heard:
        """Judges mono samples (N,); from none at all nothing is heard, which is wrong throughout."""
        text = self._hear_words(task, samples, rate_hz)
        toned, plain = self._hear_phones(task, samples, rate_hz)
        return Heard(
            words=None if text is None else ErrorCount.between(task.words or (), text.split()),
            phones=None if plain is None else ErrorCount.between(without_tones(task.labels), plain),
            toned_phones=None if toned is None else ErrorCount.between(task.labels, toned),
            text=text,
            labels=None if toned is None else " ".join(toned),
        )

    def _hear_words(self, task: Task, samples: np.ndarray, rate_hz: int) -> str | None:
        if self._transcriber is None or task.words is None:
            return None
        if not len(samples):
            return ""
        return self._transcriber.transcribe(resample(samples, rate_hz, RATE_HZ), LANGUAGES[0]).text

    def _hear_phones(
        self, task: Task, samples: np.ndarray, rate_hz: int
    ) -> tuple[Sequence[str] | None, Sequence[str] | None]:
        if self._recogniser is None:
            return None, None
        if not len(samples):
            return [], []
        toned, plain = self._recogniser.recognise(samples, rate_hz, task.languages)
        # Tones are Mandarin's: without it, a second figure would say nothing new.
        return (toned if "zh" in task.languages else None), plain
