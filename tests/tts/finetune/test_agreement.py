"""Clips whose words are not what is said stand out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tts.finetune.semantic_cases import SIZES, clip
from tts.checkpoint_writing import write_semantic_checkpoint
from tts.finetune.agreement import oddness, read_agreement, token_losses, write_agreement
from tts.finetune.errors import BadRecordings
from tts.finetune.semantic_batches import SemanticBatches
from tts.finetune.semantic_held_out import HeldOut
from tts.finetune.semantic_settings import SemanticSettings
from tts.finetune.semantic_training import SemanticTrainee

CLIPS = [clip(seed, 6) for seed in range(6)]


@pytest.fixture(scope="module")
def trainee() -> SemanticTrainee:
    """One that has learned how phones are spoken."""
    torch.manual_seed(0)
    settings = SemanticSettings(learning_rate=1e-2, warmup_steps=5, corrupted_share=0.0)
    trainee = SemanticTrainee(SIZES, settings, 60)
    batches = SemanticBatches(CLIPS, SIZES, settings, 60)
    for step in range(60):
        trainee.train_step(batches.draw(step, 6, 0))
    return trainee


def test_other_words_than_those_that_are_said_stand_out(trainee: SemanticTrainee, tmp_path: Path) -> None:
    wrong = replace(CLIPS[0], phones=CLIPS[3].phones)
    clips = [*CLIPS, wrong]
    losses = token_losses(clips, trainee.model)
    assert losses[0] == pytest.approx(HeldOut(CLIPS[:1], SIZES).measure(trainee.model)["nll"], rel=1e-4)
    odd = oddness(losses, ["en"] * len(clips))
    assert int(np.argmax(odd)) == len(clips) - 1
    assert odd[-1] > 5 > max(odd[:-1])
    write_semantic_checkpoint(tmp_path / "base.ckpt", trainee.weights(), SIZES, "")
    write_agreement(clips, tmp_path / "base.ckpt", tmp_path, device="cpu")
    assert read_agreement(tmp_path) == pytest.approx(losses, abs=0.02)
    with pytest.raises(BadRecordings, match=r"clip0: phones must be from 0 to 19"):
        token_losses([replace(CLIPS[0], phones=np.array([99]))], trainee.model)


def test_each_language_has_its_own_usual_and_few_clips_have_none() -> None:
    losses = [1.0, 1.1, 0.9, 1.0, 3.0, 5.0, 5.1, 4.9, 5.0, 5.0, 9.0, 0.1]
    odd = oddness(losses, ["en"] * 5 + ["zh"] * 6 + ["ja"])
    assert [place for place, one in enumerate(odd) if one > 5] == [4, 10]
    assert odd[-1] == 0.0
    assert odd[2] < 0
    assert oddness([1.0] * 6, ["en"] * 6) == [0.0] * 6
