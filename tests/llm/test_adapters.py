"""Adapters come and go while replies run; broken ones hurt nobody but those who ask for them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from llm.adapters import Adapters
from llm.errors import BadAdapter, UnknownAdapter

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"


@pytest.fixture
def folder(tiny, tmp_path) -> Path:
    """An adapter folder of the test's own."""
    shutil.copytree(tiny.adapters, tmp_path / "adapters")
    return tmp_path / "adapters"


@pytest.fixture
def adapters(chat_model, folder) -> Adapters:
    return Adapters(chat_model.model, folder)


def edit(folder: Path, **changes: object) -> None:
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | changes))


def edit_tensors(folder: Path, change) -> None:
    tensors = load_file(folder / WEIGHTS)
    save_file(dict(change(tensors)), folder / WEIGHTS)


def test_adapters_load_when_asked_for_and_stay(adapters) -> None:
    assert adapters.known == ("cold", "warm")
    assert adapters.loaded == ()
    first = adapters.acquire("warm")
    assert adapters.acquire("warm") is first
    assert adapters.loaded == ("warm",)
    assert adapters.acquire(None) is None


@pytest.mark.parametrize("name", ["", ".", "..", "../adapters/warm", "a/b", "nobody", "warm\0", "away"])
def test_only_folders_right_here_have_names(adapters, folder, tiny, name) -> None:
    (folder / "away").symlink_to(tiny.adapters / "warm")
    with pytest.raises(UnknownAdapter, match=r"known adapters: .*cold.*warm"):
        adapters.acquire(name)


def test_without_a_folder_there_are_none(chat_model) -> None:
    with pytest.raises(UnknownAdapter, match="known adapters: none"):
        Adapters(chat_model.model, None).acquire("warm")


