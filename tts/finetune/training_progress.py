"""What a training run tells: a bar with the time left on a terminal, lines in a log, a history on disk."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import torch

BAR_WIDTH = 24
HISTORY_FILE = "history.jsonl"


class Meter:
    """Means of the losses since it was last cleared."""

    def __init__(self) -> None:
        self.num_added = 0
        self._sums: dict[str, float | torch.Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, losses: Mapping[str, float | torch.Tensor]) -> None:
        """Count one step's losses; not every step must have all of them."""
        self.num_added += 1
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1

    def means(self) -> dict[str, float]:
        """Return the means of all that was added since the last `clear`."""
        return {name: float(total) / self._counts[name] for name, total in self._sums.items()}

    def clear(self) -> None:
        """Begin anew."""
        self.num_added, self._sums, self._counts = 0, {}, {}


class History:
    """`history.jsonl`: one JSON object a line with step, seconds spent so far (all sittings) and losses."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / HISTORY_FILE
        self._wall_sec, self._cpu_sec = time.monotonic(), time.process_time()

    def spent(self) -> dict[str, float]:
        """Return seconds by the clock and of processor time (all threads of this process)."""
        return {
            "wall_sec": time.monotonic() - self._wall_sec,
            "cpu_sec": time.process_time() - self._cpu_sec,
        }

    def resume(self, step: int, spent: Mapping[str, float]) -> None:
        """Go on from an earlier sitting; what it noted after its last checkpoint is forgotten."""
        self._wall_sec -= spent["wall_sec"]
        self._cpu_sec -= spent["cpu_sec"]
        if self._path.is_file():
            lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
            self._path.write_text("".join(kept), encoding="utf-8")

    def write(self, step: int, batch_size: int, values: Mapping[str, Any]) -> None:
        """Add a line."""
        spent = {name: round(value, 2) for name, value in self.spent().items()}
        line = {"step": step, **spent, "batch_size": batch_size, **values}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class Progress:
    """Tells step, losses and the time left.

    Args:
        name: of what is trained; begins every line.
        is_terminal: whether a bar may be redrawn; by default, whether standard output is a terminal.
        echo: where to.
    """

    def __init__(
        self, name: str = "", *, is_terminal: bool | None = None, echo: Callable[..., None] = click.echo
    ) -> None:
        self._prefix = f"{name}: " if name else ""
        self._is_terminal = sys.stdout.isatty() if is_terminal is None else is_terminal
        self._echo = echo
        self._start_sec = 0.0
        self._first_step = self._num_steps = 0
        self._losses = ""
        self._has_bar = False

    def begin(self, step: int, num_steps: int) -> None:
        """Note where the run starts; a resumed one does not start at 0."""
        self._start_sec, self._first_step, self._num_steps = time.monotonic(), step, num_steps

    def advance(self, step: int) -> None:
        """Move the bar."""
        if self._is_terminal:
            filled = BAR_WIDTH * step // max(1, self._num_steps)
            bar = "#" * filled + "-" * (BAR_WIDTH - filled)
            self._echo(f"\r{self._prefix}[{bar}] {self._line(step)}\x1b[K", nl=False)
            self._has_bar = True

    def log(self, step: int, losses: Mapping[str, float]) -> None:
        """Tell the losses."""
        self._losses = _listed(losses)
        if not self._is_terminal:
            self._echo(self._prefix + self._line(step))

    def evaluated(self, step: int, values: Mapping[str, float]) -> None:
        """Tell what an evaluation said."""
        self._say(f"step {step}: held out: {_listed(values)}")

    def tell(self, text: str) -> None:
        """Tell something on a line of its own."""
        self._say(text)

    def _say(self, text: str) -> None:
        self.end()
        self._echo(self._prefix + text)

    def end(self) -> None:
        """End the bar's line, if there is one."""
        if self._has_bar:
            self._echo()
            self._has_bar = False

    def _line(self, step: int) -> str:
        num_done = max(1, step - self._first_step)
        left_sec = (time.monotonic() - self._start_sec) / num_done * (self._num_steps - step)
        line = f"step {step}/{self._num_steps}, {_clock(left_sec)} left"
        return f"{line}, {self._losses}" if self._losses else line


def _listed(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"
