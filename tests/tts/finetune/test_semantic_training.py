"""A semantic model learns clips by heart, resumes bit for bit, is guided, and comes back from its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from runtime.stop_flag import StopFlag
from tests.tts.finetune.semantic_cases import SIZES, clip, read_tokens
from tts.checkpoint import read_checkpoint
from tts.checkpoint_writing import write_semantic_checkpoint
from tts.finetune.run_folder import BadRun
from tts.finetune.semantic_batches import SemanticBatches
from tts.finetune.semantic_check import PhoneCheck
from tts.finetune.semantic_held_out import HeldOut
from tts.finetune.semantic_settings import SemanticSettings
from tts.finetune.semantic_training import SemanticTrainee, StartValues, train_semantic
from tts.finetune.training_loop import LoopSettings
from tts.finetune.training_progress import Progress
from tts.models.semantic import SemanticModel
from tts.sampling import SamplingParams

CLIPS = [clip(seed, 6, has_bert=seed == 2) for seed in range(4)]
QUIET = Progress(is_terminal=False, echo=lambda *_args, **_options: None)
GREEDY = SamplingParams(top_k=1, repetition_penalty=1.0)
KIT = Path(__file__).parents[2] / "data" / "parity" / "weights" / "s1_v2.ckpt"


def settings(**changes: Any) -> SemanticSettings:
    return SemanticSettings(
        **{"learning_rate": 1e-2, "warmup_steps": 10, "corrupted_share": 0.0, "average_decay": 0.9, **changes}
    )


def loop(num_steps: int, **changes: Any) -> LoopSettings:
    return LoopSettings(num_steps=num_steps, batch_size=4, **{"log_every": 20, **changes})


def test_it_learns_four_clips_by_heart_and_speaks_them_from_its_file(tmp_path: Path) -> None:
    references = [CLIPS[3], *CLIPS[:3]]
    checks = {
        "errors": PhoneCheck(CLIPS, read_tokens, sampling=GREEDY),
        "errors_joined": PhoneCheck(CLIPS, read_tokens, references=references, sampling=GREEDY),
    }
    trainee, result = train_semantic(
        CLIPS,
        SIZES,
        tmp_path / "run",
        loop(120),
        settings(),
        held_out=HeldOut(CLIPS, SIZES),
        checks=checks,
        progress=QUIET,
    )
    assert result.is_finished
    assert result.evaluation["nll"] < 0.6
    assert result.evaluation["nll_joined"] < 0.9
    assert result.evaluation["errors"] < 0.1
    assert result.evaluation["errors_joined"] < 0.25

    path = tmp_path / "gpt.ckpt"
    write_semantic_checkpoint(path, trainee.weights(), SIZES, "GPT-e15", train={"seed": 0, "epochs": 15})
    checkpoint = read_checkpoint(path)
    assert (checkpoint.kind, checkpoint.info) == ("semantic", "GPT-e15")
    model = SemanticModel.from_checkpoint(checkpoint)
    assert model.sizes == SIZES
    assert HeldOut(CLIPS, SIZES).measure(model)["nll"] == pytest.approx(result.evaluation["nll"], abs=0.01)
    assert checks["errors"](model) < 0.1


def test_the_file_has_the_keys_and_types_of_upstreams(tmp_path: Path) -> None:
    kit = read_checkpoint(KIT)
    start = SemanticModel.from_checkpoint(kit)
    trainee = SemanticTrainee(start, settings(average_decay=None), 10)
    write_semantic_checkpoint(tmp_path / "gpt.ckpt", trainee.weights(), start.sizes, kit.info)
    ours = read_checkpoint(tmp_path / "gpt.ckpt")
    assert ours.weights.keys() == kit.weights.keys()
    for name, tensor in kit.weights.items():
        assert ours.weights[name].dtype == tensor.dtype
        assert torch.equal(ours.weights[name], tensor), name
    assert ours.config["model"].keys() == kit.config["model"].keys()
    for name, value in kit.config["model"].items():
        assert name == "linear_units" or ours.config["model"][name] == value
    assert ours.config["data"].keys() == kit.config["data"].keys()
    raw = torch.load(tmp_path / "gpt.ckpt", weights_only=True)  # plain dicts, no class of ours
    assert set(raw) == {"weight", "config", "info"}
    assert list(tmp_path.iterdir()) == [tmp_path / "gpt.ckpt"]


def test_what_is_no_such_model_is_not_written(tmp_path: Path) -> None:
    weights = SemanticModel(SIZES).state_dict()
    with pytest.raises(ValueError, match=r"odd, token_position_scale"):
        write_semantic_checkpoint(
            tmp_path / "a", {k if "token_pos" not in k else "odd": v for k, v in weights.items()}, SIZES, ""
        )
    weights["head.weight"][0, 0] = 1e6
    with pytest.raises(ValueError, match=r"too large for half precision: model.ar_predict_layer.weight"):
        write_semantic_checkpoint(tmp_path / "a", weights, SIZES, "")
    assert list(tmp_path.iterdir()) == []


def test_fine_tuning_begins_at_the_given_model_and_leaves_it_alone(tmp_path: Path) -> None:
    torch.manual_seed(0)
    start = SemanticModel(SIZES).requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in start.state_dict().items()}
    trainee = SemanticTrainee(start, settings(average_decay=None), 10)
    assert all(torch.equal(tensor, before[name]) for name, tensor in trainee.weights().items())
    trainee, _ = train_semantic(CLIPS, start, tmp_path, loop(3), settings(), progress=QUIET)
    assert all(torch.equal(tensor, before[name]) for name, tensor in start.state_dict().items())
    assert not torch.equal(trainee.weights()["head.weight"], before["head.weight"])


def test_an_interrupted_and_resumed_training_is_the_uninterrupted_one(tmp_path: Path) -> None:
    plan = settings(corrupted_share=0.1)
    whole, _ = train_semantic(CLIPS, SIZES, tmp_path / "a", loop(20), plan, progress=QUIET)

    stop = StopFlag()
    stopper = Progress(is_terminal=False, echo=lambda *_args, **_options: stop.set())
    _, half = train_semantic(
        CLIPS, SIZES, tmp_path / "b", loop(20, log_every=9), plan, stop=stop, progress=stopper
    )
    assert half.num_steps == 9
    again, result = train_semantic(CLIPS, SIZES, tmp_path / "b", loop(20), plan, progress=QUIET)
    assert result.is_finished
    for ours, theirs in (
        (again.weights(), whole.weights()),
        (again.model.state_dict(), whole.model.state_dict()),
    ):
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    with pytest.raises(BadRun, match=r"clips was .* learning_rate was 0\.01 and is 0\.001"):
        train_semantic(
            CLIPS[:3], SIZES, tmp_path / "b", loop(20), settings(learning_rate=1e-3), progress=QUIET
        )


def test_guidance_lowers_the_attention_loss() -> None:
    def attention_after(weight: float, num_steps: int) -> float:
        torch.manual_seed(1)
        trainee = SemanticTrainee(SIZES, settings(guidance_weight=weight), num_steps)
        source = SemanticBatches(CLIPS, SIZES, trainee.settings, num_steps)
        found = [trainee.train_step(source.draw(step, 4, 0)) for step in range(num_steps)]
        return float(np.mean([float(losses["attention"]) for losses in found[-5:]]))

    unguided, guided = attention_after(1e-9, 40), attention_after(0.3, 40)
    assert guided < 0.6 * unguided
    trainee = SemanticTrainee(SIZES, settings(guidance_weight=0.0), 1)
    assert "attention" not in trainee.train_step(SemanticBatches(CLIPS, SIZES, settings(), 1).draw(0, 4, 0))
    plain = [clip(seed, is_aligned=False) for seed in range(4)]
    trainee = SemanticTrainee(SIZES, settings(), 1)
    assert "attention" not in trainee.train_step(SemanticBatches(plain, SIZES, settings(), 1).draw(0, 4, 0))


def test_start_values_are_taken_over_and_must_fit() -> None:
    values = StartValues(
        phones=torch.full((20, 32), 0.1), tokens=torch.full((41, 32), 0.2), head=torch.full((41, 32), 0.3)
    )
    weights = SemanticTrainee(SIZES, settings(), 1, start_values=values).weights()
    assert torch.equal(weights["phone_embedding.weight"], torch.full((20, 32), 0.1))
    assert torch.equal(weights["token_embedding.weight"], torch.full((41, 32), 0.2))
    assert torch.equal(weights["head.weight"], torch.full((41, 32), 0.3))
    with pytest.raises(ValueError, match=r"\(3, 3\) for weights \(20, 32\)"):
        SemanticTrainee(SIZES, settings(), 1, start_values=StartValues(phones=torch.zeros(3, 3)))


def test_the_rate_rises_then_falls() -> None:
    plan = SemanticSettings(warmup_steps=10, final_rate_share=0.1)
    shares = [plan.rate_share(step, 100) for step in range(101)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == pytest.approx(shares[9], abs=0.02)
    assert shares[55] == pytest.approx(0.1 + 0.9 * 0.45)
    assert shares[100] == pytest.approx(0.1)
    assert plan.rate_share(500, 100) == pytest.approx(0.1)


def test_bfloat16_learns_too() -> None:
    trainee = SemanticTrainee(SIZES, settings(precision="bfloat16"), 30, held_out=HeldOut(CLIPS, SIZES))
    source = SemanticBatches(CLIPS, SIZES, trainee.settings, 30)
    losses = [float(trainee.train_step(source.draw(step, 4, 0))["nll"]) for step in range(30)]
    assert losses[-1] < 0.8 * losses[0]
    assert trainee.evaluate().keys() == {"nll", "top1", "nll_joined", "top1_joined"}
    assert {tensor.dtype for tensor in trainee.weights().values()} == {torch.float32}
