"""Epochs: how many steps they are, and a checkpoint to speak with kept after every few of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from tts.finetune.errors import FinetuneError
from tts.finetune.training_loop import LoopSettings, Losses, Trainee

CPU_BATCH_SIZE = 4
MIN_CLIPS_PER_EPOCH = 100  # upstream repeats fewer clips up to so many
_NAME = re.compile(r"epoch-(\d+)\.\w+")


@dataclass(frozen=True, slots=True)
class EpochPlan:
    """How long one of the two models is trained.

    Attributes:
        num_epochs: in all.
        keep_every: epochs between checkpoints that are kept to choose from; the last one always is.
        batch_size: clips a step.
        learning_rate: of the optimiser; None for what suits the base.
        seed: of all that is random.
    """

    num_epochs: int
    keep_every: int
    batch_size: int
    learning_rate: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("num_epochs", "keep_every", "batch_size"):
            if getattr(self, name) < 1:
                raise FinetuneError(f"{name} must be 1 or more, not {getattr(self, name)}")
        if self.learning_rate is not None and not 0 < self.learning_rate < 1:
            raise FinetuneError(f"learning_rate must be above 0 and below 1, not {self.learning_rate}")

    def steps_per_epoch(self, num_clips: int) -> int:
        """Steps in which so many clips are heard once; few clips are heard several times an epoch."""
        return math.ceil(max(num_clips, MIN_CLIPS_PER_EPOCH) / self.batch_size)

    def loop(self, num_clips: int) -> LoopSettings:
        """Settings of the training loop, which evaluates whenever a checkpoint is kept."""
        per_epoch = self.steps_per_epoch(num_clips)
        return LoopSettings(
            num_steps=per_epoch * self.num_epochs,
            batch_size=self.batch_size,
            save_every=per_epoch * self.keep_every,
            eval_every=per_epoch * self.keep_every,
            log_every=per_epoch,
            seed=self.seed,
        )


class EpochKeeper(Trainee):
    """A trainee that also writes down what it has become, whenever it is evaluated.

    Args:
        trainee: what is trained.
        keep: is called with the number of steps done.
    """

    def __init__(self, trainee: Trainee, keep: Callable[[int], None]) -> None:
        self._trainee, self._keep = trainee, keep
        self._num_done = 0

    def train_step(self, batch: Any) -> Losses:
        """See `Trainee`."""
        losses = self._trainee.train_step(batch)
        self._num_done += 1
        return losses

    def evaluate(self) -> Mapping[str, float]:
        """Evaluates, and keeps."""
        figures = self._trainee.evaluate()
        self._keep(self._num_done)
        return figures

    def state_dict(self) -> dict[str, Any]:
        """See `Trainee`."""
        return {"num_done": self._num_done, "trainee": self._trainee.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """See `Trainee`."""
        self._num_done = state["num_done"]
        self._trainee.load_state_dict(state["trainee"])


def usual_batch_size(device: str) -> int:
    """Clips a step where nobody says: upstream's rule on a GPU."""
    if device == "cpu":
        return CPU_BATCH_SIZE
    return max(1, torch.cuda.get_device_properties(0).total_memory // (2 << 30))


def kept_path(folder: Path, num_done: int, steps_per_epoch: int, suffix: str) -> Path:
    """Where the checkpoint after so many steps is kept."""
    return folder / f"epoch-{num_done // steps_per_epoch:03d}{suffix}"


def kept_epochs(folder: Path) -> dict[int, Path]:
    """The checkpoints that were kept, by the number of epochs before them."""
    found = ((_NAME.fullmatch(path.name), path) for path in sorted(folder.iterdir()))
    return {int(match[1]): path for match, path in found if match}
