"""Words whose pronunciation is known: the CMU dictionary and our few additions, and capitals that are spelled."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tts.text.english.dictionary import load_dictionary

DATA = Path(__file__).parent / "data"


def _lines(name: str) -> list[str]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


@cache
def _additions() -> Mapping[str, str]:
    rows = (line.split(" ", 1) for line in _lines("words.txt"))
    return {word: phones for word, phones in rows}


@cache
def spelled_words() -> frozenset[str]:
    """Returns the words that, written in capitals, are said letter by letter although they are words in small ones."""
    return frozenset(word for line in _lines("spelled.txt") for word in line.split())


def look_up(word: str) -> tuple[str, ...] | None:
    """Returns the phones of a lower-case word, None for one that is not in the dictionary."""
    phones = _additions().get(word) or load_dictionary().get(word)
    return tuple(phones.split()) if phones else None
