"""How much room on the disk a voice needs while it is made, and whether there is as much."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import soundfile
import torch

from tts.finetune.bases import Bases, Tools
from tts.finetune.clips import read_list
from tts.finetune.discriminators import Discriminators, DiscriminatorSizes
from tts.finetune.epochs import EpochPlan
from tts.finetune.errors import NoRoom
from tts.finetune.features import WAVEFORM_RATE_HZ
from tts.finetune.preparation import Material, find_sounds
from tts.finetune.run_folder import NUM_KEPT
from tts.finetune.stages import Stages

SAMPLE_BYTES = 2  # clips and features are stored in 16 bit
FLOAT_BYTES, HALF_BYTES = 4, 2
# A weight in a checkpoint: itself and the optimiser's two moments.
NUM_VALUES = 3
# Phones of quick speech; each has a column of BERT features.
PHONES_PER_SEC = 15
# Speaker embeddings are one a clip; clips are seldom shorter.
EMBEDDING_DIM, CLIP_SEC = 20480, 2.0
MB, GB = 1e6, 1e9


@dataclass(frozen=True, slots=True)
class Space:
    """Bytes of one stage: what stays, and what is there beside it only while it runs."""

    kept: int
    working: int = 0


def length_of(sounds: Iterable[Path]) -> tuple[float, int]:
    """Returns the seconds of all recordings together and their samples; of unreadable ones none."""
    seconds, num_samples = 0.0, 0
    for path in sounds:
        try:
            info = soundfile.info(path)
        except (OSError, RuntimeError):
            continue  # the report will name it
        seconds += info.duration
        num_samples += info.frames
    return seconds, num_samples


def preparation_space(material: Material, bases: Bases, tools: Tools) -> dict[str, Space]:
    """Returns what the stages before the trainings need.

    Raises:
        BadRecordings, BadList: there are no recordings, or the list cannot be read.
    """
    is_cut = material.list_path is None
    if material.list_path is None:
        sounds = find_sounds(material.folder)
    else:
        sounds = [clip.path for clip in read_list(material.list_path)]
    seconds, num_samples = length_of(sounds)
    rate = WAVEFORM_RATE_HZ * SAMPLE_BYTES
    if tools.bert_model is not None:
        rate += PHONES_PER_SEC * bases.bert_dim * FLOAT_BYTES
    if tools.speaker_net is not None:
        rate += round(EMBEDDING_DIM * FLOAT_BYTES / CLIP_SEC)
    clips = num_samples * SAMPLE_BYTES if is_cut else 0
    return {"clips": Space(clips), "features": Space(round(seconds * rate))}


def training_space(
    bases: Bases, semantic: EpochPlan, acoustic: EpochPlan, discriminators: DiscriminatorSizes
) -> dict[str, Space]:
    """Returns what the trainings need, and the copies of the best epochs."""
    with torch.device("meta"):  # counted, not made
        judges = sum(p.numel() for p in Discriminators(discriminators).parameters())
    models = {
        "semantic": (bases.num_semantic_weights, bases.num_semantic_weights, semantic),
        "acoustic": (bases.num_acoustic_weights, bases.num_acoustic_weights + judges, acoustic),
    }
    found = {
        name: Space(
            kept=math.ceil(plan.num_epochs / plan.keep_every) * HALF_BYTES * num_spoken,
            # One more than are kept is being written.
            working=(NUM_KEPT + 1) * NUM_VALUES * FLOAT_BYTES * num_trained,
        )
        for name, (num_spoken, num_trained, plan) in models.items()
    }
    return found | {"evaluation": Space(HALF_BYTES * sum(spoken for spoken, _, _ in models.values()))}


def require_space(stages: Stages, needed: Mapping[str, Space]) -> str:
    """Checks that what stages need that are not done yet fits where the stages are.

    Returns:
        A line that says so.

    Raises:
        NoRoom: it does not fit; says how much is needed for what, and what can be done.
    """
    waiting = {name: space for name, space in needed.items() if not stages.path(name).is_dir()}
    kept = sum(space.kept for space in waiting.values())
    # Checkpoints of one training are gone when the next begins.
    working = max((space.working for space in waiting.values()), default=0)
    there = sum(_size_of(stages.unfinished_path(name)) for name in waiting)
    num_bytes = max(0, kept + working - there)
    num_free = shutil.disk_usage(_existing(stages.folder)).free
    line = f"about {_written(num_bytes)} needed, {_written(num_free)} free"
    if num_bytes > num_free:
        raise NoRoom(
            f"{stages.folder}: not enough room on its disk: {line} (to keep {_written(kept)}, while training "
            f"{_written(working)} more). Make room, or name a folder on another disk with --work"
        )
    return f"disk: {line}"


def _existing(folder: Path) -> Path:
    return next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _written(num_bytes: float) -> str:
    return f"{num_bytes / GB:.1f} GB" if num_bytes >= GB else f"{math.ceil(num_bytes / MB)} MB"
