"""Tells speech from markup: marks of Markdown, code, tables, addresses and symbols, piece by piece.

The scanner cuts the text into atoms. An atom is taken only when no further text could change it, so the
result does not depend on how the stream was cut; what is undecided stays behind (never more than
MAX_UNDECIDED characters) and is looked at again together with the next piece. Brackets and single stars are
only named here; `asides` decides about them.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from chat2audio.characters import NEWLINES
from chat2audio.spans import Kind

Atom = tuple[str, Kind]
Token = tuple[int, Kind] | None  # where it ends and what it is; None: wait for more text

MAX_RUN = 32
MAX_LOCAL_PART = 64  # of an e-mail address, RFC 5321
MAX_UNDECIDED = 72
TAIL_CHARS = 8
MAX_COMBINING = 3  # marks stacked on one letter; more is ornament, not writing

BRACKETS = "()[]{}<>（）［］｛｝【】〔〕「」『』《》〈〉“”"
_PLAIN = (
    " !-&',-;=?@A-Za-z\u00c0-\u02af\u0370-\u0373\u0386-\u0481\u048a-\u052f\u3001\u3002\u3005-\u3007"
    "\u3041-\u3096\u30a1-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uff01\uff0c\uff1a\uff1b\uff1f\uff5e"
    "\u2014\u2018\u2019\u2026"
).replace(",-;", ",0-9:;+\\-")
# Text in bulk. "." and "/" are not in it: they may begin an address.
PLAIN_RUN = re.compile(f"[{_PLAIN}]+")
_PLAIN_BUT_ASCII_WORDS = re.compile(f"[{_PLAIN.replace('A-Za-z', '').replace('0-9', '')}]+")

_LINE_MARK = re.compile(rf"[ \t]{{0,{MAX_RUN}}}(#{{1,6}}(?=[ \t])|>|[-+*•](?=[ \t])|\|)")
_LINE_MARK_BEGUN = re.compile(rf"[ \t]{{0,{MAX_RUN}}}(#{{1,6}}|[-+*•])?")
_LOCAL_PART = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._%+\-]{{0,{MAX_LOCAL_PART - 1}}}")
_WORD = re.compile(r"[A-Za-z0-9]+")
_ADDRESS = re.compile(r"[A-Za-z0-9#$%&'+\-/=@_~\\^]+")
_ADDRESS_MARKS = re.compile(r"[.,!?;:]{1,8}")


class Markup:
    """A stream of text -> atoms (text, kind).

    Args:
        speak_urls: Whether web and e-mail addresses are said.
        speak_code: Whether code blocks and tables are said.
    """

    def __init__(self, *, speak_urls: bool, speak_code: bool) -> None:
        self._speak_urls = speak_urls
        self._speak_code = speak_code
        self._plain = PLAIN_RUN if speak_urls else _PLAIN_BUT_ASCII_WORDS
        self._rest = ""
        self._tail = "\n"  # the last few characters before the rest
        self._scan: Callable[[str, int, bool], Token] = self._line_start
        self._is_bold = False
        self._is_code = False
        self._depth = 0  # of parentheses inside an address
        self._num_combining = 0

    @property
    def is_idle(self) -> bool:
        """Whether a plain run of text would pass unchanged."""
        return not self._rest and self._scan == self._text and self._speak_urls

    def note(self, text: str) -> None:
        """Take notice of plain text that was passed by while idle."""
        self._tail = (self._tail + text)[-TAIL_CHARS:]

    def push(self, text: str, *, is_last: bool = False) -> list[Atom]:
        """The atoms that are decided now.

        Args:
            text: The next text.
            is_last: Nothing will follow, so everything is decided.
        """
        text = self._rest + text
        atoms: list[Atom] = []
        at = 0
        while at < len(text):
            token = self._scan(text, at, is_last)
            if token is None:
                break
            end, kind = token
            if end > at:
                atoms.append((text[at:end], kind))
                at = end
        self._tail = (self._tail + text[max(0, at - TAIL_CHARS) : at])[-TAIL_CHARS:]
        self._rest = text[at:]
        return atoms

    # One method per place of the text. Each returns the next token, or an empty one (at, ...) after it has
    # changed the place.

    def _line_start(self, text: str, at: int, is_last: bool) -> Token:
        mark = _LINE_MARK.match(text, at)
        if mark is None:
            begun = _LINE_MARK_BEGUN.match(text, at)
            if begun is not None and begun.end() == len(text) and not is_last and len(text) - at < MAX_RUN:
                return None
            self._scan = self._text
            return at, Kind.SPEECH
        if mark[1] != "|" or self._speak_code:
            return mark.end(), Kind.OPENER
        self._scan = self._table
        return mark.end(), Kind.ASIDE

    def _table(self, text: str, at: int, is_last: bool) -> Token:
        end = at
        while end < len(text) and text[end] not in NEWLINES:
            end += 1
        if end == at:
            self._scan = self._text
        return end, Kind.ASIDE

    def _fence(self, text: str, at: int, is_last: bool) -> Token:
        end = text.find("`", at)
        if end != at:
            return (end if end >= 0 else len(text)), Kind.ASIDE
        end = _end_of_run(text, at)
        if end == len(text) and not is_last and end - at < MAX_RUN:
            return None
        if end - at >= 3:
            self._scan = self._text
        return end, Kind.ASIDE

    def _address(self, text: str, at: int, is_last: bool) -> Token:
        kind = Kind.SPEECH if self._speak_urls else Kind.ASIDE
        body = _ADDRESS.match(text, at)
        if body is not None:
            return body.end(), kind
        if text[at] == "(" or (text[at] == ")" and self._depth):
            self._depth += 1 if text[at] == "(" else -1
            return at + 1, kind
        marks = _ADDRESS_MARKS.match(text, at)
        if marks is not None:
            end = marks.end()
            if end == len(text) and not is_last and len(marks[0]) < 8:
                return None
            if end < len(text) and _ADDRESS.match(text, end):
                return end, kind
        self._scan = self._text
        self._depth = 0
        return at, kind

    def _text(self, text: str, at: int, is_last: bool) -> Token:
        plain = self._plain.match(text, at)
        if plain is not None:
            self._num_combining = 0
            return plain.end(), Kind.SPEECH
        char = text[at]
        if char in NEWLINES:
            self._scan = self._line_start
            self._is_bold = self._is_code = False
            return at + 1, Kind.NEWLINE
        if char in "*_`~^":
            return self._repeated(text, at, is_last)
        if char in BRACKETS:
            return at + 1, Kind.BRACKET
        if not self._speak_urls and char.isascii() and char.isalnum():
            return self._word(text, at, is_last)
        if char in "/.":
            self._begin_address(text, at)
            return at + 1, Kind.SPEECH
        return at + 1, self._single(char)

    def _repeated(self, text: str, at: int, is_last: bool) -> Token:
        end = _end_of_run(text, at)
        if end == len(text) and not is_last and end - at < MAX_RUN:
            return None
        after = text[end] if end < len(text) else "\n"
        before = text[at - 1] if at else self._tail[-1:]
        return end, self._mark(text[at:end], before, after)

    def _mark(self, run: str, before: str, after: str) -> Kind:
        """What a run of one of the characters * _ ` ~ ^ is, between two characters."""
        is_inside_word = _is_ascii_word(before) and _is_ascii_word(after)
        if run == "*":
            return _star(before, after)
        if run[0] == "*":
            self._is_bold = not self._is_bold
            return Kind.OPENER if self._is_bold else Kind.CLOSER
        if run[0] == "_":
            if is_inside_word:
                return Kind.SPEECH
            return Kind.CLOSER if after.isspace() or before.isalnum() else Kind.OPENER
        if run[0] == "`":
            if len(run) >= 3:
                self._scan = self._text if self._speak_code else self._fence
                return Kind.CLOSER if self._speak_code else Kind.ASIDE
            self._is_code = not self._is_code
            return Kind.OPENER if self._is_code else Kind.CLOSER
        if run[0] == "~":
            return Kind.OPENER if run == "~~" and before.isspace() and after.isalnum() else Kind.SPEECH
        return Kind.SPEECH if run == "^" and is_inside_word else Kind.SYMBOL

    def _word(self, text: str, at: int, is_last: bool) -> Token:
        """A word of ASCII letters, when addresses are to be left out: is it the beginning of one?"""
        local = _prefix(_LOCAL_PART, text, at)
        end = at + len(local)
        following = text[end : end + 3]
        is_undecided = not following or (len(following) < 3 and "://".startswith(following))
        if is_undecided and not is_last and end - at < MAX_LOCAL_PART:
            return None
        if following[:1] == "@" or following == "://":
            self._scan = self._address
            return end + 1, Kind.ASIDE
        if local[:4].lower() == "www.":
            self._scan = self._address
            return at + len("www."), Kind.ASIDE
        return at + len(_prefix(_WORD, text, at)), Kind.SPEECH

    def _begin_address(self, text: str, at: int) -> None:
        """Go on as an address after `://` and after `www.`."""
        before = (self._tail + text[:at])[-6:] if at < 6 else text[at - 6 : at]
        if text[at] == "/":
            is_address = before.endswith(":/") and before[-3:-2].isalnum()
        else:
            is_address = before[-3:].lower() == "www" and not before[-4:-3].isalnum()
        if is_address:
            self._scan = self._address

    def _single(self, char: str) -> Kind:
        kind = kind_of(char)
        if unicodedata.category(char)[0] == "M" and kind is Kind.SPEECH:
            self._num_combining += 1
            return Kind.SPEECH if self._num_combining <= MAX_COMBINING else Kind.CLOSER
        self._num_combining = 0
        return kind


