"""What a training run can be told, with defaults for Qwen2.5-7B on one GPU of 24 GB."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from llm.finetune.errors import BadSettings

METHODS = ("lora", "full")
SCHEDULES = ("cosine", "linear", "constant_with_warmup")
# The seven linear maps of a Qwen2 layer; serving reads adapters of linear layers only.
LINEAR_LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How to train.

    Attributes:
        method: "lora" trains an adapter beside the frozen model, "full" the model itself.
        rank, alpha, dropout: of the adapter.
        batch_size: dialogues per step; micro_batch_size of them at once, which is what memory must hold.
        epochs, max_steps: how often the data is gone through, unless max_steps > 0 says the steps.
        max_tokens: longer dialogues are left out, not cut: a cut answer would teach to stop mid-sentence.
        warmup: share of the steps in which the learning rate rises.
        eval_every, save_every, log_every: in steps; 0 means at the end only.
        has_activation_checkpoints: recompute activations in the backward pass: less memory, a third slower.
        precision: "auto" is bfloat16 on a GPU and float32 on a CPU.
    """

    method: str = "lora"
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    learning_rate: float = 1e-4
    schedule: str = "cosine"
    warmup: float = 0.05
    weight_decay: float = 0.0
    batch_size: int = 16
    micro_batch_size: int = 1
    epochs: float = 3.0
    max_steps: int = 0
    max_tokens: int = 2048
    eval_every: int = 50
    save_every: int = 50
    log_every: int = 5
    seed: int = 0
    has_activation_checkpoints: bool = True
    precision: str = "auto"

    def __post_init__(self) -> None:
        """Raises BadSettings, naming what would be valid."""
        for name, valid in (("method", METHODS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in valid:
                raise BadSettings(f"{name} must be one of {', '.join(valid)}, not {getattr(self, name)!r}")
        if self.precision not in ("auto", "float32", "bfloat16"):
            raise BadSettings(f"precision must be auto, float32 or bfloat16, not {self.precision!r}")
        for name in ("rank", "alpha", "batch_size", "micro_batch_size", "max_tokens"):
            if getattr(self, name) < 1:
                raise BadSettings(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.batch_size % self.micro_batch_size:
            raise BadSettings(
                f"batch_size {self.batch_size} must be a multiple of micro_batch_size {self.micro_batch_size}"
            )
        if not 0 <= self.dropout < 1 or not 0 <= self.warmup < 1:
            raise BadSettings("dropout and warmup must be at least 0 and below 1")
        if self.learning_rate <= 0 or (self.epochs <= 0 and self.max_steps <= 0):
            raise BadSettings("learning_rate and epochs must be above 0")

    def as_dict(self) -> dict[str, Any]:
        """Returns the settings by name."""
        return asdict(self)
