"""Progress for programs: one JSON object a line on standard error, beside the lines and the bar for people.

Every object has `event`: `stage` (it has begun, is done, or was done before), `step`, `losses`, `evaluation`,
`note` (words for people), `report`, and at the end `finished`, `stopped` or `failed`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import click

from tts.finetune.training_progress import Progress

STEP_EVERY_SEC = 1.0

Tell = Callable[..., None]


def tell_nobody(event: str, **values: Any) -> None:
    """For whoever has no program listening."""


def tell_on_stderr(event: str, **values: Any) -> None:
    """Writes an event and its values, which must be plain, as a line."""
    click.echo(json.dumps({"event": event, **values}, ensure_ascii=False), err=True)


class ToldProgress(Progress):
    """A `Progress` that programs can follow, too.

    Args:
        stage: its name in the events.
        name: begins every line for people.
        tell: receives the events.
        is_terminal: see `Progress`.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        stage: str,
        name: str,
        tell: Tell,
        *,
        is_terminal: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name, is_terminal=is_terminal)
        self._stage, self._tell, self._clock = stage, tell, clock
        self._told_at = float("-inf")

    def begin(self, step: int, num_steps: int) -> None:
        """See `Progress`."""
        super().begin(step, num_steps)
        self._tell_step(step)

    def advance(self, step: int) -> None:
        """Tells steps at most once a second, and the last one."""
        super().advance(step)
        if self._clock() - self._told_at >= STEP_EVERY_SEC or step == self._num_steps:
            self._tell_step(step)

    def log(self, step: int, losses: Mapping[str, float]) -> None:
        """See `Progress`."""
        super().log(step, losses)
        self._tell("losses", stage=self._stage, step=step, num_steps=self._num_steps, **losses)

    def evaluated(self, step: int, values: Mapping[str, float]) -> None:
        """See `Progress`."""
        super().evaluated(step, values)
        self._tell("evaluation", stage=self._stage, step=step, num_steps=self._num_steps, **values)

    def tell(self, text: str) -> None:
        """See `Progress`."""
        super().tell(text)
        self._tell("note", stage=self._stage, text=text)

    def _tell_step(self, step: int) -> None:
        self._told_at = self._clock()
        self._tell("step", stage=self._stage, step=step, num_steps=self._num_steps)
