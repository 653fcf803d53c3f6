"""How near readings are to what they are measured by."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class Agreement:
    """How near phones are to a golden's: rows, those that are equal, and 1 - edits / phones over all rows."""

    rows: int = 0
    exact: int = 0
    phone_agreement: float = 1.0
    num_edits: int = 0
    num_phones: int = 0

    def add(self, wanted: Sequence[str], got: Sequence[str]) -> None:
        """Counts one row."""
        edits = edit_distance(wanted, got)
        self.rows += 1
        self.exact += not edits
        self.num_edits += edits
        self.num_phones += len(wanted)
        self.phone_agreement = 1 - self.num_edits / max(1, self.num_phones)


@dataclass(slots=True)
class Truth:
    """Marked characters, and those read as marked."""

    rows: int = 0
    targets: int = 0
    right: int = 0


@dataclass(slots=True)
class Wishes:
    """Wishes, and those that came true."""

    rows: int = 0
    kept: int = 0


@dataclass(slots=True)
class Cuts:
    """Texts cut by a method: rows, those cut alike, and those of them for which upstream raises an error."""

    rows: int = 0
    exact: int = 0
    where_upstream_raises: int = 0


def edit_distance(left: Sequence[str], right: Sequence[str]) -> int:
    """Returns how many symbols have to be put in, left out or replaced to make one sequence the other."""
    costs = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        diagonal, costs[0] = costs[0], i
        for j, b in enumerate(right, 1):
            diagonal, costs[j] = costs[j], min(costs[j] + 1, costs[j - 1] + 1, diagonal + (a != b))
    return costs[-1]
