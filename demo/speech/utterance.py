"""What a teacher is asked to say: a text as our own front end reads it, word by word.

Teachers are given phones rather than spelling wherever they take them, so that they say what the models will
be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tts.text.english.reader import EnglishReader
from tts.text.front_end import FrontEnd, Segment
from tts.text.languages import ReaderOptions
from tts.text.marks import MARKS
from tts.text.pieces import prepare_target


@dataclass(frozen=True, slots=True)
class Word:
    """A word or Mandarin syllable, or a mark.

    Attributes:
        language: `en` or `zh`.
        text: as spelled; for Mandarin the two phones joined.
        phones: of the front end; for a mark the mark itself.
        start: index of the first of them among the utterance's phones.
    """

    language: str
    text: str
    phones: tuple[str, ...]
    start: int

    @property
    def is_mark(self) -> bool:
        """Whether nothing is said here."""
        return self.phones[0] in MARKS


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """A text ready to be said.

    Attributes:
        text: as written.
        language: of the text as a whole.
        phones: symbols, the words' phones joined.
        ids: int64 (P,), their numbers in the models' table.
        words: all words and marks in order.
    """

    text: str
    language: str
    phones: tuple[str, ...]
    ids: np.ndarray
    words: tuple[Word, ...]

    @property
    def languages(self) -> frozenset[str]:
        """The languages of its words."""
        return frozenset(word.language for word in self.words if not word.is_mark)


class UtteranceReader:
    """Texts -> utterances; loads the front end's dictionaries once."""

    def __init__(self) -> None:
        self._front_end = FrontEnd("v2")
        self._english = EnglishReader(ReaderOptions(has_erhua=True, lexicon={}, is_like_upstream=False))

    def read(self, text: str, language: str) -> Utterance:
        """Reads a text as the engine would read one sentence of a reply.

        Raises:
            ValueError: nothing of it can be said, or something in it cannot be read.
        """
        phones = self._front_end.read(prepare_target(text, language), language)
        if not len(phones) or phones.num_skipped or "UNK" in phones.symbols:
            raise ValueError(f"not every word of this can be read: {text!r}")
        words: list[Word] = []
        for segment in phones.segments:
            split = self._english_words if segment.language == "en" else _mandarin_words
            start = words[-1].start + len(words[-1].phones) if words else 0
            for spelled, own in split(segment):
                words.append(Word(segment.language, spelled, own, start))
                start += len(own)
        return Utterance(text, language, phones.symbols, phones.ids, tuple(words))

    def _english_words(self, segment: Segment) -> list[tuple[str, tuple[str, ...]]]:
        read = self._english.read_tokens(segment.norm_text)
        missing = len(segment.phones) - sum(len(phones) for _, phones in read)
        # A very short text has a comma in front that is in its phones only.
        front = [(mark, (mark,)) for mark in segment.phones[:missing]]
        words = [*front, *((text, phones) for text, phones in read if phones)]
        if tuple(phone for _, phones in words for phone in phones) != segment.phones:
            raise ValueError(f"words and phones of {segment.text!r} do not agree")
        return words


def _mandarin_words(segment: Segment) -> list[tuple[str, tuple[str, ...]]]:
    words: list[tuple[str, tuple[str, ...]]] = []
    place = 0
    while place < len(segment.phones):
        size = 1 if segment.phones[place] in MARKS else 2
        phones = segment.phones[place : place + size]
        words.append(("".join(phones), phones))
        place += size
    return words
