"""Checked access to a speaker's dict: every fault names the source, the key and what would be valid."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
MAX_PATH_CHARS = 1024


class BadSpeaker(ValueError):
    """A speaker that cannot be used; the message names the source, the key, the reason and what is valid."""


class Fields:
    """The entries of one table, taken out one by one and checked on the way.

    Args:
        data: the table.
        source: the file or dict named in errors.
        valid: the keys that may occur; None allows all.
        required: the keys that must occur.
        where: dotted name of the table inside the source, "" at the top.

    Raises:
        BadSpeaker: `data` is not a table, holds a key that is not valid, or lacks a required one.
    """

    def __init__(
        self,
        data: object,
        *,
        source: str,
        valid: Iterable[str] | None,
        required: Iterable[str] = (),
        where: str = "",
    ) -> None:
        self.source = source
        self._where = where
        if not isinstance(data, Mapping):
            raise BadSpeaker(f"{source}: {where or 'a speaker'} must be a table of keys and values")
        self.data: Mapping[str, Any] = data
        if valid is not None:
            valid = list(valid)
            for key in data:
                if key not in valid:
                    near = difflib.get_close_matches(str(key), valid, n=1)
                    hint = f" (did you mean {near[0]}?)" if near else ""
                    raise self.bad(str(key), f"unknown key{hint}; valid keys: {', '.join(valid)}")
        missing = [key for key in required if data.get(key) is None]
        if missing:
            raise self.bad(", ".join(missing), "required, but not given")

    def bad(self, key: str, reason: str) -> BadSpeaker:
        """Return the error for one key, to be raised."""
        where = self._where + "." if self._where else ""
        return BadSpeaker(f"{self.source}: {where}{key}: {reason}")

    def value(self, key: str) -> Any:
        """Return the value as it stands, None if absent."""
        return self.data.get(key)

    def line(self, key: str, *, default: str | None, max_chars: int, may_be_empty: bool = False) -> str:
        """Return one stripped line of text; with no default the key is required."""
        value = self.data.get(key)
        if value is None:
            value = default
        if value is None:
            raise self.bad(key, "is required")
        if not isinstance(value, str):
            raise self.bad(key, f"must be text, not {value!r}")
        value = value.strip()
        if not value and not may_be_empty:
            raise self.bad(key, "must not be empty")
        if len(value) > max_chars:
            raise self.bad(key, f"has {len(value)} characters; the limit is {max_chars}")
        if _CONTROL.search(value):
            raise self.bad(key, "must be one line without control characters")
        return value

    def number(self, key: str, default: float, *, low: float, high: float) -> float:
        """Return a finite number from `low` to `high`, as a float."""
        value = self.data.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.bad(key, f"must be a number from {low:g} to {high:g}, not {value!r}")
        # Compared before the conversion: an int of 400 digits has no float. NaN fails the comparison.
        if not low <= value <= high or not math.isfinite(value):
            raise self.bad(key, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def integer(self, key: str, default: int, *, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        value = self.number(key, default, low=low, high=high)
        if value != int(value):
            raise self.bad(key, f"must be a whole number from {low} to {high}, not {value:g}")
        return int(value)

    def choice(self, key: str, valid: Sequence[str]) -> str | None:
        """Return one of `valid` (compared without case), None if absent."""
        value = self.data.get(key)
        if value is None:
            return None
        found = [name for name in valid if isinstance(value, str) and name.lower() == value.strip().lower()]
        if not found:
            raise self.bad(key, f"must be one of {', '.join(valid)}, not {value!r}")
        return found[0]

    def table(self, key: str, *, max_items: int) -> Mapping[str, Any]:
        """Return a table with text keys, empty if absent."""
        value = self.data.get(key)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(name, str) and name for name in value):
            raise self.bad(key, "must be a table of names and values")
        if len(value) > max_items:
            raise self.bad(key, f"has {len(value)} entries; the limit is {max_items}")
        return value

    def file_name(self, key: str) -> str | None:
        """Return a name below a folder the server knows: relative, never leaving it. None if absent or ""."""
        value = self.line(key, default="", max_chars=200, may_be_empty=True).replace("\\", "/")
        if not value:
            return None
        if value.startswith("/") or ":" in value or ".." in value.split("/"):
            raise self.bad(key, f"must be a name inside its folder, not {value!r}")
        return value


def place(
    fields: Fields,
    key: str,
    value: object,
    *,
    folder: str | Path | None,
    models_dir: str | Path | None,
    roots: Sequence[str | Path],
) -> Path:
    """Return the absolute path a speaker's path text means (see `Speaker.from_dict`).

    Raises:
        BadSpeaker: not a path, or outside `roots`.
    """
    if isinstance(value, Path):
        value = str(value)
    if (
        not isinstance(value, str)
        or not value.strip()
        or len(value) > MAX_PATH_CHARS
        or _CONTROL.search(value)
    ):
        raise fields.bad(key, f"must be the path of a file, not {value!r}")
    # Files written on Windows spell relative paths with backslashes.
    path = Path(value.strip().replace("\\", "/"))
    candidates = [Path(base) / path for base in (folder, models_dir) if base is not None] or [path]
    found = next((candidate for candidate in candidates if candidate.exists()), candidates[-1]).resolve()
    if roots and not any(found.is_relative_to(Path(root).resolve()) for root in roots):
        inside = ", ".join(str(root) for root in roots)
        raise fields.bad(key, f"{value!r} lies outside the folders allowed for voices: {inside}")
    return found
