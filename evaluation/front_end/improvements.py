"""Rows in which we differ from upstream on purpose, and what the difference is."""

import tomllib
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from pathlib import Path

from evaluation.front_end.readings import Outcome

DATA = Path(__file__).parents[1] / "data" / "front_end_improvements.toml"


def load_improvements(path: Path = DATA) -> Mapping[str, str]:
    """Returns text -> why it is read better than upstream does.

    Texts, not names of rows: another set of goldens has the same names for other texts.
    """
    reasons = tomllib.loads(path.read_text(encoding="utf-8"))
    return {text: reason for reason, texts in reasons.items() for text in texts["texts"]}


def describe(outcome: Outcome, improvements: Mapping[str, str]) -> Iterator[str]:
    """Yields lines that say what differs in an outcome and why; none where nothing does."""
    if outcome.wanted == outcome.got:
        return
    reason = improvements.get(outcome.text)
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
