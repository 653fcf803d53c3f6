"""The stages that train the acoustic model of the built-in voices: one for all teachers.

Which teacher speaks is heard in the reference. The quantizer is finished before anything is learned: tokens
name sounds, see `demo.speech.tokens`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import nn

from demo.speech.run_states import newest_state
from demo.speech.ssl_model import SSL_DIM, make_quantizer
from demo.speech.tokens import frame_features
from demo.speech.voice_corpus import long_enough, read_corpus
from tts.finetune.acoustic_batches import MIN_TOKENS, AcousticBatches
from tts.finetune.acoustic_check import AcousticCheck
from tts.finetune.acoustic_networks import AcousticNetworks
from tts.finetune.acoustic_settings import (
    ADVERSARIAL,
    AUTOENCODER,
    JOINT,
    SPEAKING,
    TEXT_SIDE,
    AcousticSettings,
)
from tts.finetune.acoustic_sizes import SMALL_SIZES, AcousticSizes
from tts.finetune.acoustic_trainee import AcousticTrainee
from tts.finetune.discriminators import SMALL_SIZES as SMALL_JUDGES
from tts.finetune.discriminators import DiscriminatorSizes
from tts.finetune.training_loop import LoopResult, LoopSettings, train
from tts.finetune.training_progress import Progress
from tts.versions import VERSIONS

SIZES = replace(SMALL_SIZES, ssl_dim=SSL_DIM)
NUM_MEASURED = 3  # held-out clips of each teacher and language


@dataclass(frozen=True, slots=True)
class Stage:
    """One phase of the training.

    Attributes:
        settings: of the phase.
        loop: of the phase.
    """

    settings: AcousticSettings
    loop: LoopSettings


def _loop(num_steps: int, batch_size: int) -> LoopSettings:
    return LoopSettings(num_steps, batch_size, save_every=100, eval_every=500, log_every=25, seed=1)


_FINISH = replace(
    SPEAKING,
    is_adversarial=True,
    learning_rate=2e-4,
    discriminator_rate=2e-4,
    final_rate_share=0.1,
    average_decay=0.99,
)
# In the order in which they go on with one another's networks.
STAGES: Mapping[str, Stage] = MappingProxyType(
    {
        "acoustic-autoencoder": Stage(AUTOENCODER, _loop(1500, 10)),
        "acoustic-joint": Stage(JOINT, _loop(1200, 8)),
        "acoustic-adversarial": Stage(replace(ADVERSARIAL, average_decay=0.999), _loop(3500, 8)),
        "acoustic-text": Stage(replace(TEXT_SIDE, average_decay=0.999), _loop(1500, 12)),
        "acoustic-speaking": Stage(replace(SPEAKING, average_decay=0.999), _loop(4000, 8)),
        "acoustic-finish": Stage(_FINISH, _loop(700, 8)),
    }
)


class MissingStage(Exception):
    """A stage cannot begin, as the one before it has left nothing."""


@dataclass(frozen=True, slots=True)
class NetworkSizes:
    """Sizes of everything that takes part.

    Attributes:
        voice: of the model and its posterior encoder.
        judges: of the discriminators.
    """

    voice: AcousticSizes = SIZES
    judges: DiscriminatorSizes = SMALL_JUDGES


def train_acoustic_stage(
    name: str,
    work: Path,
    runs: Path,
    stage: Stage | None = None,
    sizes: NetworkSizes | None = None,
) -> LoopResult:
    """Trains, or goes on with, a stage; a new one begins where the one before it is, finished or not.

    Speech may be added between two sittings.

    Args:
        name: of the stage.
        work: folder with one folder of shards per teacher.
        runs: folder of all runs.
        stage: what to do instead of what `STAGES` says.
        sizes: of fresh networks.

    Raises:
        FileNotFoundError: there is no speech.
        MissingStage: the stage before this one was never begun.
        BadRun, TrainingFailed: see `tts.finetune.training_loop.train`.
    """
    stage, sizes = stage or STAGES[name], sizes or NetworkSizes()
    corpus = read_corpus(work, has_sound=True, num_measured=NUM_MEASURED)
    clips, speakers = long_enough(corpus, MIN_TOKENS)
    networks = _start(name, runs, sizes)
    check = AcousticCheck(corpus.held_out, corpus.references)
    trainee = AcousticTrainee(networks, stage.settings, stage.loop.num_steps, check=check)
    batches = AcousticBatches(clips, networks.model, stage.settings, speakers)
    note = {key: value for key, value in asdict(stage.settings).items() if key != "precision"}
    return train(
        trainee,
        batches,
        stage.loop,
        runs / name,
        note={**note, "sizes": asdict(sizes)},
        progress=Progress(name),
    )


def newest_networks(runs: Path, sizes: NetworkSizes | None = None) -> tuple[AcousticNetworks, str]:
    """Returns what the last stage that was begun has come to, and a remark on it.

    Raises:
        MissingStage: none was begun.
    """
    for name in reversed(list(STAGES)):
        state = newest_state(runs / name)
        if state is not None:
            networks = _fresh(sizes or NetworkSizes())
            _take(networks, state["trainee"])
            return networks, f"{name}_{state['step']}"
    raise MissingStage(f"no acoustic stage was trained in {runs}; the first one is {next(iter(STAGES))}")


def _start(name: str, runs: Path, sizes: NetworkSizes) -> AcousticNetworks:
    networks = _fresh(sizes)
    place = list(STAGES).index(name)
    if place and newest_state(runs / name) is None:
        before = list(STAGES)[place - 1]
        state = newest_state(runs / before)
        if state is None:
            raise MissingStage(f"{name} goes on with {before}, which was never trained in {runs}")
        _take(networks, state["trainee"])
    return networks


def _fresh(sizes: NetworkSizes) -> AcousticNetworks:
    # Training takes tokens from labels; what reads them from sound comes in when the voices are assembled.
    quantizer = make_quantizer(nn.Linear(SSL_DIM, frame_features()))
    return AcousticNetworks.fresh(sizes.voice, VERSIONS["v2"], quantizer, sizes.judges)


def _take(networks: AcousticNetworks, trainee_state: dict[str, Any]) -> None:
    """Takes over a stage's weights, averaged if it kept an average."""
    networks.load_state_dict({**networks.state_dict(), **trainee_state["networks"]})
    average = trainee_state["average"]
    if average is not None:
        voice = nn.ModuleList([networks.model, networks.enc_q])
        voice.load_state_dict(average["averages"], strict=False)
