"""Slips are real slips, they become less likely, and a run that does not ask for them is what it was."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.tts.finetune.semantic_cases import SIZES, clip
from tts.finetune.semantic_batches import SemanticBatches, utterances_of
from tts.finetune.semantic_forward import predict
from tts.finetune.semantic_preference import log_likelihoods, preference_loss, with_slip
from tts.finetune.semantic_rows import Utterance, collate
from tts.finetune.semantic_settings import SemanticSettings
from tts.finetune.semantic_training import SemanticTrainee, train_semantic
from tts.finetune.training_loop import LoopSettings
from tts.finetune.training_progress import Progress
from tts.models.semantic import SemanticModel

CLIPS = [clip(seed, 6) for seed in range(4)]
QUIET = Progress(is_terminal=False, echo=lambda *_args, **_options: None)


def settings(**changes: Any) -> SemanticSettings:
    return SemanticSettings(**{"learning_rate": 5e-3, "warmup_steps": 5, "corrupted_share": 0.0, **changes})


def likelihoods(model: SemanticModel, utterances: list[Utterance]) -> torch.Tensor:
    rows = collate(utterances, SIZES.eos_id)
    with torch.no_grad():
        return log_likelihoods(predict(model, rows)[0], rows)


@pytest.mark.parametrize("num_tokens", [1, 2, 3, 40])
def test_a_slip_says_a_span_twice_or_not_at_all(num_tokens: int) -> None:
    tokens = np.arange(num_tokens)
    random = np.random.default_rng(0)
    changes = set()
    for _ in range(200):
        slipped = with_slip(tokens, random)
        change = len(slipped) - num_tokens
        assert 1 <= abs(change) <= max(1, num_tokens // 2)
        assert len(slipped) >= 1
        if change < 0:
            (cut,) = np.flatnonzero(np.diff(slipped, prepend=-1, append=num_tokens) > 1)
            assert (np.delete(tokens, np.s_[cut : cut - change]) == slipped).all()
        else:
            (again,) = np.flatnonzero(np.diff(slipped) <= 0)
            assert (np.delete(slipped, np.s_[again + 1 : again + 1 + change]) == tokens).all()
        changes.add(change > 0)
    assert changes == ({True} if num_tokens == 1 else {True, False})


def test_a_rows_likelihood_is_the_sum_over_its_own_targets() -> None:
    torch.manual_seed(0)
    model = SemanticModel(SIZES)
    utterances = utterances_of(CLIPS, SIZES)
    together = likelihoods(model, utterances)
    alone = torch.cat([likelihoods(model, [utterance]) for utterance in utterances])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-3)
    assert together.max() < 0
    good, bad = torch.tensor([-3.0, -9.0]), torch.tensor([-8.0, -9.0])
    wanted = (math.log(1 + math.exp(-0.2 * 5)) + math.log(2)) / 2
    assert float(preference_loss(good, bad)) == pytest.approx(wanted, rel=1e-5)


def test_slips_become_less_likely_and_the_loss_falls() -> None:
    utterances = utterances_of(CLIPS, SIZES)
    random = np.random.default_rng(9)
    slipped = [
        Utterance(u.phones, None, with_slip(u.tokens, random), None) for u in utterances for _ in "1234"
    ]
    bad, margins, losses = {}, {}, {}
    for weight in (None, 20.0):
        torch.manual_seed(0)
        trainee = SemanticTrainee(SIZES, settings(preference_weight=weight), 80)
        source = SemanticBatches(CLIPS, SIZES, trainee.settings, 80)
        found = [trainee.train_step(source.draw(step, 8, 0)) for step in range(80)]
        losses[weight] = found
        good = likelihoods(trainee.model, utterances).repeat_interleave(4)
        bad[weight] = likelihoods(trainee.model, slipped)
        margins[weight] = float((good - bad[weight]).mean())
    assert "preference" not in losses[None][0]
    first, last = (
        np.mean([float(one["preference"]) for one in part])
        for part in (losses[20.0][:10], losses[20.0][-10:])
    )
    assert last < 0.7 * first
    assert float(losses[20.0][-1]["nll"]) < float(losses[20.0][0]["nll"])
    assert bad[20.0].mean() < bad[None].mean() - 1
    assert margins[20.0] > margins[None] + 1


def test_batches_are_halved_and_nothing_else_is_drawn_where_slips_are_off() -> None:
    compared = SemanticBatches(CLIPS, SIZES, settings(preference_weight=1.0), 10).draw(3, 4, 0)
    plain = SemanticBatches(CLIPS, SIZES, settings(), 10).draw(3, 2, 0)
    assert compared.rejected is not None
    assert plain.rejected is None
    assert torch.equal(compared.tokens, plain.tokens)
    assert len(compared.places) == len(compared.rejected.places) == len(plain.places)
    assert compared.rejected.cues is None
    assert compared.to(torch.device("cpu")).rejected is not None
    with pytest.raises(ValueError, match="preference_weight must be above 0, or None, not 0"):
        settings(preference_weight=0)


def test_a_run_begun_before_there_were_slips_goes_on(tmp_path: Path) -> None:
    def run(num_steps: int) -> int:
        loop = LoopSettings(num_steps=num_steps, batch_size=2)
        return train_semantic(CLIPS, SIZES, tmp_path, loop, settings(), progress=QUIET)[1].num_steps

    assert run(2) == 2
    note = json.loads((tmp_path / "run.json").read_text())
    del note["preference_weight"]
    (tmp_path / "run.json").write_text(json.dumps(note))
    assert run(3) == 3
