"""How far a download is: a line that is written over on a terminal, and nothing in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import click

_MIB = 1 << 20
_INTERVAL_SEC = 0.5
_LINE_CHARS = 78


class ProgressLine:
    """Shows one file after the other.

    Args:
        is_shown: whether anybody watches; by default whether the error stream is a terminal.
        clock: seconds; tests bring their own.
    """

    def __init__(self, is_shown: bool | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._is_shown = sys.stderr.isatty() if is_shown is None else is_shown
        self._clock = clock

    def watch(self, name: str, size: int) -> Callable[[int], None]:
        """Return what is to be told how many bytes of a file there are."""
        started_at, start, shown_at = self._clock(), None, -_INTERVAL_SEC

        def tell(num_bytes: int) -> None:
            nonlocal start, shown_at
            now = self._clock()
            start = num_bytes if start is None else start
            if self._is_shown and (now - shown_at >= _INTERVAL_SEC or num_bytes >= size):
                shown_at = now
                rate = (num_bytes - start) / max(now - started_at, 1e-9)
                click.echo("\r" + _line(name, num_bytes, size, rate), nl=num_bytes >= size, err=True)

        return tell


def _line(name: str, num_bytes: int, size: int, rate: float) -> str:
    left = f"{(size - num_bytes) / rate:.0f} s left" if rate > 0 else ""
    share = 100 * num_bytes // max(size, 1)
    figures = f"{share:3d} % of {size / _MIB:.1f} MiB, {rate / _MIB:.1f} MiB/s {left}"
    short = name if len(name) + len(figures) < _LINE_CHARS else "..." + name[len(figures) + 4 - _LINE_CHARS :]
    return f"{short} {figures}".ljust(_LINE_CHARS)[:_LINE_CHARS]
