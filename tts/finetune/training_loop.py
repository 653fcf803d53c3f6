"""The loop all voice trainings run on: it resumes, saves, stops on Ctrl-C and survives full memory.

What is trained is a `Trainee`, what it is trained on a `BatchSource`. Both know nothing of the loop. A step's
batch and its random numbers follow from the seed and the step's number alone, so a run that was interrupted
and resumed is, bit for bit, the run that was not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from runtime.stop_flag import StopFlag
from tts.finetune.errors import FinetuneError
from tts.finetune.run_folder import RunFolder
from tts.finetune.training_progress import History, Meter, Progress

Losses = Mapping[str, "float | torch.Tensor"]


class TrainingFailed(FinetuneError):
    """The run cannot go on: memory does not hold one clip, or a loss is no longer a number."""


class Trainee(Protocol):
    """What is trained: networks, their optimisers, averages. A class that names this as its base may leave
    `evaluate` out."""

    def train_step(self, batch: Any, /) -> Losses:
        """Learn from one batch and return its losses: floats, or detached tensors of one element, which cost
        no wait for the GPU.

        Clears old gradients itself, at its start: after a step that ran out of memory the loop comes again
        with a smaller batch.
        """
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return all that changes in training, as tensors, plain values, lists and dicts of them."""
        ...

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Take over what `state_dict` returned."""
        ...

    def evaluate(self) -> Mapping[str, float]:
        """Measure on held-out clips; empty where there is nothing to measure."""
        return {}


class BatchSource(Protocol):
    """Where batches come from."""

    def draw(self, step: int, batch_size: int, seed: int) -> Any:
        """Return the batch of a step (counted from 0). Same arguments, same batch."""
        ...


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How long and how watchfully to train.

    Attributes:
        num_steps: in all, those before a resumption included.
        batch_size: clips a step; halved for good when memory does not hold it.
        save_every: steps between checkpoints; one is also written at the end and on Ctrl-C. 0: only then.
        eval_every: steps between evaluations; one is also made at the end. 0: only then.
        log_every: steps between two lines of the log and of the history.
        seed: of batches and of all random numbers drawn within a step.
    """

    num_steps: int
    batch_size: int
    save_every: int = 500
    eval_every: int = 500
    log_every: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("num_steps", "batch_size", "log_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, not {getattr(self, name)}")


@dataclass(frozen=True, slots=True)
class LoopResult:
    """What a run ended with.

    Attributes:
        num_steps: done in all.
        is_finished: False after Ctrl-C; train again with the same folder to go on.
        losses: means over the last steps.
        evaluation: what `evaluate` said last; empty where it was not asked.
    """

    num_steps: int
    is_finished: bool
    losses: Mapping[str, float] = field(default_factory=dict)
    evaluation: Mapping[str, float] = field(default_factory=dict)


def train(
    trainee: Trainee,
    batches: BatchSource,
    settings: LoopSettings,
    folder: Path,
    *,
    note: Mapping[str, Any] | None = None,
    stop: StopFlag | None = None,
    progress: Progress | None = None,
) -> LoopResult:
    """Train, from the folder's last checkpoint if it has one.

    Args:
        folder: of this run alone; checkpoints (two at most) and `history.jsonl` are written there.
        note: plain values that say what this run trains (settings, data). A folder whose note differs is
            refused. Seed and batch size are noted in any case.
        stop: ends the run after the step at hand; without one, Ctrl-C does.
        progress: what to tell meanwhile.

    Raises:
        BadRun: the folder holds a run of another note, or no checkpoint in it can be read.
        TrainingFailed: a loss became infinite or not a number, or memory does not hold a batch of one.
    """
    home = RunFolder(folder, {"seed": settings.seed, "batch_size": settings.batch_size, **(note or {})})
    loop = _Loop(trainee, batches, settings, home, progress or Progress())
    stop = stop or StopFlag()
    with stop.on_interrupt():
        return loop.run(stop)


def step_seed(seed: int, step: int) -> int:
    """Return a seed for one step that has nothing in common with those of its neighbours."""
    return int(np.random.SeedSequence((seed, step)).generate_state(1, np.uint64)[0])


