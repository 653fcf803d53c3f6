"""Where speech may be cut: the marks that end a sentence or a clause, and the places in between.

A mark is judged by at most one character behind it, except three cases that wait for the character behind
one blank: a closed quotation ("Go!" he said), `No.` and its like (No. 5), `etc.` and its like.
"""

import json
import re
import unicodedata
from enum import Enum, auto
from pathlib import Path

from chat2audio.characters import LETTER, NEWLINES, is_hangul, is_tight, is_wide

DATA = Path(__file__).parent / "data"

# How good a place is for a cut, from never to always.
NEVER, POOR, FAIR, GOOD, BLANK, CLAUSE, END = range(7)

STRONG = "!?！？‼⁇⁈⁉؟"
STOPS = "。．｡।۔"
ELLIPSES = "…‥⋯"
CLAUSES = ",;:，、；：､—–―~～〜，﹐،؛"
CLOSERS = ")]}）］｝】〕」』》〉”’»"
QUOTES = "」』”’\"'"
OPENERS = "([{（［｛【〔「『《〈“‘«¿¡"
SPECIAL = STRONG + STOPS + ELLIPSES + CLAUSES + CLOSERS + NEWLINES + ".\"'《"

MAX_TAIL = 24
MAX_TITLE = 40  # characters within which 《 keeps a title together
MAX_LIST_DIGITS = 3
_WORD_BEFORE = re.compile(rf"(?:{LETTER}|\d)(?:{LETTER}|[\d.'’\-])*$")
# Where a number with a point behind it counts the items of a list.
_ITEM_BEGINS = re.compile(rf"(?:^|[{NEWLINES}：:；;。！？!?.])[ \t]*$")
_INITIALS = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]")


class _Wait(Enum):
    """Why the end of a sentence is left open over a blank."""

    NO = auto()
    QUOTE = auto()  # an attribution may follow, in lower case
    NUMBER = auto()  # an abbreviation if a digit follows
    CAPITAL = auto()  # a sentence ends only if a capital follows


class BoundaryFinder:
    """Judges the marks of a stream of spoken text, fed in runs and marks."""

    def __init__(self) -> None:
        self._tail = "\n"  # the last characters of the text
        self._has_open_quote = False
        self._title_chars = -1  # characters since 《, -1 outside
        self._clear()

    def _clear(self) -> None:
        self.is_pending = False
        self._marks = ""
        self._before = ""  # the tail before the marks
        self._closer = ""  # the last closing bracket or quote behind them
        self._wait = _Wait.NO

    def run(self, text: str) -> None:
        """Take in text without special characters, after `before` was asked about its first one."""
        self._tail = (self._tail + text)[-MAX_TAIL:] if len(text) < MAX_TAIL else text[-MAX_TAIL:]
        if self._title_chars >= 0:
            self._title_chars += len(text)

    def extends(self, char: str) -> bool:
        """Whether a special character goes on with what is pending, or begins it."""
        if char == '"':
            return self.is_pending and self._has_open_quote
        if char == "'" or char in CLOSERS:
            return self.is_pending and self._wait is _Wait.NO
        return char not in NEWLINES and char != "《" and self._wait is _Wait.NO

    def mark(self, char: str) -> None:
        """Take in a special character."""
        if char == "《":
            self._title_chars = 0
        elif char == "》" and self._title_chars >= 0:
            self._title_chars = -1
            self._clear()
        if char == '"':
            self._has_open_quote = not self._has_open_quote
        if self.is_pending and (char in CLOSERS or char in "\"'"):
            self._closer = char
        elif char not in CLOSERS and char not in "\"'《":
            if not self.is_pending:
                self.is_pending = True
                self._before = self._tail
            self._marks += char
            self._closer = ""
        self.run(char)

    def newline(self, char: str) -> None:
        """Take in the end of a line; it ends everything."""
        self._clear()
        self._has_open_quote = False
        self._title_chars = -1
        self._tail = char

    def before(self, char: str) -> int | None:
        """Judge the place before a character that does not extend what is pending.

        Args:
            char: The next character; "" for a gap (something not said).

        Returns:
            NEVER, CLAUSE or END, or None if it stays pending over this character.
        """
        if not self.is_pending:
            return NEVER
        if self._wait is _Wait.NO:
            rank = self._judge(char)
        elif char.isspace():
            return None
        else:
            rank = self._judge_after_blank(char)
        if rank is not None:
            self._clear()
            if 0 <= self._title_chars <= MAX_TITLE:
                return NEVER
        return rank

    def _judge(self, char: str) -> int | None:
        marks = self._marks
        is_tight_ascii = marks.isascii() and not self._closer and char != "" and is_tight(char)
        is_number = self._before[-1:].isdigit() and char.isdigit() and not self._closer and len(marks) == 1
        if marks[-1] in CLAUSES:
            return NEVER if is_tight_ascii or is_number else CLAUSE
        if any(mark in STRONG for mark in marks):
            return NEVER if is_tight_ascii else self._after_quote(char)
        is_trailing_off = len(set(marks)) == 1 or marks[-1] not in STOPS
        if marks in ELLIPSES or (len(marks) > 1 and is_trailing_off):
            return NEVER if is_tight_ascii and not char.isalnum() else CLAUSE
        if is_number or is_tight_ascii:
            return NEVER
        return self._after_quote(char) if self._closer or marks != "." else self._judge_point(char)

    def _after_quote(self, char: str) -> int | None:
        """The end of a sentence, unless a closed quotation goes on into its attribution."""
        if not self._closer or self._closer not in QUOTES:
            return END
        if char.isspace():
            self._wait = _Wait.QUOTE
            return None
        # 「行くぞ！」と言った and "가자!"라고 말했다 are one sentence.
        return CLAUSE if char and (char in "とっ" or is_hangul(char)) else END

    def _judge_point(self, char: str) -> int | None:
        """A single ASCII point with a blank, an East Asian character or nothing behind it."""
        match = _WORD_BEFORE.search(self._before)
        word = match[0] if match else ""
        if word in _ABBREVIATIONS["end_before_capital"] or word in _ABBREVIATIONS["before_number"]:
            is_number = word in _ABBREVIATIONS["before_number"]
            self._wait = _Wait.NUMBER if is_number else _Wait.CAPITAL
            return None if char.isspace() else self._judge_after_blank(char)
        if word in _ABBREVIATIONS["never_end"] or _INITIALS.fullmatch(word):
            return NEVER
        if len(word) == 1 and word.isupper() and word != "I":
            return NEVER
        is_item = len(word) <= MAX_LIST_DIGITS and (word.isdigit() or len(word) == 1)
        is_first = is_item and _ITEM_BEGINS.search(self._before[: len(self._before) - len(word)])
        return NEVER if is_first and word else END

    def _judge_after_blank(self, char: str) -> int:
        if not char:
            return END
        if self._wait is _Wait.NUMBER:
            return NEVER if char.isdigit() else END
        if self._wait is _Wait.CAPITAL:
            return NEVER if char.islower() or char.isdigit() else END
        return CLAUSE if char.islower() else END


