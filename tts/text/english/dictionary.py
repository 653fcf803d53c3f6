"""The CMU Pronouncing Dictionary: how 126,000 English words are said."""

import lzma
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"


@cache
def load_dictionary() -> dict[str, str]:
    """Returns lower-case word -> ARPAbet phones separated by blanks; one reading per word. Unpacked once."""
    text = lzma.decompress((DATA / "cmudict.xz").read_bytes()).decode("ascii")
    return dict(line.split(" ", 1) for line in text.splitlines())  # type: ignore[misc]