@lru_cache(maxsize=4096)
def kind_of(char: str) -> Kind:
    """Whether a character by itself is said, is an ornament, or is nothing one could see."""
    category = unicodedata.category(char)
    if char == "\t" or category[0] in "LNPZ" or category in ("Sm", "Sc"):
        return Kind.SPEECH
    if category[0] == "M":
        is_selector = "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"
        return Kind.CLOSER if is_selector or char == "\u20e3" else Kind.SPEECH
    if category in ("Cc", "Cf", "Co", "Cs"):
        return Kind.CLOSER
    # ℃ ㎡ ㊗ stand for letters and are read; ★ ♪ 😀 and code points newer than our tables are not.
    is_read = char == "°" or any(part.isalnum() for part in unicodedata.normalize("NFKC", char))
    return Kind.SPEECH if is_read else Kind.SYMBOL


def _end_of_run(text: str, at: int) -> int:
    """Where the run of one character ends, or MAX_RUN is reached."""
    end = at + 1
    while end < len(text) and text[end] == text[at] and end - at < MAX_RUN:
        end += 1
    return end


def _prefix(pattern: re.Pattern[str], text: str, at: int) -> str:
    match = pattern.match(text, at)
    return match[0] if match else ""


def _star(before: str, after: str) -> Kind:
    if _is_ascii_word(before) and _is_ascii_word(after):
        return Kind.STAR_TIMES
    if after.isspace():
        return Kind.STAR_TIMES if before in " \t" and after in " \t" else Kind.STAR_CLOSE
    return Kind.STAR_OPEN if before.isspace() else Kind.STAR_EITHER


def _is_ascii_word(char: str) -> bool:
    return char.isascii() and char.isalnum()
