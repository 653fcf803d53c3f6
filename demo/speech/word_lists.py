"""The word and sentence lists under data/, one entry a line, `#` before remarks."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parent / "data"


def data_lines(name: str) -> list[str]:
    """Returns the lines of a list without its remarks."""
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def sound_list(name: str) -> tuple[str, ...]:
    """Returns one of the lists of sounds.txt."""
    lists = dict(line.split(": ", 1) for line in data_lines("sounds.txt"))  # type: ignore[misc]
    return tuple(lists[name].split())
