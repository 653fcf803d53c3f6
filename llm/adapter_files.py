"""Reading a LoRA adapter folder as peft and its kin write it, and checking that it fits the model."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from llm.errors import BadAdapter
from llm.lora import LowRank

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
MAX_CONFIG_BYTES = 1 << 20
MAX_RANK = 1024
_FLOATS = (torch.float32, torch.float16, torch.bfloat16)
_KEY = re.compile(r"(?:base_model\.model\.)?(?P<layer>.+)\.lora_(?P<side>[AB])\.weight")
# What such adapters need beyond two matrices per layer; each is refused rather than half applied.
_UNSUPPORTED = (
    "use_dora",
    "modules_to_save",
    "trainable_token_indices",
    "lora_bias",
    "use_bdlora",
    "alora_invocation_tokens",
)


def adapter_stamp(folder: Path) -> tuple[int, ...] | None:
    """Returns what changes when the adapter's files change; None where there is no adapter."""
    try:
        stats = [(folder / name).stat() for name in (CONFIG_FILE, WEIGHTS_FILE)]
    except OSError:
        return None
    return tuple(number for stat in stats for number in (stat.st_mtime_ns, stat.st_size, stat.st_ino))


def read_adapter(folder: Path, layers: Mapping[str, nn.Linear]) -> dict[str, LowRank]:
    """Reads an adapter and checks it against the model's linear layers.

    Args:
        folder: holds adapter_config.json and adapter_model.safetensors.
        layers: the model's linear layers by name.

    Returns:
        Layer name -> matrices.

    Raises:
        BadAdapter: names the folder and what does not fit.
    """
    try:
        config = _read_config(folder)
        tensors = _read_tensors(folder / WEIGHTS_FILE)
        pairs = _pair(tensors)
        _check_complete(config, pairs, layers)
        return {name: _low_rank(name, pair, config, layers) for name, pair in pairs.items()}
    except BadAdapter as error:
        raise BadAdapter(f"adapter {folder.name!r}: {error}") from error


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        with (folder / CONFIG_FILE).open("rb") as file:
            raw = file.read(MAX_CONFIG_BYTES + 1)
        config = json.loads(raw) if len(raw) <= MAX_CONFIG_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        raise BadAdapter(f"{CONFIG_FILE} cannot be read: {error}") from error
    if not isinstance(config, dict):
        raise BadAdapter(f"{CONFIG_FILE} must hold a JSON object of at most {MAX_CONFIG_BYTES} bytes")
    if config.get("peft_type") != "LORA":
        raise BadAdapter(f"peft_type must be LORA, not {config.get('peft_type')!r}")
    for name in _UNSUPPORTED:
        if config.get(name):
            raise BadAdapter(f"{name} is not supported; merge the adapter into the model instead")
    if config.get("bias", "none") != "none":
        raise BadAdapter(f"bias must be none, not {config['bias']!r}")
    start = config.get("init_lora_weights", True)
    if not isinstance(start, bool) and start not in ("gaussian", "orthogonal", "eva"):
        # These change the base model's weights; without that change the matrices mean nothing.
        raise BadAdapter(f"init_lora_weights {start!r} is not supported; convert the adapter to plain LoRA")
    return config


def _read_tensors(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise BadAdapter(f"no {WEIGHTS_FILE}; other formats are not loaded")
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise BadAdapter(f"{WEIGHTS_FILE} cannot be read: {error}") from error


def _pair(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    pairs: dict[str, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        found = _KEY.fullmatch(key)
        if found is None:
            raise BadAdapter(f"unexpected tensor {key!r}; only lora_A and lora_B of linear layers are valid")
        if tensor.dtype not in _FLOATS or tensor.dim() != 2:
            raise BadAdapter(f"{key} must be a matrix of floats, not {tensor.dtype} {tuple(tensor.shape)}")
        if not torch.isfinite(tensor).all():
            raise BadAdapter(f"{key} holds values that are not finite")
        pairs.setdefault(found["layer"], {})[found["side"]] = tensor
    if not pairs:
        raise BadAdapter(f"{WEIGHTS_FILE} holds no tensors")
    for layer, pair in pairs.items():
        if len(pair) != 2:
            raise BadAdapter(f"layer {layer} has lora_{next(iter(pair))} but not the other matrix")
    return pairs


def _check_complete(
    config: Mapping[str, Any], pairs: Mapping[str, Any], layers: Mapping[str, nn.Linear]
) -> None:
    """Raises BadAdapter where layers that the config names have no matrices, as in a file cut short."""
    targets = config.get("target_modules")
    narrowed = ("layers_to_transform", "layers_pattern", "exclude_modules")
    if not isinstance(targets, list) or any(config.get(name) for name in narrowed):
        return
    wanted = {name for name in layers for target in targets if f".{name}".endswith(f".{target}")}
    missing = sorted(wanted - pairs.keys())
    if missing:
        raise BadAdapter(f"{len(missing)} target layers have no matrices, the first is {missing[0]}")


def _low_rank(
    name: str, pair: Mapping[str, Tensor], config: Mapping[str, Any], layers: Mapping[str, nn.Linear]
) -> LowRank:
    layer = layers.get(name)
    if layer is None:
        raise BadAdapter(f"the model has no linear layer {name}; was the adapter made for another model?")
    down, up = pair["A"], pair["B"]
    rank = _number(config, "r", name, "rank_pattern")
    sizes = (up.shape[0], up.shape[1], down.shape[0], down.shape[1])
    fitting = (layer.out_features, rank, rank, layer.in_features)
    if sizes != fitting or not 1 <= rank <= MAX_RANK:
        raise BadAdapter(
            f"layer {name}: matrices {tuple(up.shape)} x {tuple(down.shape)} do not fit; rank {rank} and the "
            f"loaded model need ({layer.out_features}, {rank}) x ({rank}, {layer.in_features})"
        )
    alpha = _number(config, "lora_alpha", name, "alpha_pattern")
    scale = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
    return LowRank(down, up, scale)


def _number(config: Mapping[str, Any], key: str, layer: str, pattern_key: str) -> float:
    """Returns the value for a layer: the first matching entry of the pattern table, else the general one.

    peft reads the table's keys as regular expressions for the end of a layer's name. They come from a
    stranger's file, so only plain names (and an optional ^) are taken here.
    """
    value = config.get(key)
    patterns = config.get(pattern_key) or {}
    if not isinstance(patterns, dict):
        raise BadAdapter(f"{pattern_key} must be an object")
    for pattern, special in patterns.items():
        is_whole = pattern.startswith("^")
        plain = pattern.removeprefix("^").replace("\\.", ".")
        if not re.fullmatch(r"[\w.]+", plain):
            raise BadAdapter(f"{pattern_key} key {pattern!r} is not a plain layer name")
        if layer == plain or (not is_whole and layer.endswith(f".{plain}")):
            value = special
            break
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadAdapter(f"{CONFIG_FILE}: {key} must be a number, not {value!r}")
    return value
