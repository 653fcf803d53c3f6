"""What the teachers say: all that the built-in characters can say, random sentences, and held-out ones.

The corpus comes in shards of some hundred lines, each drawn from its own number: any of them can be made
again alone, by any process, in any order.
"""

from __future__ import annotations

import itertools
import random
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chat2audio.sentences import SentenceSplitter
from chat2audio.speakable import Speakable
from demo.llm.names import draw_name
from demo.speech.english_text import EnglishText
from demo.speech.mandarin_text import MandarinText
from demo.speech.word_lists import data_lines

LANGUAGES = ("en", "zh")
SHARD_LINES = 250
SEED = 20
NAMES_PER_LINE = 8  # a line with a name in it is said with so many
_REPLIES = Path(__file__).parents[1] / "llm" / "data" / "replies"
_PROMPTS = Path(__file__).parents[2] / "prompts"
_ENDS = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class Line:
    """One text to be said.

    Attributes:
        kind: `held-out`, `reply` or `random`.
        language: `en` or `zh`.
        text: what.
    """

    kind: str
    language: str
    text: str


def held_out(language: str) -> list[Line]:
    """Returns natural sentences that are nowhere else in the corpus."""
    return [Line("held-out", language, text) for text in data_lines(f"held_out_{language}.txt")]


def replies(language: str) -> list[Line]:
    """Returns all that the built-in characters can say, cut as when spoken, and sentence by sentence."""
    rng = random.Random(f"{SEED} {language} names")
    texts: dict[str, None] = {}
    for text in _whole_replies(language):
        repeats = NAMES_PER_LINE if "{name}" in text else 1
        for _ in range(repeats):
            filled = text.replace("{name}", draw_name(language, rng)) if "{name}" in text else text
            texts |= dict.fromkeys(_pieces(filled))
            texts |= dict.fromkeys(part.strip() for part in _ENDS.split(filled) if part.strip())
    excluded = {line.text for line in held_out(language)}
    return [Line("reply", language, text) for text in texts if text not in excluded]


def shard(language: str, number: int, *, has_english: bool = False) -> list[Line]:
    """Returns the lines of one shard: 0 is held out, replies follow, then random sentences without end.

    Args:
        language: `en` or `zh`.
        number: from 0.
        has_english: whether Mandarin sentences may have English words in them.
    """
    if number == 0:
        return held_out(language)
    said = _shuffled_replies(language)
    start = (number - 1) * SHARD_LINES
    if start < len(said):
        return said[start : start + SHARD_LINES]
    rng = random.Random(f"{SEED} {language} {number}")
    source = _source(language, has_english)
    excluded = {line.text for line in held_out(language)}
    texts: dict[str, None] = {}
    while len(texts) < SHARD_LINES:
        text = source.draw(rng)
        if text not in excluded:
            texts[text] = None
    return [Line("random", language, text) for text in texts]


@cache
def _source(language: str, has_english: bool) -> EnglishText | MandarinText:
    return EnglishText() if language == "en" else MandarinText(has_english=has_english)


@cache
def _shuffled_replies(language: str) -> list[Line]:
    lines = replies(language)
    random.Random(f"{SEED} {language} replies").shuffle(lines)
    return lines


def _whole_replies(language: str) -> Iterator[str]:
    for path in sorted(_REPLIES.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        if path.stem.endswith(f"_{language}"):
            yield from _strings(table)
        elif not path.stem.endswith(("_en", "_zh")):
            # One file for both languages: each entry is [Chinese, English].
            yield from (pair[LANGUAGES[::-1].index(language)] for pair in table.values())
    for path in sorted(_PROMPTS.glob("*.md")):
        greeting = re.search(r'^greeting = "(.*)"$', path.read_text(encoding="utf-8"), re.MULTILINE)
        if greeting and bool(re.search("[一-鿿]", greeting[1])) == (language == "zh"):
            yield greeting[1]


def _strings(table: Mapping[str, Any]) -> Iterator[str]:
    for value in table.values():
        yield from _strings(value) if isinstance(value, Mapping) else value


def _pieces(text: str) -> Sequence[str]:
    """Returns a reply in the pieces that the server speaks at once."""
    speakable, splitter = Speakable(), SentenceSplitter()
    spans = [*speakable.push(text), *speakable.flush()]
    sentences = [*itertools.chain.from_iterable(map(splitter.push, spans)), *splitter.flush()]
    return [sentence.spoken.strip() for sentence in sentences if sentence.spoken.strip()]
