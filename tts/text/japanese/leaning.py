"""Words that lean on the one before, with the accents that the models were trained with.

The package's dictionary gives many of them accents that fit its own, newer phrases: with the older borders of
`phrases` こと or ます would fall at the wrong place.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent / "data" / "accents.txt"


class Leaning(NamedTuple):
    """What tells such a word from others: class, sub-class and form as in the dictionary, base, reading."""

    pos: str
    group1: str
    form: str
    base: str
    reading: str


@cache
def known_accents() -> Mapping[Leaning, tuple[int, str]]:
    """Returns accent and rule (as in `words.Word`) of the words whose dictionary accents do not fit."""
    rows = (
        line.split() for line in FILE.read_text(encoding="utf-8").splitlines() if not line.startswith("#")
    )
    return {Leaning(*row[:5]): (int(row[5]), row[6]) for row in rows}
