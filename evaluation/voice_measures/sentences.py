"""The sentences a voice is judged by: one a line."""

from __future__ import annotations

from pathlib import Path

DATA = Path(__file__).parent.parent / "data"


def default_sentences(language: str) -> list[str]:
    """Returns natural sentences of `en` or `zh`, which no training text may hold."""
    return read_sentences(DATA / f"held_out_{language}.txt")


def read_sentences(path: Path) -> list[str]:
    """Returns the lines of a text file that are not empty."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return [line.strip() for line in lines if line.strip()]


def language_of(text: str) -> str:
    """Returns `zh` for text with a Chinese character, else `en`."""
    return "zh" if any("㐀" <= char <= "鿿" for char in text) else "en"
