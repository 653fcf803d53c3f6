"""Writing what was trained: adapters where the server finds them, and whole models. Never half a folder."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

STOP_TOKENS = ("<|im_end|>", "<|endoftext|>")
CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"


def save_adapter(model: Any, folder: Path, *, base_name: str) -> None:
    """Writes a PeftModel's adapter; a server that runs takes it on the next request.

    Args:
        folder: its name is the adapter's name; an older adapter there is replaced.
        base_name: written down as the model the adapter belongs to, instead of a path of this machine.
    """

    def write(target: Path) -> None:
        model.save_pretrained(target, safe_serialization=True, save_embedding_layers=False)
        (target / "README.md").unlink(missing_ok=True)  # peft's empty form
        config_path = target / CONFIG_FILE
        config = json.loads(config_path.read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = base_name
        if isinstance(modules := config["target_modules"], list):
            config["target_modules"] = sorted(modules)  # peft keeps a set, whose order is chance
        config_path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    replace_folder(folder, write)


def save_model(
    model: Any, tokenizer: PreTrainedTokenizerFast, folder: Path, *, dtype: torch.dtype | None = None
) -> None:
    """Writes a whole model with its tokenizer; what else lies in the folder (adapters, a card) stays.

    Args:
        dtype: what the weights are rounded to; None keeps theirs. The model itself is changed, too.
    """
    vocabulary = tokenizer.get_vocab()
    stop_ids = [vocabulary[token] for token in STOP_TOKENS if token in vocabulary]
    model.generation_config.eos_token_id = stop_ids or tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    if dtype is not None:
        model.to(dtype)

    def write(target: Path) -> None:
        model.save_pretrained(target, safe_serialization=True)
        tokenizer.save_pretrained(target)

    if not folder.exists():
        replace_folder(folder, write)
        return
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        write(Path(scratch))
        _make_readable(Path(scratch))
        for path in sorted(Path(scratch).iterdir()):
            path.replace(folder / path.name)


def merge(model: Any, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Writes base and adapter as one model. The PeftModel is used up by it."""
    save_model(model.merge_and_unload(), tokenizer, folder)


def replace_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Calls `write` with a new folder beside `folder` and then puts it in its place.

    A reader sees the old folder, or for a moment none, or the new one; never a half-written one.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    try:
        new, old = scratch / "new", scratch / "old"
        new.mkdir()
        write(new)
        _make_readable(new)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    finally:
        shutil.rmtree(scratch)


def _make_readable(folder: Path) -> None:
    """Lets everyone read the files: weights are written for their owner alone, but servers run as others."""
    for path in folder.rglob("*"):
        if path.is_file():
            path.chmod(0o644)