def rank_inside(text: str, at: int) -> int:
    """How good a cut before `text[at]` is where no mark stands.

    Never inside a word, a number, an address, a surrogate pair or a grapheme; after a blank is better than
    between two East Asian characters, and of those some are better than others.
    """
    left, right = text[at - 1], text[at]
    if "\u4e00" <= left <= "\u9fff" and "\u4e00" <= right <= "\u9fff":
        return _rank_between_wide(left, right)
    if left.isascii() and right.isascii():
        return BLANK if left.isspace() and not right.isspace() else NEVER
    if right.isspace() or is_one_grapheme(left, right):
        return NEVER
    if left.isspace():
        return BLANK
    if right in SPECIAL or left in OPENERS:
        return NEVER
    left_wide, right_wide = is_wide(left), is_wide(right)
    if not left_wide and not right_wide:
        is_word = (left.isalnum() or is_tight(left) or left.isascii()) and (
            is_tight(right) or right.isascii()
        )
        return NEVER if is_word else FAIR
    if left.isdigit() or (right.isdigit() and at > 1 and left in CLAUSES and text[at - 2].isdigit()):
        return NEVER
    if left_wide != right_wide:
        return FAIR if right.isdigit() else GOOD
    return _rank_between_wide(left, right)


def _rank_between_wide(left: str, right: str) -> int:
    if right in _NOT_BEFORE:
        return POOR
    if left in _AFTER or right in _BEFORE:
        return GOOD
    # In Japanese a word mostly begins where hiragana ends.
    return GOOD if "\u3041" <= left <= "\u3096" and not "\u3041" <= right <= "\u3096" else FAIR


def is_one_grapheme(left: str, right: str) -> bool:
    """Whether two characters are parts of one grapheme."""
    if right < "\u0300":
        return False
    if unicodedata.category(right)[0] == "M" or "\U0001f3fb" <= right <= "\U0001f3ff":
        return True
    if left == "\u200d" or right in "\u200d\uff9e\uff9f":
        return True
    both = left, right
    is_jamo = all("\u1100" <= char <= "\u11ff" for char in both)
    is_flag = all("\U0001f1e6" <= char <= "\U0001f1ff" for char in both)
    return is_jamo or is_flag or all("\ud800" <= char <= "\udfff" for char in both)


def _load_abbreviations() -> dict[str, frozenset[str]]:
    """Words as they may be written: a list's lower case entry also begins a sentence with a capital."""
    lists = json.loads((DATA / "abbreviations.json").read_text(encoding="utf-8"))
    return {
        name: frozenset(words) | {word[:1].upper() + word[1:] for word in words}
        for name, words in lists.items()
    }


def _load_hints() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Characters behind which, before which and before which not a phrase tends to begin."""
    hints = json.loads((DATA / "break_hints.json").read_text(encoding="utf-8"))
    return frozenset(hints["after"]), frozenset(hints["before"]), frozenset(hints["not_before"])


_ABBREVIATIONS = _load_abbreviations()
_AFTER, _BEFORE, _NOT_BEFORE = _load_hints()
