"""The piece of a reply that is being gathered: its speech, what is shown between, and where it may be cut."""

import re
from operator import itemgetter
from typing import NamedTuple

from chat2audio.boundaries import BLANK, GOOD, NEVER, is_one_grapheme, rank_inside
from chat2audio.characters import (
    BLANKS,
    CONTEXT_CHARS,
    NEWLINES,
    count_syllables,
    count_words,
    is_tight,
    is_wide,
)
from chat2audio.limits import Bounds

# A cut of necessity leaves at least this part of the longest piece, if there is a place for it.
SMALLEST_PART = 1 / 3
_MARKS = r",;:!?，、；：。！？．｡､…‥⋯—–―~～〜﹐،؛؟।۔"
_LEADING_MARKS = re.compile(rf"(?:[\s{_MARKS})\]}}）］｝】〕」』》〉”’»]|\.(?!\w))+")
_LINE_END = re.compile(rf"[^\S{NEWLINES}]*[{NEWLINES}]\s*")
_WHITE = re.compile(r"\s+")
_REPEATED = re.compile(r"([^\w\s])\1{3,}")


class _Silent(NamedTuple):
    at: int  # where in the speech it stands
    display: str
    binds_left: bool


class _Said(NamedTuple):
    start: int  # where the word stands in the speech
    end: int
    markup: str


class Piece:
    """Speech that is not yet cut off, with the silent text that stands in it.

    Attributes:
        text: The speech.
        marks: Place in the text -> how good a cut is there, for places behind a mark.
    """

    def __init__(self, word_units: float) -> None:
        self._word_units = word_units
        self._silents: list[_Silent] = []
        self._added_blanks: list[int] = []
        self._readings: list[_Said] = []
        self._has_gap = False  # whether the last thing added was text left out between words
        self._start("")
        self.marks: dict[int, int] = {}

    def _start(self, text: str) -> None:
        self.text = text
        self._num_syllables = count_syllables(text) if text else 0
        self._num_words = count_words(text) if text else 0
        self._seen = 0  # how far `overflow` has looked for the end of what cannot be cut

    @property
    def units(self) -> float:
        """Length of the speech (see SplitLimits)."""
        return self._num_syllables + self._word_units * self._num_words

    def units_before(self, at: int) -> float:
        """Length of the speech up to a place."""
        if at == len(self.text):
            return self.units
        return count_syllables(self.text[:at]) + self._word_units * count_words(self.text[:at])

    def add_speech(self, text: str, markup: str = "") -> None:
        """Append text that is said as it is shown, or a word and the markup that tells how it is said.

        A blank that is not shown parts it from a word that stands before left-out text.
        """
        if self._has_gap and self.text and is_tight(self.text[-1]) and is_tight(text[0]):
            self._added_blanks.append(len(self.text))
            self.text += " "
        self._has_gap = False
        self._num_syllables += count_syllables(text)
        self._num_words += count_words(text, self.text[-CONTEXT_CHARS:])
        if markup:
            self._readings.append(_Said(len(self.text), len(self.text) + len(text), markup))
        self.text += text

    def add_mark(self, char: str) -> None:
        """Append a mark; it has no length."""
        self.text += char

    def add_silent(self, display: str, *, binds_left: bool, parts_words: bool) -> None:
        """Append text that is only shown, and belongs to what stands before or behind it."""
        self._silents.append(_Silent(len(self.text), display, binds_left))
        self._has_gap |= parts_words

    def overflow(self, bounds: Bounds, max_chars: int) -> int | None:
        """Where to cut a piece that has grown too long; None if it has not, or if there is no place yet.

        The best place is the last of the best kind (see `boundaries`), if it leaves no stump. Without any, a
        word or number that alone is too long is kept whole to its end, but never beyond `max_chars`.
        """
        if len(self.text) <= max_chars and self.units <= bounds.max_units:
            return None
        if not self._seen:
            end = self._longest(bounds.max_units, min(max_chars, len(self.text) - 1))
            stump = self._longest(SMALLEST_PART * bounds.max_units, end)
            at = self._best_place(stump, end) or self._best_place(self._longest(0, stump), stump)
            if at:
                return at
            self._seen = end
        for at in range(self._seen + 1, len(self.text)):
            if at > max_chars:
                return self._whole_grapheme(max_chars)
            if self._rank(at) > NEVER:
                return at
        self._seen = len(self.text) - 1
        return None

    def _longest(self, max_units: float, end: int) -> int:
        """The last place, up to an end, before which the speech is no longer than `max_units`."""
        fits, over = 0, end + 1
        while over - fits > 1:
            middle = (fits + over) // 2
            if self.units_before(middle) <= max_units:
                fits = middle
            else:
                over = middle
        return fits

    def _best_place(self, after: int, end: int) -> int | None:
        """The best place to cut behind one place and up to another."""
        known = [(rank, at) for at, rank in self.marks.items() if after < at <= end]
        best = max(known, default=(NEVER, 0))
        for blank in BLANKS if best[0] <= BLANK else "":
            at = self.text.rfind(blank, after, end) + 1
            if at and self._rank(at) == BLANK:
                best = max(best, (BLANK, at))
        at = end
        while at > after and best[0] < GOOD:
            best = max(best, (self._rank(at), at))
            at -= 1
        return best[1] if best[0] > NEVER else None

    def _rank(self, at: int) -> int:
        if any(said.start < at < said.end for said in self._readings):
            return NEVER
        return self.marks.get(at) or rank_inside(self.text, at)

    def _whole_grapheme(self, at: int) -> int:
        place = at
        while place > 1 and is_one_grapheme(self.text[place - 1], self.text[place]):
            place -= 1
        return place if place > 1 else at

    def cut(self, at: int) -> tuple[str, str]:
        """Take off the piece before a place.

        Returns:
            What is shown, and what is said; "" if that would be nothing but marks.
        """
        text, has_speech = self.text[:at], self.units_before(at) > 0
        num = 0
        while num < len(self._silents) and (
            self._silents[num].at < at or (self._silents[num].at == at and self._silents[num].binds_left)
        ):
            num += 1
        silents, self._silents = (
            self._silents[:num],
            [silent._replace(at=silent.at - at) for silent in self._silents[num:]],
        )
        blanks = [place for place in self._added_blanks if place < at]
        self._added_blanks = [place - at for place in self._added_blanks[len(blanks) :]]
        self.marks = {place - at: rank for place, rank in self.marks.items() if place > at}
        # A word that had to be cut in two is read as it is written.
        spoken = _tell([said for said in self._readings if said.end <= at], text)
        self._readings = [
            said._replace(start=said.start - at, end=said.end - at)
            for said in self._readings
            if said.start >= at
        ]
        self._start(self.text[at:])
        return _weave(text, silents, blanks), _clean(spoken) if has_speech else ""

    def take_display(self) -> str:
        """The silent text of a piece without speech."""
        silents, self._silents = self._silents, []
        return "".join(silent.display for silent in silents)


