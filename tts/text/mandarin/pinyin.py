"""Syllables: which Han characters can be read, how words and phrases are read, and the phones of a syllable.

A syllable is written as pinyin with a tone digit, `v` for ü and 5 for the neutral tone: `lv4`, `de5`.
"""

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from pathlib import Path

from pypinyin import Style, pinyin
from pypinyin.constants import PHRASES_DICT
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
    """Returns initial and final with its tone, `zhang3` -> ("zh", "ang3"); None if the models have no phones for it."""
    base, tone = syllable[:-1], syllable[-1:]
    if base not in _phone_table() or tone not in "12345":
        return None
    initial, final = _phone_table()[base]
    return initial, final + tone


@lru_cache(maxsize=32768)
def char_syllables(char: str) -> tuple[str, ...]:
    """Returns the syllables of one character that have phones, the commonest first; none for what is not Han."""
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

    pypinyin's own table (47,000 phrases, checked by hand) wins over the large one of pypinyin-dict, which reads 上去
    with a third tone, for instance. About 45,000 phrases remain; loading takes some two seconds.
    """
    table: dict[str, tuple[str, ...]] = {}
    plain: list[str] = []
    for source in (_large_table(), PHRASES_DICT.items()):
        for phrase, readings in source:
            if not 2 <= len(phrase) <= MAX_PHRASE_CHARS or len(readings) != len(phrase):
                continue
            syllables = tuple(_with_tone_digit(reading[0]) for reading in readings)
            if any(syllable_phones(syllable) is None for syllable in syllables):
                continue
            table.pop(phrase, None)
            if all(char_syllables(c)[:1] == (s,) for c, s in zip(phrase, syllables, strict=True)):
                plain.append(phrase)
            else:
                table[phrase] = syllables
    for phrase in plain:  # a plain phrase still counts where it keeps a shorter one inside from being found
        if len(phrase) > 2 and phrase not in table and _has_phrase_inside(phrase, table):
            table[phrase] = tuple(char_syllables(char)[0] for char in phrase)
    return table


def _has_phrase_inside(phrase: str, table: Mapping[str, tuple[str, ...]]) -> bool:
    size = len(phrase)
    spans = ((i, j) for i in range(size) for j in range(i + 2, size + 1) if j - i < size)
    return any(phrase[i:j] in table for i, j in spans)


def read_word(word: str) -> list[str]:
    """Returns one syllable per character: the longest phrases inside the word, else the commonest readings."""
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
