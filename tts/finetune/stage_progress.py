"""One line per stage on the console, with the time left while it runs on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from tts.finetune.progress_events import Tell, ToldProgress, tell_nobody
from tts.finetune.training_progress import Progress


class StageLines:
    """Tells what stage the work is in.

    Args:
        names: of all stages in order, for "[2/6]".
        is_terminal: whether lines may be redrawn; by default, whether standard output is a terminal.
        tell: receives the same as events, for programs.
    """

    def __init__(
        self, names: Sequence[str], *, is_terminal: bool | None = None, tell: Tell = tell_nobody
    ) -> None:
        self._names = tuple(names)
        self._done_before: set[str] = set()
        self._is_terminal, self._tell = is_terminal, tell

    def began(self, name: str, is_done: bool) -> None:
        """For `Stages`: a stage begins, or is done already."""
        if is_done:
            self._done_before.add(name)
            click.echo(f"{self._number(name)} {name}: done before")
            self._tell_stage(name, "done before")

    def note(self, name: str, text: str) -> None:
        """Tells something about a stage on a line of its own."""
        click.echo(f"{self._number(name)} {name}: {text}")
        self._tell("note", stage=name, text=text)

    def progress(self, name: str) -> Progress:
        """For a training, which has lines of its own."""
        return ToldProgress(name, name, self._tell, is_terminal=self._is_terminal)

    @contextmanager
    def counting(self, name: str, things: str = "clips") -> Iterator[Callable[[int, int], None]]:
        """Counts things while the stage runs; then tells how long it took, unless it was done before.

        What it yields is to be called with the number done and the number of all.
        """
        label = f"{self._number(name)} {name}"
        progress = ToldProgress(name, label, self._tell, is_terminal=self._is_terminal)
        self._tell_stage(name, "begun")
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
            sec = time.monotonic() - start_sec
            progress.tell(f"{counted}{sec:.0f} s")
            self._tell_stage(name, "done", sec=round(sec, 1))

    def _tell_stage(self, name: str, state: str, **values: float) -> None:
        number = self._names.index(name) + 1
        self._tell("stage", stage=name, number=number, num_stages=len(self._names), state=state, **values)

    def _number(self, name: str) -> str:
        return f"[{self._names.index(name) + 1}/{len(self._names)}]"
