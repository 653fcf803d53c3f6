"""How much room is asked for: no less than is used, and clear words where it is not there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.tts.finetune.acoustic_cases import TINY_DISCRIMINATORS, hum, tiny_networks
from tests.tts.finetune.recordings import RATE, record
from tests.tts.finetune.semantic_cases import SIZES, clip
from tts.finetune import disk_space
from tts.finetune.acoustic_batches import AcousticBatches
from tts.finetune.acoustic_settings import FINE_TUNING
from tts.finetune.acoustic_trainee import AcousticTrainee
from tts.finetune.bases import Bases, Tools
from tts.finetune.disk_space import Space, length_of, preparation_space, require_space, training_space
from tts.finetune.epochs import EpochPlan
from tts.finetune.errors import NoRoom
from tts.finetune.feature_stage import save_features
from tts.finetune.preparation import Material
from tts.finetune.run_folder import RunFolder
from tts.finetune.semantic_batches import SemanticBatches
from tts.finetune.semantic_settings import SemanticSettings
from tts.finetune.semantic_training import SemanticTrainee
from tts.finetune.stages import Stages
from tts.versions import VERSIONS

NAMES = ("clips", "features", "semantic", "acoustic", "evaluation")
SHORT = replace(FINE_TUNING, window_tokens=12, segment_frames=8)
PLAN = EpochPlan(num_epochs=5, keep_every=2, batch_size=4)


def bases(**changes) -> Bases:
    path = Path("base")
    values = {"bert_dim": 1024, "decoder_width": 512, "num_semantic_weights": 70, "num_acoustic_weights": 50}
    return Bases(path, path, None, VERSIONS["v2"], **{**values, **changes})


def test_clips_and_features_take_what_is_foretold(tmp_path: Path) -> None:
    record(tmp_path / "a.wav", np.zeros(4 * RATE))
    record(tmp_path / "b.wav", np.zeros(2 * RATE))
    (tmp_path / "c.wav").write_bytes(b"no sound")
    assert length_of(sorted(tmp_path.iterdir())) == (pytest.approx(6), 6 * RATE)
    tools = Tools(tmp_path, None, None, "cpu")
    space = preparation_space(Material(folder=tmp_path, list_path=None, speaker="x"), bases(), tools)
    assert space["clips"].kept == 2 * 6 * RATE
    (tmp_path / "x.list").write_text("a.wav|x|EN|So.\nb.wav|x|EN|So.\n")
    listed = Material(folder=tmp_path, list_path=tmp_path / "x.list", speaker="x")
    space = preparation_space(listed, bases(), tools)
    assert space["clips"].kept == 0
    save_features(tmp_path / "features.npz", hum(num_tokens=150))  # six seconds
    assert (tmp_path / "features.npz").stat().st_size == pytest.approx(space["features"].kept, rel=0.05)
    richer = Tools(tmp_path, tmp_path, tmp_path, "cpu")
    assert preparation_space(listed, bases(), richer)["features"].kept > 2 * space["features"].kept


def test_checkpoints_take_what_is_foretold(tmp_path: Path) -> None:
    networks = tiny_networks()
    semantic = SemanticTrainee(SIZES, SemanticSettings(), 1)
    acoustic = AcousticTrainee(networks, SHORT, 1)
    nums = [
        sum(p.numel() for part in parts for p in part.parameters())
        for parts in ([semantic.model], [networks.model, networks.enc_q])
    ]
    known = bases(num_semantic_weights=nums[0], num_acoustic_weights=nums[1])
    space = training_space(known, PLAN, PLAN, TINY_DISCRIMINATORS)
    assert space["semantic"].kept == 3 * 2 * nums[0]
    assert space["evaluation"].kept == 2 * sum(nums)
    clips = [clip(seed) for seed in range(2)]
    semantic.train_step(SemanticBatches(clips, SIZES, SemanticSettings(), 1).draw(0, 2, 0))
    acoustic.train_step(
        AcousticBatches([hum(seed=seed) for seed in range(2)], networks.model, SHORT).draw(0, 2, 0)
    )
    for name, trainee in (("semantic", semantic), ("acoustic", acoustic)):
        home = RunFolder(tmp_path / name, {})
        home.save(1, {"trainee": trainee.state_dict()})
        (path,) = home.checkpoints()
        # Tiny models have many small tensors, whose names and places count, too.
        assert 0.8 < 3 * path.stat().st_size / space[name].working < 1.8, name


def test_what_is_done_needs_no_room_and_too_little_is_an_error(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda path: SimpleNamespace(free=3_000_000_000))
    needed = {"clips": Space(10**9), "semantic": Space(10**8, 2 * 10**9), "acoustic": Space(10**8, 10**9)}
    stages = Stages(tmp_path / "not there yet", NAMES)
    with pytest.raises(NoRoom, match=r"about 3\.2 GB needed, 3\.0 GB free .*keep 1\.2 GB.*--work"):
        require_space(stages, needed)
    stages.path("clips").mkdir(parents=True)
    assert require_space(stages, needed) == "disk: about 2.2 GB needed, 3.0 GB free"
    unfinished = stages.unfinished_path("semantic")
    unfinished.mkdir()
    with (unfinished / "checkpoint").open("wb") as file:
        file.truncate(1_500_000_000)
    assert require_space(stages, needed) == "disk: about 700 MB needed, 3.0 GB free"
