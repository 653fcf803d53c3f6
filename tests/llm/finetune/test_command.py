"""The whole way on a tiny model: data in, an adapter out that the server reads; stop, resume, merge."""

import json
import math
from dataclasses import replace

import pytest
import torch
from click.testing import CliRunner
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback

from llm.adapter_files import read_adapter
from llm.finetune.__main__ import main
from llm.finetune.encoding import Encoder, Row
from llm.finetune.errors import NothingToLearn
from llm.finetune.formats import Chat
from llm.finetune.prepare import prepare
from llm.finetune.settings import LINEAR_LAYERS, TrainingSettings
from llm.finetune.training import train
from llm.lora import linear_layers
from runtime.stop_flag import StopFlag

QUICK = TrainingSettings(
    rank=4, alpha=8, batch_size=2, max_steps=4, save_every=2, log_every=1, eval_every=2, learning_rate=1e-2,
    has_activation_checkpoints=False,
)  # fmt: skip


@pytest.fixture
def data(tmp_path):
    rows = [{"instruction": f"question {n}", "output": f"云雾茶 {n}。"} for n in range(8)]
    path = tmp_path / "data.json"
    path.write_text(json.dumps([*rows, {"instruction": "x", "output": ""}]), encoding="utf-8")
    return path


def run(tiny, data, tmp_path, *options):
    arguments = [
        "--base",
        str(tiny.folder),
        "--data",
        str(data),
        "--name",
        "Test",
        "--out",
        str(tmp_path / "ad"),
    ]
    arguments += ["--work", str(tmp_path / "work"), "--rank", "4", "--batch-size", "2", "--max-steps", "4"]
    arguments += [
        "--save-every",
        "2",
        "--sample-every",
        "4",
        "--eval-every",
        "2",
        "--eval-share",
        "0.2",
        "--log-every",
        "2",
    ]
    return CliRunner().invoke(main, [*arguments, *options])


def test_an_adapter_comes_out_that_the_server_reads(tiny, data, tmp_path) -> None:
    result = run(tiny, data, tmp_path, "--merge", str(tmp_path / "merged"))
    assert result.exit_code == 0, result.output
    for words in (
        "left out 1: an empty",
        "[[云雾茶 0。<|im_end|>]]",
        "step 4/4",
        "eval loss",
        "  < ",
        "adapter:",
    ):
        assert words in result.output
    layers = read_adapter(tmp_path / "ad" / "Test", linear_layers(tiny.model))
    assert {name.rsplit(".", 1)[1] for name in layers} == set(LINEAR_LAYERS)
    assert any(part.up.abs().sum() > 0 for part in layers.values())
    assert sorted(path.name for path in (tmp_path / "ad").iterdir()) == ["Test"]
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in (tmp_path / "ad" / "Test").iterdir())
    config = json.loads((tmp_path / "ad" / "Test" / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "base"
    assert len(config["target_modules"]) > 2
    assert config["target_modules"] == sorted(config["target_modules"])
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "merged")
    stops = {tokenizer.convert_tokens_to_ids(name) for name in ("<|im_end|>", "<|endoftext|>")}
    generation = json.loads((tmp_path / "merged" / "generation_config.json").read_text())
    assert set(generation["eos_token_id"]) == stops
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged").state_dict()
    name, part = next(iter(layers.items()))
    wanted = tiny.model.state_dict()[f"{name}.weight"] + part.up @ part.down * part.scale
    torch.testing.assert_close(merged[f"{name}.weight"], wanted)


def test_a_second_run_asks_before_it_goes_on(tiny, data, tmp_path) -> None:
    assert run(tiny, data, tmp_path).exit_code == 0
    again = run(tiny, data, tmp_path)
    assert again.exit_code == 1
    assert "give --resume" in again.output
    other = run(tiny, data, tmp_path, "--resume", "--alpha", "64")
    assert "alpha was 32 and is 64" in other.output
    assert run(tiny, data, tmp_path, "--resume").exit_code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--name", "../x"), "plain folder name"),
        (("--rank", "0"), "rank must be at least 1"),
        (("--micro-batch-size", "3"), "multiple of micro_batch_size"),
        (("--max-tokens", "20"), "nothing would be learned"),
        (("--dataset", "x"), "only in a dataset_info.json"),
        (("--resume",), "holds no checkpoint"),
        (("--eval-share", "1"), "--eval-share"),
    ],
)
def test_mistakes_are_told_in_one_line(tiny, data, tmp_path, options, message) -> None:
    result = run(tiny, data, tmp_path, *options)
    assert result.exit_code == 1
    assert message in result.output
    assert not (tmp_path / "ad").exists()


