"""Little grammars: "(good |)morning" stands for two sentences; {x} is filled in later."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

_CHOICE = re.compile(r"\(([^()]*)\)")
_SLOT = re.compile(r"\{(\w+)\}")


def expand(pattern: str, rng: random.Random) -> str:
    """Returns one sentence of the pattern, drawn at random."""
    while found := _CHOICE.search(pattern):
        choice = rng.choice(found.group(1).split("|"))
        pattern = pattern[: found.start()] + choice + pattern[found.end() :]
    return re.sub(r" +", " ", pattern).replace(" ?", "?").strip()


def fill(text: str, values: Mapping[str, str]) -> str:
    """Returns the text with every {slot} replaced; an unknown slot is an error."""
    return _SLOT.sub(lambda found: values[found.group(1)], text)
