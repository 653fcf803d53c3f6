"""Capitals: which are read as words, which are spelled, and where camel case is cut."""

import re

from tts.text.english.dictionary import look_up, word_set

_RUN = re.compile(r"[A-Za-z]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_CAPITALS_ONLY = re.compile(r"(?:\b[A-Z]+\b[^A-Za-z.!?]*){2,}")
_PLURAL = re.compile(r"[A-Z]{2,}s")
_INITIALS_ALSO_WORDS = frozenset(("us", "it", "am", "pm", "id", "or", "in", "as", "ad", "pa"))
_VOWELS = frozenset("aeiouy")
_SHORTEST_UNKNOWN_WORD = 5


def spell_capitals(text: str, *, is_like_upstream: bool = False) -> str:
    """Puts blanks between letters that are spelled: `the USA` -> `the U S A`, `ChatGPT` -> `Chat G P T`.

    Capitals that are a word stay one: `HELP ME` is shouted, not spelled. Upstream spells all capitals.
    """
    if is_like_upstream:
        return re.sub(r"(?<=[A-Za-z])(?=[A-Z])", " ", text)
    shouted = [match.span() for match in _CAPITALS_ONLY.finditer(text) if _has_word(match[0])]

    def read(match: re.Match[str]) -> str:
        return _read_run(match[0], any(start <= match.start() < end for start, end in shouted))

    return _RUN.sub(read, text)


def _has_word(capitals: str) -> bool:
    """Whether one of the words is surely no acronym: then `IT` or `US` beside it is none either."""
    return any(is_word(run.lower(), is_shouted=False) for run in _RUN.findall(capitals) if len(run) > 1)


def _read_run(letters: str, is_shouted: bool) -> str:
    if len(letters) < 2 or letters[1:].islower() or letters.islower():
        return letters
    if not letters.isupper() and look_up(letters.lower()):
        return letters
    if _PLURAL.fullmatch(letters):
        return f"{_read_part(letters[:-1], is_shouted)}'s"
    return " ".join(_read_part(part, is_shouted) for part in _CAMEL.split(letters))


def _read_part(letters: str, is_shouted: bool) -> str:
    if len(letters) < 2 or not letters.isupper():
        return letters
    return letters if is_word(letters.lower(), is_shouted=is_shouted) else " ".join(letters)


def is_word(word: str, *, is_shouted: bool) -> bool:
    """Whether a word met in capitals is read as a word."""
    if word in _INITIALS_ALSO_WORDS:
        return is_shouted and look_up(word) is not None
    if word in word_set("spelled"):
        return False
    if len(word) <= 3:
        return word in word_set("short_words")
    if look_up(word):
        return True
    return len(word) >= _SHORTEST_UNKNOWN_WORD and not _VOWELS.isdisjoint(word)
