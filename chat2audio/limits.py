"""How long the pieces of a reply are that are spoken at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Bounds(NamedTuple):
    """Of one piece: the shortest at which it may be cut, and the longest, in units."""

    min_units: float
    max_units: float


@dataclass(frozen=True, slots=True)
class SplitLimits:
    """Lengths of the pieces, in units: a Han, kana or hangul character or a digit is 1, a word `word_units`.

    The first piece is short, so that the voice can begin; the second gives it something to go on with; then
    whole sentences sound best. At one unit of 1.5 per word, 4 units are 3 words, 15 are 10 and 50 are 33.

    Attributes:
        first_min: The first piece may end from here on, at a clause or sentence mark.
        first_max: It is cut at the best place before this.
        second_min: The same for the second piece.
        second_max: The same for the second piece.
        later_min: Shorter sentences are joined to the next one.
        later_max: Longer ones are cut, at a clause mark if there is one, else at a blank, else anywhere.
        clause_pieces: How many pieces, from the first, may end at a clause mark of their own accord.
        word_units: Length of a word of a language written with blanks.
        max_chars: Most characters of a piece, whatever they count. A word, number or address that alone is
            longer than a piece may be is kept whole up to this.

    Raises:
        ValueError: A limit that cannot be kept; the message names it.
    """

    first_min: float = 4
    first_max: float = 15
    second_min: float = 8
    second_max: float = 30
    later_min: float = 6
    later_max: float = 50
    clause_pieces: int = 2
    word_units: float = 1.5
    max_chars: int = 300

    def __post_init__(self) -> None:
        for name in ("first", "second", "later"):
            low, high = getattr(self, f"{name}_min"), getattr(self, f"{name}_max")
            if not 0 <= low < high or high < 4:
                raise ValueError(
                    f"{name}_min is {low} and {name}_max {high}; it must be 0 <= min < max and max at least 4"
                )
        if self.clause_pieces < 0:
            raise ValueError(f"clause_pieces is {self.clause_pieces}; it must be 0 or more")
        if not 0 < self.word_units <= 4:
            raise ValueError(f"word_units is {self.word_units}; it must be above 0 and at most 4")
        if self.max_chars < 16:
            raise ValueError(f"max_chars is {self.max_chars}; it must be at least 16")

    @classmethod
    def from_dict(cls, values: Mapping[str, float]) -> SplitLimits:
        """Limits from a speaker's `splitter` table.

        Raises:
            ValueError: An unknown name (the message lists the valid ones), no number, or a limit that cannot
                be kept.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        for name, value in values.items():
            if name not in names:
                raise ValueError(f"unknown splitter limit {name!r}; valid are {', '.join(names)}")
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"splitter limit {name} is {value!r}; it must be a number")
            if name in ("clause_pieces", "max_chars") and int(value) != value:
                raise ValueError(f"splitter limit {name} is {value!r}; it must be a whole number")
        return cls(**values)  # pyright: ignore[reportArgumentType]

    @classmethod
    def sentences_only(cls) -> SplitLimits:
        """Cut at the ends of sentences and nowhere else."""
        far = 1e9
        return cls(0, far, 0, far, 0, far, clause_pieces=0, max_chars=10**9)

    def bounds(self, index: int) -> Bounds:
        """The limits of the piece of a number, from 0."""
        if index == 0:
            return Bounds(self.first_min, self.first_max)
        if index == 1:
            return Bounds(self.second_min, self.second_max)
        return Bounds(self.later_min, self.later_max)
