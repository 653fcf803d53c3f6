"""What is known about single words: the CMU Pronouncing Dictionary and our own lists under `data/`.

Everything is unpacked when it is first asked for and shared by all readers.
"""

import lzma
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
Phones = tuple[str, ...]


@cache
def load_dictionary() -> dict[str, str]:
    """Returns lower-case word -> ARPAbet phones separated by blanks, one reading for each word."""
    text = lzma.decompress((DATA / "cmudict.xz").read_bytes()).decode("ascii")
    return dict(line.split(" ", 1) for line in text.splitlines())  # type: ignore[misc]


@cache
def own_readings() -> dict[str, str]:
    """Returns the readings of `words.txt`, which come before the dictionary."""
    return dict(line.split(" ", 1) for line in _lines("words"))  # type: ignore[misc]


@cache
def word_set(name: str) -> frozenset[str]:
    """Returns the words of `data/NAME.txt`."""
    return frozenset(word for line in _lines(name) for word in line.split())


@cache
def word_group(name: str) -> frozenset[str]:
    """Returns one group of words of `contexts.txt`."""
    groups = dict(line.split(": ", 1) for line in _lines("contexts"))  # type: ignore[misc]
    return frozenset(groups[name].split())


@cache
def homographs() -> dict[str, dict[str, Phones]]:
    """Returns word -> role -> phones, the role to fall back on first."""
    table: dict[str, dict[str, Phones]] = {}
    for line in _lines("homographs"):
        word, _, readings = line.partition(":")
        parts = [reading.split() for reading in readings.split("|")]
        table[word] = {role: tuple(phones) for role, *phones in parts}
    return table


def look_up(word: str) -> Phones | None:
    """Returns how a known lower-case word is said, None for an unknown one."""
    reading = own_readings().get(word) or load_dictionary().get(word)
    return tuple(reading.split()) if reading else None


@cache
def phone_symbols() -> frozenset[str]:
    """Returns all phones the dictionary uses: what a reading may consist of."""
    return frozenset(phone for reading in load_dictionary().values() for phone in reading.split())


def _lines(name: str) -> list[str]:
    text = (DATA / f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
