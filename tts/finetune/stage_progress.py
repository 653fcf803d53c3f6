"""One line per stage on the console, with the time left while it runs on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from tts.finetune.training_progress import Progress


class StageLines:
    """Tells what stage the work is in.

    Args:
        names: of all stages in order, for "[2/6]".
        is_terminal: whether lines may be redrawn; by default, whether standard output is a terminal.
    """

    def __init__(self, names: Sequence[str], *, is_terminal: bool | None = None) -> None:
        self._names = tuple(names)
        self._done_before: set[str] = set()
        self._is_terminal = sys.stdout.isatty() if is_terminal is None else is_terminal

    def began(self, name: str, is_done: bool) -> None:
        """For `Stages`: a stage begins, or is done already."""
        if is_done:
            self._done_before.add(name)
            click.echo(f"{self._number(name)} {name}: done before")

    @contextmanager
    def counting(self, name: str, things: str = "clips") -> Iterator[Callable[[int, int], None]]:
        """Counts things while the stage runs; then tells how long it took, unless it was done before.

        What it yields is to be called with the number done and the number of all.
        """
        progress = Progress(f"{self._number(name)} {name}", is_terminal=self._is_terminal)
        start_sec, num_told = time.monotonic(), 0

        def told(num_done: int, num: int) -> None:
            nonlocal num_told
            if not num_told:
                progress.begin(0, num)
            num_told = num_done
            progress.advance(num_done)

        yield told
        if name not in self._done_before:
            counted = f"{num_told} {things}, " if num_told else ""
            progress.tell(f"{counted}{time.monotonic() - start_sec:.0f} s")

    def _number(self, name: str) -> str:
        return f"[{self._names.index(name) + 1}/{len(self._names)}]"
