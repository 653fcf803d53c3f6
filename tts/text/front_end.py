"""The front end: a sentence in any mix of its languages -> phones, their ids and what BERT needs to know."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from tts.text.forced import drop_wrong_readings, phones_of
from tts.text.languages import (
    Mode,
    PolyphoneModel,
    Reader,
    ReaderOptions,
    Reading,
    make_reader,
    mode_of,
    modes_of,
)
from tts.text.lexicon import Lexicon, SpeakerWords
from tts.text.marks import MARKS
from tts.text.split import split_languages
from tts.text.symbols import SymbolTable, symbol_table

_WARM_TEXTS = {"zh": "你好1", "en": "Hello 1", "ja": "今日は1", "ko": "안녕 1", "yue": "你好1"}
# A later run begins with a mark only where the word before has a reading given; perhaps behind what closes.
_PAUSE_AT_START = re.compile(r"""[\s」』”’〉》）)】\]〕"]*(?:[、､，,;；:：—–―‒─━]|--|-\s)""")
MIN_PHONES = 6  # with fewer the models tend to swallow the sentence; upstream then puts a mark in front


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of one language within a sentence.

    Attributes:
        language: one of `tts.text.languages.READERS`: zh, en, ja, ko, yue.
        text: as given.
        norm_text: as spoken.
        phones: symbols of the models' table.
        word2ph: phones per character of `norm_text`, for Mandarin and Cantonese; else None.
    """

    language: str
    text: str
    norm_text: str
    phones: tuple[str, ...]
    word2ph: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Phones:
    """A sentence ready for the models.

    Attributes:
        ids: int64 of shape (T,).
        symbols: the same as symbols.
        segments: where they come from; their phones joined are `symbols`.
        norm_text: the sentence as spoken.
        num_skipped: letters, digits and signs of the text that could not be read and were left out, and
            readings given with it that nobody can read.
    """

    ids: np.ndarray
    symbols: tuple[str, ...]
    segments: tuple[Segment, ...]
    norm_text: str
    num_skipped: int

    def __len__(self) -> int:
        return len(self.symbols)


class FrontEnd:
    """Reads sentences for the models of one symbol table; dictionaries are shared and loaded when needed."""

    def __init__(
        self,
        symbols: str = "v2",
        lexicon: Lexicon | None = None,
        *,
        is_like_upstream: bool = False,
        polyphones: PolyphoneModel | None = None,
        make: Callable[[str, ReaderOptions], Reader] = make_reader,
    ) -> None:
        """Chooses the symbol table and a speaker's own readings.

        Args:
            symbols: `v1` for models of version v1, `v2` for all others.
            lexicon: word -> reading, for names: `{"纳西妲": "na4 xi1 da2", "Kira": "K IH1 R AH0"}`; or
                language -> such words: `{"ja": {"東雲": "シノノメ"}}`.
            is_like_upstream: repeat the known misreadings of GPT-SoVITS; for comparisons with it.
            polyphones: a model for Mandarin characters with several readings, such as g2pW.
            make: makes the reader of a language; it is asked when the first text in it arrives.

        Raises:
            ValueError: for another table, or a reading in the lexicon that is not valid.
        """
        self._table: SymbolTable = symbol_table(symbols)
        self._words = SpeakerWords(lexicon or {}, self._table.languages)
        self._options = ReaderOptions(
            self._table.has_erhua, is_like_upstream=is_like_upstream, polyphones=polyphones
        )
        self._make = make
        self._readers: dict[str, Reader] = {}
        for code in self._words.languages:
            self._reader(code)

    @property
    def modes(self) -> tuple[str, ...]:
        """The language codes `read` takes: all, or those that models of version v1 have symbols for."""
        return modes_of(self._table.languages)

    def warm(self, *languages: str) -> None:
        """Loads dictionaries now (seconds), so that no sentence has to wait for them.

        Args:
            languages: modes that texts will be read in. Of each, its main language is loaded, and English if
                it may stand in it; others that may (`auto` allows five) wait for the first text in them.

        Raises:
            ValueError: for an unknown language.
        """
        modes = [self._mode(language) for language in languages]
        codes = {mode.main for mode in modes} | {"en" for mode in modes if "en" in mode.others}
        for code in sorted(codes):
            self._reader(code).read(_WARM_TEXTS[code])

    def _mode(self, language: str) -> Mode:
        return mode_of(language, self._table.languages)

    def read(self, text: str, language: str) -> Phones:
        """Reads one sentence as it is to be spoken.

        Text is cut into runs of one language, each is read, and a sentence with fewer than six phones gets a
        `.` in front. A word may bring its reading: `{重|chong2}`. No mark is added at the end:
        `tts.text.pieces` prepares the text for that.

        Args:
            text: any string; what cannot be read is left out and counted.
            language: a mode of `tts.text.languages.MODES`: auto, zh, all_ja ...

        Returns:
            The phones; none for a text without anything to say.

        Raises:
            ValueError: for a language that is unknown, or has no symbols in the table; the message lists the
                valid ones.
        """
        mode = self._mode(language)
        text = re.sub(r" {2,}", " ", text)
        segments, num_skipped = self._segments(text, mode)
        if self._options.is_like_upstream:
            segments = self._as_upstream(text, segments, mode)
        elif all(MARKS.issuperset(segment.phones) for segment in segments):
            segments = []
        elif _is_short(segments):
            segments = [_with_dot(segments[0]), *segments[1:]]
        symbols = tuple(phone for segment in segments for phone in segment.phones)
        norm_text = "".join(segment.norm_text for segment in segments)
        return Phones(self._table.ids(symbols), symbols, tuple(segments), norm_text, num_skipped)

    def read_run(self, text: str, code: str) -> Segment:
        """Reads text as one run of one language: no splitting and no mark for short ones.

        This is what GPT-SoVITS calls clean_text; its goldens are at this level.

        Raises:
            ValueError: for another code.
        """
        return self._segment(code, text, is_alone=True)[0]

    def _segments(self, text: str, mode: Mode) -> tuple[list[Segment], int]:
        is_like_upstream = self._options.is_like_upstream
        text, num_wrong = drop_wrong_readings(self._words.mark(text), mode.main, self._table.languages)
        runs, num_skipped = split_languages(text, mode, is_like_upstream=is_like_upstream)
        segments: list[Segment] = []
        for place, run in enumerate(runs):
            given = phones_of(run.reading, mode.main, self._table.languages) if run.reading else None
            if given:
                segments.append(_given(run.text, *given))
                continue
            segment, skipped = self._segment(run.language, run.text, is_alone=len(runs) == 1)
            if place and _PAUSE_AT_START.match(run.text):
                segment = _with_pause(segment)
            segments.append(segment)
            num_skipped += skipped
        return [segment for segment in segments if segment.phones], num_skipped + num_wrong

    def _as_upstream(self, text: str, segments: list[Segment], mode: Mode) -> list[Segment]:
        """Marks alone are a comma to upstream; a short text it reads once more with a point in front."""
        if not any(map(str.isalnum, text)):
            return [Segment("en", text, text, (",",), None)]
        return self._segments("." + text, mode)[0] if _is_short(segments) else segments

    def _segment(self, code: str, text: str, *, is_alone: bool) -> tuple[Segment, int]:
        reading: Reading = self._reader(code).read(text, is_alone=is_alone)
        phones = self._table.known(reading.phones)
        return Segment(code, text, reading.norm_text, phones, reading.word2ph), reading.num_skipped

    def _reader(self, code: str) -> Reader:
        if code not in self._readers:
            self._readers[code] = self._make(code, replace(self._options, lexicon=self._words.of(code)))
        return self._readers[code]


def _is_short(segments: list[Segment]) -> bool:
    return sum(len(segment.phones) for segment in segments) < MIN_PHONES


def _with_dot(segment: Segment) -> Segment:
    """Puts the mark before what was read, not before the text: upstream reads a lone 3 as 0.3.

    It takes the place of the comma that a short word of English gets.
    """
    phones, word2ph = segment.phones, segment.word2ph
    if phones[0] == "," and not segment.norm_text.startswith(","):
        phones = phones[1:]
    if word2ph is not None:
        word2ph = (1, *word2ph)
    return Segment(segment.language, segment.text, "." + segment.norm_text, (".", *phones), word2ph)


def _with_pause(segment: Segment) -> Segment:
    """Puts back the pause a run begins with, which readers leave out that take it for the start of speech."""
    if segment.phones and segment.phones[0] in MARKS:
        return segment
    word2ph = None if segment.word2ph is None else (1, *segment.word2ph)
    return replace(segment, norm_text="," + segment.norm_text, phones=(",", *segment.phones), word2ph=word2ph)


def _given(word: str, language: str, phones: tuple[str, ...]) -> Segment:
    """A word with the reading it was given; BERT is asked about it if it has a syllable per character."""
    is_per_char = language in ("zh", "yue") and not word.isascii() and len(phones) == 2 * len(word)
    return Segment(language, word, word, phones, (2,) * len(word) if is_per_char else None)
