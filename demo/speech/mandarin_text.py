"""Mandarin sentences without end: words of jieba's dictionary in templates, and strung together."""

from __future__ import annotations

import itertools
import random
import re
from collections import defaultdict
from functools import cache
from importlib.resources import files

from demo.llm.names import draw_name
from demo.speech.english_text import EnglishText
from demo.speech.word_lists import data_lines
from tts.text.mandarin.pinyin import is_readable

MIN_COUNT = 20
MAX_CHARS = 4
FREQUENCY_POWER = 0.55
TEMPLATE_SHARE = 0.5
_LENGTHS = ((1, 2), (3, 6), (7, 11), (12, 16))
_LENGTH_WEIGHTS = (15, 45, 30, 10)
_ENDS = "。。。。。。。？？！！"
_COMMA_SHARE = 0.12
# Slot of a template -> jieba's tags of the words that fit.
_TAGS = {
    "n": ("n", "nz"),
    "v": ("v", "vn"),
    "a": ("a",),
    "d": ("d",),
    "s": ("s", "ns"),
    "t": ("t",),
    "i": ("i", "l"),
}


class MandarinText:
    """Draws sentences; a few have an English word, if they may."""

    def __init__(self, *, has_english: bool) -> None:
        self._groups = _words()
        templates = data_lines("templates_zh.txt")
        self._templates = [line for line in templates if has_english or "{en}" not in line]
        self._english = EnglishText() if has_english else None

    def draw(self, rng: random.Random) -> str:
        """Returns a sentence."""
        return self._filled(rng) if rng.random() < TEMPLATE_SHARE else self._strung(rng)

    def _filled(self, rng: random.Random) -> str:
        return re.sub(
            r" ?\{(\w+)\} ?", lambda slot: self._slot(slot.group(1), rng), rng.choice(self._templates)
        )

    def _slot(self, kind: str, rng: random.Random) -> str:
        if kind == "name":
            return draw_name("zh", rng)
        if kind == "num":
            return str(rng.choice((rng.randint(2, 20), rng.randint(21, 99), rng.randint(100, 9999))))
        if kind == "date":
            return f"{rng.randint(1, 12)}月{rng.randint(1, 28)}日"
        if kind == "en" and self._english:
            return f" {self._english.word(rng)} "
        return self._word(kind, rng)

    def _strung(self, rng: random.Random) -> str:
        num_words = rng.randint(*rng.choices(_LENGTHS, _LENGTH_WEIGHTS)[0])
        parts = []
        for place in range(num_words):
            is_inside = 0 < place < num_words - 1
            parts.append(self._word("w", rng) + ("，" if is_inside and rng.random() < _COMMA_SHARE else ""))
        return "".join(parts) + rng.choice(_ENDS)

    def _word(self, kind: str, rng: random.Random) -> str:
        words, weights = self._groups[kind]
        return rng.choices(words, cum_weights=weights)[0]


@cache
def _words() -> dict[str, tuple[list[str], list[float]]]:
    """Returns slot -> words and their weights added up; `w` has all words."""
    groups: dict[str, tuple[list[str], list[float]]] = defaultdict(lambda: ([], []))
    slots = {tag: slot for slot, tags in _TAGS.items() for tag in tags}
    for line in files("jieba").joinpath("dict.txt").read_text(encoding="utf-8").splitlines():
        word, count, tag = line.split(" ")
        if int(count) < MIN_COUNT or len(word) > MAX_CHARS or not all(map(is_readable, word)):
            continue
        for slot in {"w", slots.get(tag, "w")}:
            groups[slot][0].append(word)
            groups[slot][1].append(int(count) ** FREQUENCY_POWER)
    return {slot: (words, list(itertools.accumulate(weights))) for slot, (words, weights) in groups.items()}
