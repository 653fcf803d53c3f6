"""Loading a model folder, and saying plainly why one cannot be loaded."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from llm.chat_model import ChatModel, ModelConfig, load_chat_model
from llm.errors import BadModel

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tiny, tmp_path) -> Path:
    return shutil.copytree(tiny.folder, tmp_path / "base")


def test_a_folder_becomes_a_model(tiny) -> None:
    chat_model = load_chat_model(ModelConfig(tiny.folder, device="cpu"))
    assert chat_model.name == "base"
    assert chat_model.context_limit == 512
    assert chat_model.model.dtype == torch.float32
    assert not chat_model.model.training
    # Both, although this model's own generation_config.json knows only the second.
    assert {chat_model.tokenizer.convert_ids_to_tokens(i) for i in chat_model.stop_ids} == {
        "<|im_end|>",
        "<|endoftext|>",
    }


def test_dtype_and_context_follow_the_configuration(tiny) -> None:
    config = ModelConfig(tiny.folder, device="cpu", dtype="bfloat16", max_context_tokens=64)
    chat_model = load_chat_model(config)
    assert chat_model.model.dtype == torch.bfloat16
    assert chat_model.context_limit == 64


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"dtype": "int8"}, "auto, float32, bfloat16, float16"),
        ({"quantization": "gptq"}, "none, bnb-8bit, bnb-4bit"),
        ({"device": "gpu"}, "auto, cpu, cuda or cuda:N"),
        ({"max_context_tokens": 0}, "at least 2"),
    ],
)
def test_settings_that_do_not_exist_are_refused_with_those_that_do(tiny, changes, reason) -> None:
    with pytest.raises(BadModel, match=reason):
        load_chat_model(ModelConfig(tiny.folder, **changes))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_named(tiny) -> None:
    with pytest.raises(BadModel, match="sees no CUDA GPU"):
        load_chat_model(ModelConfig(tiny.folder, device="cuda"))


def test_quantisation_without_its_package_or_gpu_says_so(tiny, monkeypatch) -> None:
    config = ModelConfig(tiny.folder, device="cpu", quantization="bnb-4bit")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BadModel, match="needs the package bitsandbytes"):
        load_chat_model(config)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    with pytest.raises(BadModel, match="needs a CUDA GPU"):
        load_chat_model(config)


def remove(name):
    return lambda folder: (folder / name).unlink()


def change_tokenizer(key: str, value: object):
    """Gives a key of tokenizer.json, or of the model in it, another value."""

    def change(folder: Path) -> None:
        file = folder / "tokenizer.json"
        data = json.loads(file.read_text(encoding="utf-8"))
        (data if key in data else data["model"])[key] = value
        file.write_text(json.dumps(data), encoding="utf-8")

    return change


BROKEN = {
    "no config": (remove("config.json"), "no config.json"),
    "no weights": (remove("model.safetensors"), "no \\*.safetensors"),
    "bad config": (lambda f: (f / "config.json").write_text("{"), "cannot be loaded"),
    "unknown kind": (lambda f: (f / "config.json").write_text('{"model_type": "x"}'), "cannot be loaded"),
    "bad weights": (lambda f: (f / "model.safetensors").write_bytes(b"x" * 99), "cannot be loaded"),
    "no tokenizer": (remove("tokenizer.json"), "no tokenizer"),
    "bad tokenizer": (lambda f: (f / "tokenizer.json").write_text('{"model": 1}'), "cannot be loaded"),
    "cut off tokenizer": (
        lambda f: os.truncate(f / "tokenizer.json", 5000),
        r"tokenizer\.json.* cannot be loaded",
    ),
    "tokenizer without a model": (change_tokenizer("model", None), r"tokenizer\.json.* cannot be loaded"),
    "tokenizer of other words": (change_tokenizer("merges", [["x", "yz"]]), r"tokenizer\.json.*vocabulary"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_folder_is_named_with_the_reason(folder, kind) -> None:
    spoil, reason = BROKEN[kind]
    spoil(folder)
    with pytest.raises(BadModel, match=reason) as caught:
        load_chat_model(ModelConfig(folder, device="cpu"))
    assert str(folder) in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path) -> None:
    with pytest.raises(BadModel, match="nowhere: not a model folder"):
        load_chat_model(ModelConfig(tmp_path / "nowhere"))


def test_a_model_must_be_able_to_chat(tiny, monkeypatch) -> None:
    monkeypatch.setattr(tiny.tokenizer, "chat_template", None)
    with pytest.raises(BadModel, match="no chat template"):
        ChatModel.of(tiny.model, tiny.tokenizer)
    monkeypatch.undo()
    monkeypatch.setattr(type(tiny.tokenizer), "__len__", lambda self: 999)
    with pytest.raises(BadModel, match="999 tokens but only 380 embeddings"):
        ChatModel.of(tiny.model, tiny.tokenizer)
    monkeypatch.undo()
    monkeypatch.setattr(tiny.model.config, "layer_types", ["full_attention", "sliding_attention"])
    with pytest.raises(BadModel, match="sliding_attention"):
        ChatModel.of(tiny.model, tiny.tokenizer)


def test_a_torchaudio_that_does_not_fit_is_explained(tiny, tmp_path) -> None:
    """Beside a CPU-only torch the registry's torchaudio fails on import, and takes transformers with it."""
    stub = tmp_path / "stub" / "torchaudio"
    stub.mkdir(parents=True)
    (stub / "__init__.py").write_text('raise OSError("libc10_cuda.so: cannot open shared object file")')
    info = tmp_path / "stub" / "torchaudio-2.11.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torchaudio\nVersion: 2.11.0\n")
    code = (
        "from llm.engine import LocalTextEngine\n"
        "from llm.chat_model import ModelConfig, load_chat_model\n"
        "import sys\n"
        "load_chat_model(ModelConfig(sys.argv[1], device='cpu'))\n"
    )
    path = os.pathsep.join([str(tmp_path / "stub"), str(ROOT)])
    result = subprocess.run(
        [sys.executable, "-c", code, str(tiny.folder)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "BadModel: the installed torchaudio does not fit the installed torch" in result.stderr