def _weave(text: str, silents: list[_Silent], added_blanks: list[int]) -> str:
    """Speech and silent text in their order, without the blanks that were added to the speech."""
    parts, done = [], 0
    events = [(silent.at, 0, silent.display) for silent in silents] + [(at, 1, "") for at in added_blanks]
    for at, num_skipped, display in sorted(events, key=itemgetter(0, 1)):
        parts += [text[done:at], display]
        done = at + num_skipped
    return "".join(parts) + text[done:]


def _tell(readings: list[_Said], text: str) -> str:
    """Speech with the markup of words that bring their reading."""
    for said in reversed(readings):
        text = text[: said.start] + said.markup + text[said.end :]
    return text


def _clean(text: str) -> str:
    """Speech as the voice wants it: one line, no marks of the sentence before it, no walls of marks.

    A line that ends without a mark gets a comma, or two lines would be read as one phrase.
    """
    leading = _LEADING_MARKS.match(text)
    text = text[leading.end() :] if leading else text
    if "  " in text or not text.isprintable():  # no blank but " " is printable
        text = _LINE_END.sub(lambda end: _pause(text, end.start(), end.end()), text)
        text = _WHITE.sub(" ", text)
    return _REPEATED.sub(r"\1\1\1", text).strip()


def _pause(text: str, start: int, end: int) -> str:
    if start == 0 or end == len(text) or not text[start - 1].isalnum():
        return " "
    return "，" if is_wide(text[start - 1]) else ", "
