"""Syllables: which Han characters can be read, how words and phrases are read, and the phones of a syllable.

A syllable is written as pinyin with a tone digit, `v` for ü and 5 for the neutral tone: `lv4`, `de5`.
"""

import gc
import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

from pypinyin import Style, pinyin
from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
from pypinyin.contrib.tone_convert import to_tone3

DATA = Path(__file__).parent / "data"
MAX_PHRASE_CHARS = 8
_NUM_LARGE_PARTS = 11  # pypinyin-dict keeps its large table in this many modules


@cache
def _phone_table() -> Mapping[str, tuple[str, str]]:
    table = json.loads((DATA / "pinyin_phones.json").read_text(encoding="utf-8"))
    return {base: tuple(phones.split()) for base, phones in table.items()}


@lru_cache(maxsize=4096)
def syllable_phones(syllable: str) -> tuple[str, str] | None:
    """Returns initial and final with its tone, ("zh", "ang3") for `zhang3`; None without phones."""
    base, tone = syllable[:-1], syllable[-1:]
    if base not in _phone_table() or tone not in "12345":
        return None
    initial, final = _phone_table()[base]
    return initial, final + tone


@lru_cache(maxsize=32768)
def char_syllables(char: str) -> tuple[str, ...]:
    """Returns the syllables of a character that have phones, the commonest first; none if it is not Han."""
    if not "㐀" <= char <= "\U0003ffff":
        return ()
    found = pinyin(char, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True, errors="ignore")
    return tuple(s for s in (found[0] if found else ()) if syllable_phones(s))


def is_readable(char: str) -> bool:
    """Tells whether a character is Han and has a reading the models have phones for."""
    return bool(char_syllables(char))


@lru_cache(maxsize=8192)
def _with_tone_digit(syllable: str) -> str:
    return to_tone3(syllable, neutral_tone_with_five=True)


def _large_table() -> Iterator[tuple[str, list[list[str]]]]:
    """Yields the 412,000 phrases of pypinyin-dict part by part, so that they never lie in memory together."""
    for part in range(_NUM_LARGE_PARTS):
        name = f"pypinyin_dict.phrase_pinyin_data.large_pinyin_{part}"
        yield from importlib.import_module(name).phrases_dict.items()
        del sys.modules[name]


@cache
def phrase_table() -> Mapping[str, tuple[str, ...]]:
    """Returns phrase -> syllables for all phrases whose reading is not just that of their characters.

    pypinyin's own 47,000 phrases are checked by hand and win over the large table, which is not: that one
    reads 上去 with a third tone and 说什么 as shi mo. Of the large one are kept the phrases that contradict
    no shorter phrase of the small one and differ in more than a neutral tone. Some 40,000 remain; loading
    takes about two seconds.
    """
    table: dict[str, tuple[str, ...]] = {}
    with _without_garbage_collection():
        for phrase, readings in _large_table():
            if not _is_plain(phrase, readings):
                syllables = _syllables(phrase, readings)
                if syllables and _is_worth_it(phrase, syllables) and _agrees_inside(phrase, syllables):
                    table[phrase] = syllables
    for phrase, readings in PHRASES_DICT.items():
        syllables = None if _is_plain(phrase, readings) else _syllables(phrase, readings)
        if syllables:
            table[phrase] = syllables
        else:
            table.pop(phrase, None)
    for phrase, readings in PHRASES_DICT.items():
        # A plain phrase counts where it keeps a shorter one inside from being found.
        if len(phrase) > 2 and phrase not in table and any(part in table for _, part in _parts(phrase)):
            syllables = _syllables(phrase, readings)
            if syllables:
                table[phrase] = syllables
    return table | dict(_own_phrases())


@cache
def _own_phrases() -> Mapping[str, tuple[str, ...]]:
    lines = (DATA / "phrases.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    return {phrase: tuple(syllables) for phrase, *syllables in rows}


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Halves the time of making millions of small lists, none of them garbage."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@cache
def _commonest() -> Mapping[str, str]:
    return {chr(code): readings.split(",", 1)[0] for code, readings in PINYIN_DICT.items()}


def _is_plain(phrase: str, readings: list[list[str]]) -> bool:
    """Tells whether a phrase is read as its characters are."""
    commonest = _commonest()
    for char, reading in zip(phrase, readings, strict=False):  # noqa: SIM110 - a loop is twice as fast here
        if commonest.get(char) != reading[0]:
            return False
    return True


def is_hand_checked(word: str) -> bool:
    """Tells whether pypinyin's own table or ours has the word."""
    return word in PHRASES_DICT or word in _own_phrases()


def _syllables(phrase: str, readings: list[list[str]]) -> tuple[str, ...] | None:
    """Returns the syllables of a phrase, None for one that is too long or has syllables without phones."""
    if not 2 <= len(phrase) <= MAX_PHRASE_CHARS or len(readings) != len(phrase):
        return None
    syllables = tuple(_with_tone_digit(reading[0]) for reading in readings)
    return syllables if all(map(syllable_phones, syllables)) else None


def _is_worth_it(phrase: str, syllables: tuple[str, ...]) -> bool:
    """Tells whether a reading differs from the commonest in more than neutral tones and 一, 不, 子."""
    return any(
        syllable[-1] != "5" and char not in "一不子" and char_syllables(char)[:1] != (syllable,)
        for char, syllable in zip(phrase, syllables, strict=True)
    )


def _agrees_inside(phrase: str, syllables: tuple[str, ...]) -> bool:
    """Tells whether a reading contradicts none of the hand-checked phrases inside the phrase."""
    for start, part in _parts(phrase):
        known = _syllables(part, PHRASES_DICT[part]) if part in PHRASES_DICT else None
        for char, ours, theirs in zip(part, known or (), syllables[start:], strict=False):
            if ours != theirs and char not in "一不" and "5" not in (ours[-1], theirs[-1]):
                return False
    return True


def _parts(phrase: str) -> Iterator[tuple[int, str]]:
    """Yields every shorter run of two or more characters with its start."""
    size = len(phrase)
    for start in range(size - 1):
        for end in range(start + 2, size + 1):
            if end - start < size:
                yield start, phrase[start:end]


def read_word(word: str) -> list[str]:
    """Returns one syllable per character: the longest phrases inside the word, else the commonest ones."""
    table, syllables, start = phrase_table(), [], 0
    while start < len(word):
        for end in range(min(len(word), start + MAX_PHRASE_CHARS), start + 1, -1):
            if word[start:end] in table:
                syllables += table[word[start:end]]
                break
        else:
            end = start + 1
            syllables.append(char_syllables(word[start])[0])
        start = end
    return syllables