BROKEN = {
    "no JSON": (lambda f: (f / CONFIG).write_text("{"), "cannot be read"),
    "a list": (lambda f: (f / CONFIG).write_text("[]"), "JSON object"),
    "deep": (lambda f: (f / CONFIG).write_text("[" * 200_000), CONFIG),
    "other kind": (lambda f: edit(f, peft_type="IA3"), "must be LORA"),
    "dora": (lambda f: edit(f, use_dora=True), "use_dora"),
    "whole modules": (lambda f: edit(f, modules_to_save=["lm_head"]), "modules_to_save"),
    "bias": (lambda f: edit(f, bias="all"), "bias"),
    "pissa": (lambda f: edit(f, init_lora_weights="pissa"), "pissa"),
    "rank": (lambda f: edit(f, r=4), r"rank 4 and the loaded model need \(64, 4\) x \(4, "),
    "rank of another kind": (lambda f: edit(f, r="8"), "r must be a number"),
    "alpha": (lambda f: edit(f, lora_alpha=None), "lora_alpha must be a number"),
    "target missing": (lambda f: edit(f, target_modules=["q_proj", "k_proj"]), "2 target layers"),
    "garbage": (lambda f: (f / WEIGHTS).write_bytes(b"\x80\x04garbage"), "cannot be read"),
    "cut short": (lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-9]), "cannot be read"),
    "not finite": (
        lambda f: edit_tensors(f, lambda t: {k: v * torch.inf for k, v in t.items()}),
        "not finite",
    ),
    "half a pair": (
        lambda f: edit_tensors(f, lambda t: {k: v for k, v in t.items() if "layers.0" in k and "_A" in k}),
        "not the other matrix",
    ),
    "other model": (
        lambda f: edit_tensors(f, lambda t: {k.replace("layers.1", "layers.7"): v for k, v in t.items()}),
        r"target layers|no linear layer model\.layers\.7",
    ),
    "other size": (
        lambda f: edit_tensors(f, lambda t: {k: v[:, :32].clone() for k, v in t.items()}),
        "do not fit",
    ),
    "integers": (lambda f: edit_tensors(f, lambda t: {k: v.int() for k, v in t.items()}), "matrix of floats"),
    "more": (
        lambda f: edit_tensors(f, lambda t: t | {"lm_head.weight": torch.zeros(2, 2)}),
        "unexpected tensor",
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_does_not_fit_is_refused_by_name_and_leaves_no_trace(adapters, folder, kind) -> None:
    spoil, reason = BROKEN[kind]
    spoil(folder / "warm")
    with pytest.raises(BadAdapter, match=reason) as caught:
        adapters.acquire("warm")
    assert "'warm'" in str(caught.value)
    assert adapters.loaded == ()
    assert adapters.acquire("cold") is not None


def test_pickled_weights_are_not_adapters(adapters, folder) -> None:
    torch.save(load_file(folder / "warm" / WEIGHTS), folder / "warm" / "adapter_model.bin")
    (folder / "warm" / WEIGHTS).unlink()
    with pytest.raises(UnknownAdapter):
        adapters.acquire("warm")


def test_a_changed_folder_is_read_again_and_running_rows_keep_what_they_have(adapters, folder) -> None:
    old = adapters.acquire("warm")
    edit(folder / "warm", lora_alpha=99)
    new = adapters.acquire("warm")
    assert new is not old
    assert new.key != old.key
    with adapters.rows([old, new]):
        pass
    adapters.release(old)
    with pytest.raises(KeyError), adapters.rows([old]):
        pass
    with adapters.rows([new]):
        pass


def test_a_change_that_breaks_an_adapter_keeps_its_last_good_state(adapters, folder, caplog) -> None:
    good = adapters.acquire("warm")
    whole = (folder / "warm" / WEIGHTS).read_bytes()
    (folder / "warm" / WEIGHTS).write_bytes(whole[:100])
    assert adapters.acquire("warm") is good
    assert "earlier state is kept" in caplog.text
    (folder / "warm" / WEIGHTS).write_bytes(whole)
    os.utime(folder / "warm" / WEIGHTS, ns=(1, 1))
    assert adapters.acquire("warm") is not good


def test_the_longest_unused_make_room_but_never_those_in_use(chat_model, folder) -> None:
    for name in ("a", "b", "c"):
        shutil.copytree(folder / "warm", folder / name)
    adapters = Adapters(chat_model.model, folder, max_loaded=2)
    used = adapters.acquire("a")
    for name in ("b", "c", "warm"):
        adapters.release(adapters.acquire(name))
    assert adapters.loaded == ("a", "warm")
    with adapters.rows([used]):
        pass


def test_scales_follow_pefts_rules(adapters, folder, chat_model) -> None:
    def scale(name: str) -> float:
        adapter = adapters.acquire(name)
        return adapters._router._adapters[adapter.key]["model.layers.1.self_attn.q_proj"].scale

    assert scale("warm") == 2.0
    assert scale("cold") == pytest.approx(32 / 4)
    edit(folder / "warm", alpha_pattern={"layers.1.self_attn.q_proj": 4})
    assert scale("warm") == 0.5
    edit(folder / "warm", alpha_pattern={"(a+)+": 4})
    with pytest.raises(BadAdapter, match="not a plain layer name"):
        Adapters(chat_model.model, folder).acquire("warm")


async def test_an_adapter_written_while_the_engine_runs_can_be_used(
    make_engine, folder, chat, collect, greedy
) -> None:
    engine = await make_engine(adapters_dir=folder)
    with pytest.raises(UnknownAdapter):
        await engine.load_adapter("new")
    shutil.copytree(folder / "warm", folder / "new")
    assert await engine.load_adapter("new") >= 0
    warm = await collect(engine, chat("storm"), adapter="warm", sampling=greedy)
    assert await collect(engine, chat("storm"), adapter="new", sampling=greedy) == warm
    shutil.rmtree(folder / "new")
    shutil.copytree(folder / "cold", folder / "new")
    cold = await collect(engine, chat("storm"), adapter="cold", sampling=greedy)
    assert await collect(engine, chat("storm"), adapter="new", sampling=greedy) == cold != warm
    assert engine.status()["loaded_adapters"] == ["cold", "new", "warm"]


async def test_a_broken_adapter_fails_its_own_request_only(
    make_engine, folder, chat, collect, greedy
) -> None:
    (folder / "cold" / CONFIG).write_text("{}")
    engine = await make_engine(adapters_dir=folder)
    base = await collect(engine, chat("storm"), sampling=greedy)
    with pytest.raises(BadAdapter, match="'cold'"):
        await collect(engine, chat("storm"), adapter="cold", sampling=greedy)
    assert await collect(engine, chat("storm"), sampling=greedy) == base
