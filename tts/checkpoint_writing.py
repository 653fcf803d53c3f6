"""Writing s1 and s2 checkpoints as upstream GPT-SoVITS does: the counterpart of tts.checkpoint."""

import io
import pickle
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from tts.models.semantic_layout import SemanticSizes, checkpoint_names
from tts.versions import MARKS, Version


class _Attributes:
    """A config level; it is pickled under the name of upstream's class, which is never imported."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, _Attributes(value) if isinstance(value, Mapping) else _plain(value))


# The one in C offers no way to name a class otherwise.
_PurePickler: Any = pickle._Pickler


class _NamingPickler(_PurePickler):
    """Python's own pickler, which writes `utils.HParams` where it meets our config class."""

    def save_global(self, obj: Any, name: str | None = None) -> None:
        if obj is _Attributes:
            self.write(pickle.GLOBAL + b"utils\nHParams\n")
            self.memoize(obj)
        else:
            super().save_global(obj, name)


_PICKLE_MODULE = SimpleNamespace(__name__="pickle", Pickler=_NamingPickler)


def write_acoustic_checkpoint(
    path: Path | str,
    weights: Mapping[str, Tensor],
    config: Mapping[str, Any],
    info: str,
    version: Version,
    *,
    lora_rank: int | None = None,
) -> None:
    """Write an s2 `.pth`: half-precision weights, pickled `utils.HParams` config, version mark where due.

    Args:
        path: The file to write.
        weights: Tensors under their checkpoint names.
        config: Nested plain values; `model` holds the settings of the networks.
        info: The trainer's remark, like `8epoch_1234iteration`.
        version: Decides the first two bytes: upstream marks Pro and LoRA files there and leaves others alone.
        lora_rank: Of a LoRA file.
    """
    halves = {name: tensor.detach().half().cpu().contiguous() for name, tensor in weights.items()}
    content: dict[str, Any] = {"weight": halves, "config": _Attributes(config), "info": info}
    if lora_rank is not None:
        content["lora_rank"] = lora_rank
    buffer = io.BytesIO()
    torch.save(content, buffer, pickle_module=_PICKLE_MODULE)
    raw = bytearray(buffer.getvalue())
    if version.uses_speaker_embedding or lora_rank is not None:
        raw[:2] = {name: mark for mark, name in MARKS.items()}[version.name]
    Path(path).write_bytes(raw)


def write_semantic_checkpoint(
    path: Path | str,
    weights: Mapping[str, Tensor],
    sizes: SemanticSizes,
    info: str,
    *,
    train: Mapping[str, Any] | None = None,
) -> None:
    """Write an s1 `.ckpt`: half-precision weights and a config of plain dicts.

    Args:
        path: The file to write; an older one is replaced in one go.
        weights: Tensors under the model's own names, as `SemanticModel.state_dict` has them.
        sizes: Of the model.
        info: The trainer's remark, like `GPT-e15`.
        train: What the config is to say about the training; plain values.

    Raises:
        ValueError: The weights are not those of such a model, or do not fit half precision.
    """
    names = checkpoint_names(sizes.num_layers)
    if weights.keys() != names.keys():
        odd = ", ".join(sorted(weights.keys() ^ names.keys()))
        raise ValueError(f"not the weights of a model of {sizes.num_layers} layers: {odd}")
    halves = OrderedDict((names[own], weights[own].detach().half().cpu().contiguous()) for own in names)
    broken = [name for name, tensor in halves.items() if not tensor.isfinite().all()]
    if broken:
        raise ValueError(f"infinite, or too large for half precision: {', '.join(broken)}")
    path = Path(path)
    unfinished = path.with_name(path.name + ".unfinished")
    torch.save({"weight": halves, "config": _semantic_config(sizes, train or {}), "info": info}, unfinished)
    unfinished.replace(path)


def _semantic_config(sizes: SemanticSizes, train: Mapping[str, Any]) -> dict[str, Any]:
    """What upstream's loader and ours read, in upstream's words."""
    return {
        "train": dict(train),
        "data": {"max_eval_sample": 8, "max_sec": 54, "num_workers": 4, "pad_val": sizes.eos_id},
        "model": {
            "vocab_size": sizes.num_tokens,
            "phoneme_vocab_size": sizes.num_phonemes,
            "embedding_dim": sizes.dim,
            "hidden_dim": sizes.dim,
            "head": sizes.num_heads,
            "linear_units": sizes.ff_dim,
            "n_layer": sizes.num_layers,
            "dropout": 0,
            "EOS": sizes.eos_id,
            "random_bert": 0,
        },
        "inference": {"top_k": 15},
    }


def _plain(value: Any) -> Any:
    """Lists as upstream has them; anything else as it is."""
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