class _Loop:
    def __init__(
        self,
        trainee: Trainee,
        batches: BatchSource,
        settings: LoopSettings,
        home: RunFolder,
        progress: Progress,
    ) -> None:
        self._trainee, self._batches, self._settings = trainee, batches, settings
        self._home, self._progress = home, progress
        self._step = self._saved_step = 0
        self._batch_size = settings.batch_size
        self._history = History(home.path)
        self._meter = Meter()
        self._losses: Mapping[str, float] = {}
        self._evaluation: Mapping[str, float] = {}

    def run(self, stop: StopFlag) -> LoopResult:
        settings = self._settings
        self._resume()
        self._progress.begin(self._step, settings.num_steps)
        while self._step < settings.num_steps and not stop.is_set:
            self._meter.add(self._train_step())
            self._step += 1
            self._progress.advance(self._step)
            is_last = self._step == settings.num_steps
            if is_last or _is_due(self._step, settings.log_every):
                self._log()
            if is_last or _is_due(self._step, settings.eval_every):
                self._evaluate()
            if _is_due(self._step, settings.save_every):
                self._save()
        if self._step != self._saved_step:
            self._log()
            self._save()
        self._progress.end()
        is_finished = self._step >= settings.num_steps
        return LoopResult(self._step, is_finished, self._losses, self._evaluation)

    def _train_step(self) -> Losses:
        """Take one step, with half the clips as often as memory is too small."""
        seed = step_seed(self._settings.seed, self._step)
        while True:
            torch.manual_seed(seed)
            try:
                return self._trainee.train_step(
                    self._batches.draw(self._step, self._batch_size, self._settings.seed)
                )
            except (MemoryError, RuntimeError) as error:
                if not _is_out_of_memory(error):
                    raise
            # Out here the error, and with it the step's tensors, are gone.
            if self._batch_size == 1:
                raise TrainingFailed("memory does not hold a batch of one clip: use shorter clips")
            self._batch_size //= 2
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            self._progress.tell(f"out of memory: going on with batches of {self._batch_size}")

    def _log(self) -> None:
        if self._meter.num_added:
            self._losses = self._sound_means()
            self._meter.clear()
            self._history.write(self._step, self._batch_size, self._losses)
            self._progress.log(self._step, self._losses)

    def _sound_means(self) -> dict[str, float]:
        means = self._meter.means()
        broken = [name for name, value in means.items() if not math.isfinite(value)]
        if broken:
            raise TrainingFailed(
                f"{', '.join(broken)} is no finite number any more (step {self._step}). The last checkpoint "
                "is sound: lower the learning rate and begin anew"
            )
        return means

    def _evaluate(self) -> None:
        torch.manual_seed(step_seed(self._settings.seed, 0))
        self._evaluation = dict(self._trainee.evaluate())
        if self._evaluation:
            self._history.write(self._step, self._batch_size, {"evaluation": self._evaluation})
            self._progress.evaluated(self._step, self._evaluation)

    def _save(self) -> None:
        self._sound_means()  # broken weights are not kept
        state = {
            "step": self._step,
            "batch_size": self._batch_size,
            "spent": self._history.spent(),
            "losses": dict(self._losses),
            "evaluation": dict(self._evaluation),
            "trainee": self._trainee.state_dict(),
        }
        self._home.save(self._step, state)
        self._saved_step = self._step

    def _resume(self) -> None:
        state = self._home.newest()
        if state is None:
            return
        self._step, self._batch_size = state["step"], state["batch_size"]
        self._saved_step = self._step
        self._losses, self._evaluation = state["losses"], state["evaluation"]
        self._trainee.load_state_dict(state["trainee"])
        self._history.resume(self._step, state["spent"])
        self._progress.tell(f"going on from step {self._step}")


def _is_due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0


def _is_out_of_memory(error: BaseException) -> bool:
    """On a GPU torch has a class for it, on a CPU only words."""
    text = str(error).lower()
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        "defaultcpuallocator" in text or "out of memory" in text
    )
