"""What the recogniser learns to hear: word soup and syllable soup, so that it learns sounds and no language.

A judge that knew which words are likely would hear what should have been said.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evaluation.phone_recogniser.labels import labels, labels_of
from tts.text.english.dictionary import load_dictionary
from tts.text.front_end import FrontEnd
from tts.text.mandarin.pinyin import DATA, syllable_phones

FUNCTION_WORDS = Path(__file__).parent.parent / "data" / "function_words.txt"
FUNCTION_WORD_SHARE = 0.45
MAX_WORD_LETTERS = 9
WORDS, SYLLABLES = (3, 10), (4, 14)
MARK_SHARE = 0.12
# Third tones do not follow each other: the second would change the first when it is spoken.
THIRD = "3"


@dataclass(frozen=True, slots=True)
class Line:
    """Something to say.

    Attributes:
        said: English text, or Mandarin in pinyin.
        labels: the phones in it.
    """

    said: str
    labels: tuple[str, ...]


def make_lines(language: str, count: int, seed: int) -> list[Line]:
    """Returns lines of `en` or `zh`; the same for the same seed."""
    rng = random.Random(f"{language} {seed}")  # noqa: S311 - no secrets here
    make = _english_line if language == "en" else _mandarin_line
    return [make(rng) for _ in range(count)]


def _english_line(rng: random.Random) -> Line:
    words = [
        rng.choice(_function_words())
        if rng.random() < FUNCTION_WORD_SHARE
        else rng.choice(_dictionary_words())
        for _ in range(rng.randint(*WORDS))
    ]
    text = _with_marks(words, rng).capitalize()
    return Line(text, tuple(labels_of(text, "en", _front_end())))


def _mandarin_line(rng: random.Random) -> Line:
    count, syllables = rng.randint(*SYLLABLES), list[str]()
    while len(syllables) < count:
        # A neutral tone needs a syllable to lean on.
        tone = rng.choices("12345", (22, 22, 18, 28, 10 if syllables else 0))[0]
        if tone != THIRD or not syllables or syllables[-1][-1] != THIRD:
            syllables.append(rng.choice(_syllables()) + tone)
    phones = [phone for syllable in syllables for phone in syllable_phones(syllable) or ()]
    return Line(_with_marks(syllables, rng), tuple(labels(phones, "zh")))


def _with_marks(words: Sequence[str], rng: random.Random) -> str:
    inner = [word + "," if rng.random() < MARK_SHARE else word for word in words[:-1]]
    return " ".join([*inner, words[-1] + rng.choice("...?")])


@cache
def _function_words() -> Sequence[str]:
    lines = FUNCTION_WORDS.read_text(encoding="utf-8").splitlines()
    return [word for line in lines if not line.startswith("#") for word in line.split()]


@cache
def _dictionary_words() -> Sequence[str]:
    return [word for word in load_dictionary() if word.isalpha() and 2 <= len(word) <= MAX_WORD_LETTERS]


@cache
def _syllables() -> Sequence[str]:
    """Every syllable that is read by its spelling; `m`, `ng` and their like are not."""
    table = json.loads((DATA / "pinyin_phones.json").read_text(encoding="utf-8"))
    return [
        name
        for name in table
        if any(vowel in name for vowel in "aeiouv") and name[:2] not in _SECOND_SPELLINGS
    ]


_SECOND_SPELLINGS = ("jv", "qv", "xv", "yv")


@cache
def _front_end() -> FrontEnd:
    return FrontEnd()
