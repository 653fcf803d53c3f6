"""The two trainings as stages: clips and a base in, checkpoints of several epochs out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from tts.checkpoint import read_checkpoint
from tts.checkpoint_writing import write_semantic_checkpoint
from tts.finetune.acoustic_batches import AcousticBatches
from tts.finetune.acoustic_check import AcousticCheck
from tts.finetune.acoustic_networks import AcousticNetworks
from tts.finetune.acoustic_settings import ADVERSARIAL, FINE_TUNING, SMALL_FINE_TUNING, AcousticSettings
from tts.finetune.acoustic_trainee import AcousticTrainee
from tts.finetune.bases import PUBLISHED_WIDTH, Bases
from tts.finetune.discriminators import (
    NO_DISCRIMINATORS,
    UPSTREAM_PRO_SIZES,
    UPSTREAM_SIZES,
    DiscriminatorSizes,
)
from tts.finetune.epochs import EpochKeeper, EpochPlan, kept_path
from tts.finetune.features import ClipFeatures
from tts.finetune.semantic_batches import SemanticBatches
from tts.finetune.semantic_held_out import HeldOut
from tts.finetune.semantic_settings import SemanticSettings
from tts.finetune.semantic_training import SemanticTrainee
from tts.finetune.training_loop import BatchSource, Trainee, train
from tts.finetune.training_progress import Progress
from tts.models.semantic import SemanticModel

RUN_FOLDER = "run"
# For bases narrower than the published ones.
SMALL_SEMANTIC_RATE = 1e-4


@dataclass(frozen=True, slots=True)
class VoiceTraining:
    """What either training is given.

    Attributes:
        clips: to learn from.
        held_out: to measure on; may be empty.
        bases: to start from.
        plan: epochs, batches and rates.
        folder: for checkpoints.
        device: cpu or cuda.
        progress: told of steps; None writes lines.
    """

    clips: Sequence[ClipFeatures]
    held_out: Sequence[ClipFeatures]
    bases: Bases
    plan: EpochPlan
    folder: Path
    device: torch.device | str
    progress: Progress | None = None


class Stopped(Exception):
    """Ctrl-C came; everything is saved, and the same command goes on."""


def train_semantic_stage(given: VoiceTraining) -> None:
    """Trains the semantic base on clips, or goes on with it; `epoch-*.ckpt` are left in the folder.

    Raises:
        Stopped: by Ctrl-C.
        FinetuneError: it cannot be done; see `train`.
    """
    model = SemanticModel.from_checkpoint(read_checkpoint(given.bases.semantic))
    plan, held_out = given.plan, given.held_out
    loop = plan.loop(len(given.clips))
    usual = SemanticSettings()
    usual_rate = usual.learning_rate if model.sizes.dim >= PUBLISHED_WIDTH else SMALL_SEMANTIC_RATE
    settings = replace(
        usual,
        learning_rate=plan.learning_rate or usual_rate,
        warmup_steps=min(usual.warmup_steps, loop.num_steps // 10),
    )
    torch.manual_seed(plan.seed)
    trainee = SemanticTrainee(
        model,
        settings,
        loop.num_steps,
        held_out=HeldOut(held_out, model.sizes) if held_out else None,
        device=given.device,
    )

    per_epoch = plan.steps_per_epoch(len(given.clips))

    def keep(num_done: int) -> None:
        path = kept_path(given.folder, num_done, per_epoch, ".ckpt")
        write_semantic_checkpoint(path, trainee.weights(), model.sizes, f"GPT-e{num_done // per_epoch}")

    batches = SemanticBatches(given.clips, model.sizes, settings, loop.num_steps)
    _train("semantic", EpochKeeper(trainee, keep), batches, given)


def train_acoustic_stage(given: VoiceTraining) -> None:
    """Trains the acoustic base on clips, or goes on with it; `epoch-*.pth` are left in the folder.

    Raises:
        Stopped: by Ctrl-C.
        FinetuneError: it cannot be done; see `train`.
    """
    bases, plan, held_out = given.bases, given.plan, given.held_out
    networks = AcousticNetworks.from_base(
        bases.acoustic,
        bases.discriminators,
        version=bases.version.name,
        discriminator_sizes=discriminator_sizes(bases),
        seed=plan.seed,
    )
    loop = plan.loop(len(given.clips))
    settings = acoustic_settings(bases)
    if plan.learning_rate is not None:
        rate = plan.learning_rate
        settings = replace(settings, learning_rate=rate, discriminator_rate=rate)
    check = AcousticCheck(held_out) if held_out else None
    trainee = AcousticTrainee(networks, settings, loop.num_steps, check=check, device=given.device)
    per_epoch = plan.steps_per_epoch(len(given.clips))

    def keep(num_done: int) -> None:
        path = kept_path(given.folder, num_done, per_epoch, ".pth")
        trainee.export(path, f"{num_done // per_epoch}epoch_{num_done}iteration")

    batches = AcousticBatches(given.clips, networks.model, settings)
    _train("acoustic", EpochKeeper(trainee, keep), batches, given)


def acoustic_settings(bases: Bases) -> AcousticSettings:
    """How a voice of these bases is trained."""
    if not bases.is_small:
        return FINE_TUNING
    return ADVERSARIAL if bases.discriminators is not None else SMALL_FINE_TUNING


def discriminator_sizes(bases: Bases) -> DiscriminatorSizes:
    """Sizes of the discriminators that teach a voice of these bases."""
    if not acoustic_settings(bases).is_adversarial:
        return NO_DISCRIMINATORS
    return UPSTREAM_PRO_SIZES if bases.version.uses_speaker_embedding else UPSTREAM_SIZES


def _train(name: str, trainee: Trainee, batches: BatchSource, given: VoiceTraining) -> None:
    loop, folder = given.plan.loop(len(given.clips)), given.folder / RUN_FOLDER
    result = train(trainee, batches, loop, folder, progress=given.progress or Progress(name))
    if not result.is_finished:
        raise Stopped(f"{name}: stopped after step {result.num_steps} and saved")
    # Optimisers are several times as large as models, and nothing goes on from here.
    for checkpoint in folder.glob("checkpoint-*.pt"):
        checkpoint.unlink()
