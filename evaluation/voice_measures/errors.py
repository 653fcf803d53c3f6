"""Error rates: edits over what was wanted, for words and phones alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tts.edit_distance import edit_distance

NUM_RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """Edits between what was wanted and what was heard, and the number of symbols wanted."""

    num_edits: int
    num_wanted: int

    @classmethod
    def between(cls, wanted: Sequence[str], heard: Sequence[str]) -> ErrorCount:
        """Counts the symbols that have to be put in, left out or replaced."""
        return cls(edit_distance(wanted, heard), len(wanted))


def error_rate(counts: Sequence[ErrorCount | None]) -> float | None:
    """Returns all edits over all symbols wanted; None if something was not counted or nothing was wanted.

    Long sentences weigh more than short ones, as usual. The rate can exceed 1: what was heard may be longer.
    """
    known = [count for count in counts if count is not None]
    num_wanted = sum(count.num_wanted for count in known)
    if len(known) < len(counts) or not num_wanted:
        return None
    return sum(count.num_edits for count in known) / num_wanted


def error_interval(counts: Sequence[ErrorCount | None]) -> tuple[float, float] | None:
    """Returns where the rate lies with 95 % chance, by drawing sentences again and again (bootstrap)."""
    if error_rate(counts) is None:
        return None
    table = np.array([(c.num_edits, c.num_wanted) for c in counts if c is not None])
    draws = np.random.default_rng(0).integers(len(table), size=(NUM_RESAMPLES, len(table)))
    edits, wanted = np.moveaxis(table[draws].sum(axis=1), 1, 0)
    low, high = np.percentile(edits / np.maximum(wanted, 1), (2.5, 97.5))
    return float(low), float(high)
