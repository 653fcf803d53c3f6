"""Rows in which we differ from upstream on purpose, and what the difference is."""

import tomllib
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import NamedTuple

from evaluation.front_end.readings import Outcome

DATA = Path(__file__).parents[1] / "data" / "front_end_improvements.toml"


class Improvement(NamedTuple):
    """Why a text is read better than upstream does; if always, even when told to be like upstream."""

    reason: str
    is_always: bool


def load_improvements(path: Path = DATA) -> Mapping[str, Improvement]:
    """Returns the improvements by text.

    Texts, not names of rows: another set of goldens has the same names for other texts.
    """
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return {
        text: Improvement(reason, table.get("always", False))
        for reason, table in tables.items()
        for text in table["texts"]
    }


def reason_of(outcome: Outcome, improvements: Mapping[str, Improvement]) -> str | None:
    """Returns why an outcome differs on purpose; None if it does not, or not on purpose."""
    found = improvements.get(outcome.text)
    if found is None or outcome.wanted == outcome.got or not (found.is_always or outcome.is_ours):
        return None
    return found.reason


def describe(outcome: Outcome, improvements: Mapping[str, Improvement]) -> Iterator[str]:
    """Yields lines that say what differs in an outcome and why; none where nothing does."""
    if outcome.wanted == outcome.got:
        return
    reason = reason_of(outcome, improvements)
    why = f"on purpose: {reason}" if reason else "not explained"
    yield f"{outcome.row_id}{outcome.variant}: {outcome.text}"
    yield f"    {why}"
    matcher = SequenceMatcher(None, outcome.wanted, outcome.got, autojunk=False)
    for kind, start, end, got_start, got_end in matcher.get_opcodes():
        if kind != "equal":
            before = " ".join(outcome.wanted[max(0, start - 2) : start])
            wanted = " ".join(outcome.wanted[start:end]) or "nothing"
            got = " ".join(outcome.got[got_start:got_end]) or "nothing"
            yield f"    after {before or 'the start'}: upstream {wanted}, we {got}"
