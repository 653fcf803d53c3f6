"""Training the acoustic model (s2) of v1, v2, v2Pro and v2ProPlus: one phase, in one folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch

from runtime.stop_flag import StopFlag
from tts.finetune.acoustic_batches import AcousticBatches
from tts.finetune.acoustic_check import AcousticCheck
from tts.finetune.acoustic_networks import AcousticNetworks
from tts.finetune.acoustic_settings import FINE_TUNING, AcousticSettings
from tts.finetune.acoustic_trainee import AcousticTrainee
from tts.finetune.features import ClipFeatures
from tts.finetune.training_loop import LoopResult, LoopSettings, train
from tts.finetune.training_progress import Progress


def train_acoustic(
    clips: Sequence[ClipFeatures],
    networks: AcousticNetworks,
    folder: Path,
    loop: LoopSettings,
    settings: AcousticSettings = FINE_TUNING,
    *,
    speakers: Sequence[str] | None = None,
    held_out: AcousticCheck | None = None,
    device: torch.device | str = "cpu",
    stop: StopFlag | None = None,
    progress: Progress | None = None,
) -> tuple[AcousticTrainee, LoopResult]:
    """Train, or go on with, the phase in a folder; the arguments are those of the classes it joins.

    Several phases are several calls with the same networks, each in a folder of its own. A phase that is
    finished already only loads what it ended with, so a program that is interrupted and begun again takes up
    its work where it was.

    Returns:
        The trainee, whose `export` writes the `.pth`, and how the run ended. Where a moving average is kept,
        a finished run has put it into the networks.

    Raises:
        BadRecordings: clips do not fit the model.
        BadRun, TrainingFailed: see `train`.
    """
    batches = AcousticBatches(clips, networks.model, settings, speakers)
    trainee = AcousticTrainee(networks, settings, loop.num_steps, check=held_out, device=device)
    note = {**asdict(settings), "clips": batches.digest}
    note.pop("precision")  # a run may move to another machine
    result = train(trainee, batches, loop, folder, note=note, stop=stop, progress=progress)
    if result.is_finished:
        trainee.adopt_average()
    return trainee, result