def test_a_folder_without_a_model_is_named(data, tmp_path) -> None:
    result = CliRunner().invoke(main, ["--base", str(tmp_path), "--data", str(data), "--name", "x"])
    assert "no config.json" in result.output


def test_check_only_trains_nothing(tiny, data, tmp_path) -> None:
    result = run(tiny, data, tmp_path, "--check-only")
    assert result.exit_code == 0
    assert "[[" in result.output
    assert not (tmp_path / "work").exists()


class _StopAt(TrainerCallback):
    def __init__(self, step: int, flag: StopFlag) -> None:
        self.step, self.flag = step, flag

    def on_step_begin(self, args, state, control, **kwargs) -> None:
        if state.global_step == self.step - 1:
            self.flag.set()


class _Steps(TrainerCallback):
    def __init__(self) -> None:
        self.seen: list[int] = []

    def on_step_end(self, args, state, control, **kwargs) -> None:
        self.seen.append(state.global_step)


@pytest.fixture
def rows(tiny):
    chats = [Chat("", (("user", f"q {n}"), ("assistant", f"云雾茶 {n}"))) for n in range(8)]
    return prepare(chats, Encoder(tiny.tokenizer), name="x", persona=None).rows


def fresh(tiny):
    return AutoModelForCausalLM.from_pretrained(tiny.folder)


def weights(result):
    return {k: v for k, v in result.model.state_dict().items() if "lora_" in k}


def test_stopped_and_resumed_is_the_same_as_never_stopped(tiny, rows, tmp_path) -> None:
    whole = train(fresh(tiny), tiny.tokenizer, rows, [], QUICK, tmp_path / "a")
    flag = StopFlag()
    first = train(
        fresh(tiny), tiny.tokenizer, rows, [], QUICK, tmp_path / "b", callbacks=[_StopAt(3, flag)], stop=flag
    )
    assert (first.is_finished, first.num_steps) == (False, 3)
    assert (tmp_path / "b" / "checkpoint-3").is_dir()
    steps = _Steps()
    second = train(
        fresh(tiny), tiny.tokenizer, rows, [], QUICK, tmp_path / "b", is_resumed=True, callbacks=[steps]
    )
    assert (second.is_finished, steps.seen) == (True, [4])
    for name, tensor in weights(whole).items():
        torch.testing.assert_close(weights(second)[name], tensor)


def test_the_answers_are_learned_whatever_the_batch(tiny, rows, tmp_path) -> None:
    settings = replace(QUICK, max_steps=6, save_every=0, eval_every=6, dropout=0.0, learning_rate=3e-2)
    one = train(fresh(tiny), tiny.tokenizer, rows, rows, settings, tmp_path / "a")
    four = train(
        fresh(tiny), tiny.tokenizer, rows, rows, replace(settings, micro_batch_size=2), tmp_path / "b"
    )
    assert one.eval_loss < 4.0  # untrained it is above 6
    assert math.isclose(one.train_loss, four.train_loss, rel_tol=0.02)


def test_rows_without_labels_are_refused(tiny, tmp_path) -> None:
    with pytest.raises(NothingToLearn):
        train(fresh(tiny), tiny.tokenizer, [Row([1, 2], [-100, -100])], [], QUICK, tmp_path)


def test_a_full_training_changes_the_model_itself(tiny, rows, tmp_path) -> None:
    model = fresh(tiny)
    before = model.lm_head.weight.clone()
    train(model, tiny.tokenizer, rows, [], replace(QUICK, method="full", max_steps=2, save_every=0), tmp_path)
    assert not torch.equal(before, model.lm_head.weight)
