"""Training the semantic model (s1), from nothing or from a checkpoint."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from runtime.stop_flag import StopFlag
from tts.finetune.ema import WeightAverage
from tts.finetune.features import ClipFeatures
from tts.finetune.precision import autocast
from tts.finetune.semantic_batches import SemanticBatches
from tts.finetune.semantic_forward import predict
from tts.finetune.semantic_guidance import guides_for
from tts.finetune.semantic_held_out import HeldOut
from tts.finetune.semantic_preference import log_likelihoods, preference_loss
from tts.finetune.semantic_rows import Rows
from tts.finetune.semantic_settings import SemanticSettings
from tts.finetune.training_loop import LoopResult, LoopSettings, Losses, Trainee, train
from tts.finetune.training_progress import Progress
from tts.models.semantic import SemanticModel
from tts.models.semantic_layout import SemanticSizes

Check = Callable[[SemanticModel], float]


@dataclass(frozen=True, slots=True, eq=False)
class StartValues:
    """Weights a fresh model begins with instead of random ones; None leaves random ones.

    Where a token is known to stand for certain phones, embeddings put together from phones save many steps.

    Attributes:
        phones: (num_phonemes, dim), the text embedding.
        tokens: (num_tokens, dim), the embedding of semantic tokens.
        head: (num_tokens, dim), the rows that score each token.
    """

    phones: torch.Tensor | None = None
    tokens: torch.Tensor | None = None
    head: torch.Tensor | None = None


class SemanticTrainee(Trainee):
    """The model, its optimiser and the average of its weights.

    Args:
        start: sizes of a fresh model, drawn from torch's random numbers; or a model, which is copied.
        settings: how to train.
        num_steps: of the whole run, over which the learning rate falls.
        held_out: what `evaluate` measures on.
        device: to train on.
        start_values: of a fresh model.
        checks: further measures by name, given the model (with averaged weights, if there are) in `evaluate`.
    """

    def __init__(
        self,
        start: SemanticSizes | SemanticModel,
        settings: SemanticSettings,
        num_steps: int,
        *,
        held_out: HeldOut | None = None,
        device: torch.device | str = "cpu",
        start_values: StartValues | None = None,
        checks: Mapping[str, Check] | None = None,
    ) -> None:
        self.settings, self.device = settings, torch.device(device)
        self.model = _copied(start) if isinstance(start, SemanticModel) else SemanticModel(start)
        _fill(self.model, start_values or StartValues())
        self.model.to(self.device)
        self._num_steps, self._num_done = num_steps, 0
        self._held_out, self._checks = held_out, dict(checks or {})
        self._guides = guides_for(self.model.sizes.num_layers) if settings.guidance_weight else ()
        self._optimizer = _optimizer(self.model, settings)
        decay = settings.average_decay
        self._average = None if decay is None else WeightAverage(self.model, decay)

    def train_step(self, batch: Rows) -> Losses:
        """Learn from rows; returns `nll` per token, `attention` where it was guided, `preference` over slips
        where there are any."""
        settings = self.settings
        rows = batch.to(self.device)
        rate = settings.learning_rate * settings.rate_share(self._num_done, self._num_steps)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.zero_grad(set_to_none=True)
        with autocast(self.device, self.settings.precision):
            logits, attention = predict(self.model, rows, self._guides)
        nll = F.cross_entropy(logits.float(), rows.targets)
        loss = nll if attention is None else nll + settings.guidance_weight * attention
        preference = None if rows.rejected is None else self._preference(logits, rows, rows.rejected)
        if preference is not None:
            # Upstream adds it to the sum over all targets.
            loss = loss + (settings.preference_weight or 0.0) * preference / len(rows.targets)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), settings.max_gradient_norm)
        self._optimizer.step()
        self._num_done += 1
        if self._average is not None:
            self._average.update()
        losses = {"nll": nll, "attention": attention, "preference": preference}
        return {name: value.detach() for name, value in losses.items() if value is not None}

    def _preference(self, logits: torch.Tensor, rows: Rows, rejected: Rows) -> torch.Tensor:
        with autocast(self.device, self.settings.precision):
            rejected_logits, _ = predict(self.model, rejected)
        return preference_loss(log_likelihoods(logits, rows), log_likelihoods(rejected_logits, rejected))

    def evaluate(self) -> Mapping[str, float]:
        """Measure on held-out clips, with averaged weights if there are."""
        with self._best_weights(), autocast(self.device, self.settings.precision):
            found = dict(self._held_out.measure(self.model)) if self._held_out else {}
        with self._best_weights():  # the checks run the code that serves, which is not for autocast
            return {**found, **{name: check(self.model) for name, check in self._checks.items()}}

    def weights(self) -> dict[str, torch.Tensor]:
        """Return what is to be written: the model's tensors on the CPU, averaged if there is an average."""
        with self._best_weights():
            return {name: tensor.detach().cpu().clone() for name, tensor in self.model.state_dict().items()}

    def state_dict(self) -> dict[str, Any]:
        """Return model, optimiser, average and step."""
        return {
            "model": self.model.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "average": None if self._average is None else self._average.state_dict(),
            "num_done": self._num_done,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.model.load_state_dict(state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        if self._average is not None:
            self._average.load_state_dict(state["average"])
        self._num_done = state["num_done"]

    def _best_weights(self) -> AbstractContextManager[None]:
        return nullcontext() if self._average is None else self._average.applied()


def train_semantic(
    clips: Sequence[ClipFeatures],
    start: SemanticSizes | SemanticModel,
    folder: Path,
    loop: LoopSettings,
    settings: SemanticSettings | None = None,
    *,
    speakers: Sequence[str] | None = None,
    held_out: HeldOut | None = None,
    device: torch.device | str = "cpu",
    start_values: StartValues | None = None,
    checks: Mapping[str, Check] | None = None,
    stop: StopFlag | None = None,
    progress: Progress | None = None,
) -> tuple[SemanticTrainee, LoopResult]:
    """Train, or go on with, the run in a folder; the arguments are those of the classes it joins.

    Returns:
        The trainee, whose `weights()` can be written with `write_semantic_checkpoint`, and how the run ended.

    Raises:
        BadRecordings: clips do not fit the model.
        BadRun, TrainingFailed: see `train`.
    """
    settings = settings or SemanticSettings()
    sizes = start.sizes if isinstance(start, SemanticModel) else start
    torch.manual_seed(loop.seed)
    trainee = SemanticTrainee(
        start,
        settings,
        loop.num_steps,
        held_out=held_out,
        device=device,
        start_values=start_values,
        checks=checks,
    )
    batches = SemanticBatches(clips, sizes, settings, loop.num_steps, speakers)
    note = {**asdict(settings), "sizes": asdict(sizes), "clips": _digest(clips)}
    note.pop("precision")  # a run may move to another machine
    result = train(trainee, batches, loop, folder, note=note, stop=stop, progress=progress)
    return trainee, result


def _copied(model: SemanticModel) -> SemanticModel:
    copy = SemanticModel(model.sizes)
    copy.load_state_dict(model.state_dict())
    return copy


@torch.no_grad()
def _fill(model: SemanticModel, values: StartValues) -> None:
    for layer, start in (
        (model.phone_embedding, values.phones),
        (model.token_embedding, values.tokens),
        (model.head, values.head),
    ):
        if start is not None:
            if start.shape != layer.weight.shape:
                raise ValueError(f"start values {tuple(start.shape)} for weights {tuple(layer.weight.shape)}")
            layer.weight.copy_(start)


def _optimizer(model: SemanticModel, settings: SemanticSettings) -> torch.optim.AdamW:
    matrices = [module.weight for module in model.modules() if isinstance(module, nn.Linear)]
    known = {id(weight) for weight in matrices}
    others = [parameter for parameter in model.parameters() if id(parameter) not in known]
    return torch.optim.AdamW(
        [{"params": matrices}, {"params": others, "weight_decay": 0.0}],
        lr=settings.learning_rate,
        betas=(0.9, 0.95),  # upstream's
        weight_decay=settings.weight_decay,
        fused=True,  # also on a CPU: 5.6 ms where the plain one took 20 ms, for 6.3 million weights
    )


def _digest(clips: Sequence[ClipFeatures]) -> str:
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(clip.phones.tobytes() + b"|" + clip.tokens.tobytes() + b";")
    return digest.hexdigest()
