"""Word lists of the Mandarin reader, one file each under `data/`."""

from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


@cache
def word_set(name: str) -> frozenset[str]:
    """Returns the words of `data/NAME.txt`: separated by blanks, lines that start with # are comments."""
    lines = (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def longest_first(name: str) -> tuple[str, ...]:
    """Returns the same words in the order an alternation in a pattern needs."""
    return tuple(sorted(word_set(name), key=lambda word: (-len(word), word)))
