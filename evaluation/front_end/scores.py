"""How near readings are to what they are measured by."""

from collections.abc import Sequence
from dataclasses import dataclass

from tts.edit_distance import edit_distance


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
