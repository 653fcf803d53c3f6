"""Word lists of the Korean reader, one file each under `data/`; lines that start with # are comments."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


@cache
def words(name: str) -> frozenset[str]:
    """Returns the words of `data/NAME.txt`, which stand there with blanks between them."""
    lines = (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def pairs(name: str) -> Mapping[str, str]:
    """Returns the pairs of `data/NAME.txt`, which are written `this=that`."""
    return dict(word.split("=") for word in words(name))
