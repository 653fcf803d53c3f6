"""Merging a SoVITS LoRA file (v3, v4) onto the model it was trained on.

Such a file holds, besides its low-rank pairs, whole tensors of the parts that were trained without LoRA.
"""

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from tts.checkpoint import BadCheckpoint

_WRAPPED = "cfm.base_model.model."
_PLAIN = "cfm."
_DOWN = ".lora_A.default.weight"
_UP = ".lora_B.default.weight"


def merge_adapter(
    adapter: Mapping[str, Tensor], base: Mapping[str, Tensor], source: Path | str
) -> dict[str, Tensor]:
    """Replace the whole tensors, then add each low-rank product to its weight (scale 1: alpha is the rank).

    Args:
        adapter: The LoRA file's tensors, weight norm folded.
        base: The base's tensors, likewise.
        source: The LoRA file, for error messages.

    Returns:
        The tensors of a whole model; those that LoRA changed in float32.

    Raises:
        BadCheckpoint: The two do not belong together; every tensor that does not fit is named.
    """
    plain = {_plain_name(name): tensor for name, tensor in adapter.items()}
    stems = sorted(name.removesuffix(end) for name in plain for end in (_DOWN, _UP) if name.endswith(end))
    whole = {name: tensor for name, tensor in plain.items() if not name.endswith((_DOWN, _UP))}
    problems = [
        f"{name} has shape {tuple(tensor.shape)} instead of {tuple(base[name].shape)}"
        for name, tensor in whole.items()
        if name in base and tensor.shape != base[name].shape
    ]
    merged = {**base, **whole}
    for stem in dict.fromkeys(stems):
        down, up, weight = plain.get(stem + _DOWN), plain.get(stem + _UP), base.get(stem + ".weight")
        if down is None or up is None or weight is None:
            problems.append(f"{stem} lacks a half of its pair, or the base lacks its weight")
        elif (up.shape[0], down.shape[1]) != weight.shape or up.shape[1] != down.shape[0]:
            shapes = f"{tuple(up.shape)} times {tuple(down.shape)}"
            problems.append(f"{stem}: {shapes} does not give {tuple(weight.shape)}")
        else:
            merged[stem + ".weight"] = weight.float() + up.float() @ down.float()
    if problems:
        raise BadCheckpoint(source, "does not fit its base model: " + "; ".join(problems))
    return merged


def _plain_name(name: str) -> str:
    return _PLAIN + name.removeprefix(_WRAPPED) if name.startswith(_WRAPPED) else name
