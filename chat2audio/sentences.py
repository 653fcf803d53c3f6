"""Speakable text as it streams -> the pieces that are spoken at once.

A piece ends where a sentence ends, if it is long enough by then; the first ones may end at a clause, so that
the voice begins early (see SplitLimits). What is shown but not said travels with its neighbours: the displays
of all pieces joined are the displays of all spans joined.
"""

import re
from dataclasses import dataclass

from chat2audio.boundaries import CLAUSE, END, SPECIAL, BoundaryFinder
from chat2audio.characters import NEWLINES
from chat2audio.limits import SplitLimits
from chat2audio.piece import Piece
from chat2audio.spans import Kind, Span

__all__ = ["Sentence", "SentenceSplitter", "SplitLimits"]

# Text is added in steps of this size at most, so that a cut never leaves much to be measured again.
GROWTH_CHARS = 64
_TOKENS = re.compile(f"[^{re.escape(SPECIAL)}]+|[{re.escape(SPECIAL)}]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of the reply that is spoken at once.

    Attributes:
        index: Its number, from 0.
        display: What the screen shows with it.
        spoken: What is said; "" only for a rest of the reply in which nothing is.
    """

    index: int
    display: str
    spoken: str


class SentenceSplitter:
    """Spans in, sentences out: the same ones however the stream was cut."""

    def __init__(self, limits: SplitLimits | None = None) -> None:
        self._limits = limits or SplitLimits()
        self._finder = BoundaryFinder()
        self._piece = Piece(self._limits.word_units)
        self._is_after_symbol = False
        self._index = 0
        self._bounds = self._limits.bounds(0)
        self._unspoken: list[str] = []  # display text that waits for a piece to travel with
        self._ready: list[Sentence] = []

    def push(self, span: Span) -> list[Sentence]:
        """The sentences that are complete with this span.

        Raises:
            ValueError: The span says something else than it shows and is no word with its reading.
        """
        display, spoken, kind = span
        if kind is Kind.READING:
            self._push_reading(display, spoken)
        elif spoken:
            if spoken != display:
                raise ValueError(f"a span is said as shown or not at all, not {display!r} as {spoken!r}")
            self._push_speech(spoken)
        elif kind in (Kind.OPENER, Kind.CLOSER, Kind.SYMBOL):
            self._push_mark(display, kind)
        else:
            self._push_aside(display)
        return self._take()

    def flush(self) -> list[Sentence]:
        """The rest, at the end of the stream."""
        self._finder = BoundaryFinder()
        if self._piece.text:
            self._cut(len(self._piece.text))
        self._unspoken.append(self._piece.take_display())
        rest = "".join(self._unspoken)
        self._unspoken.clear()
        if rest:
            self._emit(rest, "")
        return self._take()

    def _take(self) -> list[Sentence]:
        ready, self._ready = self._ready, []
        return ready

    def _push_speech(self, text: str) -> None:
        finder = self._finder
        if self._is_after_symbol:
            self._is_after_symbol = False
            if text[0] not in SPECIAL or not finder.extends(text[0]):
                self._judge("")
        for token in _TOKENS.findall(text):
            char = token[0]
            if char not in SPECIAL:
                self._push_run(token)
            elif char in NEWLINES:
                finder.newline(char)
                self._piece.add_mark(char)
                self._cut_overflow()
                self._offer(END)
            else:
                if finder.is_pending and not finder.extends(char):
                    self._judge(char)
                finder.mark(char)
                self._piece.add_mark(char)
                self._cut_overflow()

    def _push_reading(self, word: str, markup: str) -> None:
        """A word with its reading is one thing, whatever stands in it."""
        self._judge("" if self._is_after_symbol else word[0])
        self._is_after_symbol = False
        self._finder.run(word)
        self._piece.add_speech(word, markup)
        self._cut_overflow()

    def _push_run(self, run: str) -> None:
        self._judge(run[0])
        if self._finder.is_pending:  # over a blank: the character behind it decides
            rest = run.lstrip()
            blanks = run[: len(run) - len(rest)]
            self._finder.run(blanks)
            self._grow(blanks)
            if not rest:
                return
            self._judge(rest[0])
            run = rest
        self._finder.run(run)
        for at in range(0, len(run), GROWTH_CHARS):
            self._grow(run[at : at + GROWTH_CHARS])

    def _push_mark(self, display: str, kind: Kind) -> None:
        if kind is Kind.OPENER:
            self._judge("")
        self._is_after_symbol |= kind is Kind.SYMBOL
        self._piece.add_silent(display, binds_left=kind is not Kind.OPENER, parts_words=kind is Kind.SYMBOL)

    def _push_aside(self, display: str) -> None:
        self._judge("")
        if self._piece.text:
            self._offer(CLAUSE)
        self._piece.add_silent(display, binds_left=False, parts_words=True)

    def _judge(self, char: str) -> None:
        if self._finder.is_pending:
            rank = self._finder.before(char)
            if rank:
                self._offer(rank)

    def _offer(self, rank: int) -> None:
        """A place to cut behind all text so far: cut here, or remember it for a piece that grows too long."""
        if self._is_wanted(rank, self._piece.units):
            self._cut(len(self._piece.text))
        elif self._piece.units > 0:
            at, marks = len(self._piece.text), self._piece.marks
            marks[at] = max(rank, marks.get(at, rank))

    def _is_wanted(self, rank: int, units: float) -> bool:
        may_cut = rank == END or (rank == CLAUSE and self._index < self._limits.clause_pieces)
        return may_cut and 0 < units >= self._bounds.min_units

    def _grow(self, text: str) -> None:
        self._piece.add_speech(text)
        self._cut_overflow()

    def _cut_overflow(self) -> None:
        while (at := self._piece.overflow(self._bounds, self._limits.max_chars)) is not None:
            self._cut(at)
            self._offer_again()

    def _offer_again(self) -> None:
        """What was too early a place in the last piece may be a good one in what it left over."""
        for at in sorted(self._piece.marks):
            if self._is_wanted(self._piece.marks[at], self._piece.units_before(at)):
                self._cut(at)
                return self._offer_again()
        return None

    def _cut(self, at: int) -> None:
        display, spoken = self._piece.cut(at)
        if spoken:
            self._emit("".join(self._unspoken) + display, spoken)
            self._unspoken.clear()
        else:
            self._unspoken.append(display)

    def _emit(self, display: str, spoken: str) -> None:
        self._ready.append(Sentence(self._index, display, spoken))
        self._index += 1
        self._bounds = self._limits.bounds(self._index)
