"""Weights held once, for as long as anybody uses them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

Weights = TypeVar("Weights")


class SharedWeights:
    """Remembers what was loaded without keeping it in memory."""

    def __init__(self) -> None:
        self._weights: weakref.WeakValueDictionary[Hashable, Any] = weakref.WeakValueDictionary()

    def get(self, key: Hashable, load: Callable[[], Weights]) -> Weights:
        """Returns what was loaded under this key, if anybody still has it, or else loads it."""
        weights = self._weights.get(key)
        if weights is None:
            weights = self._weights[key] = load()
        return weights


def file_stamp(path: Path) -> tuple[str, int, int]:
    """What tells one state of a file from another: resolved path, size in bytes, time of change in ns."""
    stat = path.stat()
    return str(path.resolve()), stat.st_size, stat.st_mtime_ns
