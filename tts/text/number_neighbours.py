"""Which of its two neighbours a number is said with."""

import re
from typing import Protocol

LETTERS = "en"
_PARTING_MARK = re.compile(r"(?:[^\w\s、]|[，。；：！？…]\s*)\Z")


class Neighbour(Protocol):
    """A run of text in one language."""

    language: str
    text: str


def neighbour_by_touch(run: Neighbour, before: Neighbour | None, after: Neighbour | None, main: str) -> str:
    """A number counts the Han, kana or hangul it touches (3个) and names the letters it touches (T60)."""
    if before and after and before.language != after.language:
        if after.language != LETTERS and run.text[-1:].isalnum():
            touches_letters = before.language == LETTERS and before.text[-1:].isalpha()
            return LETTERS if touches_letters else after.language
        if before.language != LETTERS and before.text[-1:].isalnum() and not run.text[-1:].isspace():
            return before.language
    return neighbour_by_length(run, before, after, main)


def neighbour_by_length(run: Neighbour, before: Neighbour | None, after: Neighbour | None, main: str) -> str:
    """Upstream's rule: the only neighbour; else the one no mark parts it from; else the longer."""
    if before is None or after is None:
        near = before or after
        return near.language if near else main
    if before.language == after.language:
        return before.language
    if not before.text[-1:].isalnum() and not before.text[-1:].isspace():
        return after.language
    if not run.text[-1:].isalnum() and not run.text[-1:].isspace():
        return before.language
    return before.language if len(before.text) >= len(after.text) else after.language


def ends_with_mark(text: str) -> bool:
    """Whether a text ends with a mark that parts it from what follows.

    A narrow mark with a blank behind it is English writing and does not (Let's meet, 8:30); nor does "、",
    which lists.
    """
    return _PARTING_MARK.search(text) is not None


def is_parted(run: Neighbour, before: Neighbour | None, after: Neighbour | None) -> bool:
    """Whether marks part a number from all letters: in 喺Lv.3，5kg it belongs to the Chinese."""
    if before is None or not ends_with_mark(before.text):
        return False
    return after is None or (after.language == LETTERS and ends_with_mark(run.text))
