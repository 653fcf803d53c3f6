"""Reading GPT-SoVITS checkpoints of strangers: s1 `.ckpt`, s2 `.pth`, and flat files of other networks.

What comes out is judged: plain frozen config, and tensors that are dense, finite, on the CPU and no larger
than the file they came from. `take_weights` then puts them into a module, with every missing or left-over
name an error.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import torch
from torch import nn

from tts.safe_archive import MAX_FILE_BYTES, Archive, BadCheckpoint, HParams, read_archive
from tts.versions import BASE_MODEL_MD5, MARKS, UnknownVersion, Version, deciding_clue, find_version

__all__ = [
    "BadCheckpoint",
    "Checkpoint",
    "judge_checkpoint",
    "judge_state_dict",
    "read_checkpoint",
    "read_state_dict",
    "take_weights",
]

_ALLOWED_DTYPES = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.int64})
_MAX_CONFIG_DEPTH = 12
_MAX_CONFIG_VALUES = 20_000
_MAX_LORA_RANK = 4096
_MAX_INFO_CHARS = 200
_SEMANTIC_KEY = "model.ar_predict_layer.weight"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A model file, read and judged.

    Attributes:
        path: where it came from.
        kind: `semantic` (s1, `.ckpt`) or `acoustic` (s2, `.pth`).
        weights: tensor name to tensor, in the precision of the file (mostly half).
        config: nested read-only mappings and tuples of plain values.
        info: the trainer's remark, like `GPT-e15`; may be empty.
        version: row of facts, for acoustic files only; None there only where it may be undecided.
        lora_rank: rank of the adapter where the file is one, else None.
        clues: what the file itself says of its version: "mark", "hash" and "config" -> version name or None,
            in order of trust. Empty for semantic files.
    """

    path: Path
    kind: Literal["semantic", "acoustic"]
    weights: dict[str, torch.Tensor]
    config: Mapping[str, Any]
    info: str
    version: Version | None
    lora_rank: int | None
    clues: Mapping[str, str | None] = field(default_factory=dict)


def read_checkpoint(
    path: Path | str, *, version: str | None = None, max_bytes: int = MAX_FILE_BYTES
) -> Checkpoint:
    """Read an s1 or s2 checkpoint without running anything in it.

    Args:
        path: the file.
        version: what an s2 file is, where the file itself cannot say (base models of v3 and v4).
        max_bytes: refuse larger files.

    Raises:
        BadCheckpoint: whatever is wrong with the file; the message names it and the reason.
    """
    path = Path(path)
    return judge_checkpoint(read_archive(path, max_bytes=max_bytes), path, version=version)


def judge_checkpoint(
    archive: Archive, path: Path, *, version: str | None = None, may_be_undecided: bool = False
) -> Checkpoint:
    """Judge an s1 or s2 checkpoint that was read; see `read_checkpoint`.

    Args:
        archive: what was read.
        path: the file it was read from.
        version: see `read_checkpoint`.
        may_be_undecided: return a checkpoint without version where nothing tells v3 from v4.

    Raises:
        BadCheckpoint: whatever is wrong with the file; the message names it and the reason.
    """
    content = _mapping(archive.content, path)
    if "weight" not in content or "config" not in content:
        raise BadCheckpoint(path, _explain_layout(content))
    weights = _judged_tensors(content["weight"], archive, path)
    config = _plain_config(content["config"], path)
    info = content.get("info")
    info = info[:_MAX_INFO_CHARS] if type(info) is str else ""
    lora_rank = _lora_rank(content.get("lora_rank"), weights, path)
    if _SEMANTIC_KEY in weights:
        if version is not None:
            raise BadCheckpoint(path, "is a GPT (s1) file; a version can be given for SoVITS (s2) files only")
        return Checkpoint(path, "semantic", weights, config, info, None, lora_rank)
    clues = _clues(archive, config)
    row = _version(clues, weights, version, path, may_be_undecided)
    return Checkpoint(path, "acoustic", weights, config, info, row, lora_rank, clues)


def read_state_dict(
    path: Path | str, *, key: str | None = None, max_bytes: int = MAX_FILE_BYTES
) -> dict[str, torch.Tensor]:
    """Read a flat file of tensors (vocoder, speaker net) without running anything in it.

    Args:
        path: the file.
        key: the tensors may lie one level down under this name (BigVGAN: `generator`).
        max_bytes: refuse larger files.

    Raises:
        BadCheckpoint: whatever is wrong with the file.
    """
    path = Path(path)
    return judge_state_dict(read_archive(path, max_bytes=max_bytes), path, key=key)


def judge_state_dict(archive: Archive, path: Path, *, key: str | None = None) -> dict[str, torch.Tensor]:
    """Judge a flat file of tensors that was read; see `read_state_dict`."""
    content = _mapping(archive.content, path)
    if key is not None and key in content:
        content = _mapping(content[key], path)
    return _judged_tensors(content, archive, path)


def take_weights(
    module: nn.Module,
    weights: Mapping[str, torch.Tensor],
    *,
    prefix: str = "",
    ignore: Iterable[str] = (),
    source: Path | str = "",
) -> None:
    """Fill a module from a checkpoint's tensors, strictly; half precision becomes the module's precision.

    All names and shapes are compared before the first value is copied.

    Args:
        module: receives the values; its persistent parameters and buffers must all be present.
        weights: tensor name to tensor.
        prefix: only names that start so are taken, with it cut off.
        ignore: names that start so (after the prefix) are left out knowingly.
        source: the file, for the error message.

    Raises:
        BadCheckpoint: names missing from or left over in the file, or shapes that differ; all are named.
    """
    skipped = tuple(ignore)
    given = {name[len(prefix) :]: tensor for name, tensor in weights.items() if name.startswith(prefix)}
    given = {name: tensor for name, tensor in given.items() if not (skipped and name.startswith(skipped))}
    wanted = module.state_dict(keep_vars=True)
    problems = [f"missing {prefix}{name}" for name in wanted if name not in given]
    problems += [f"left over {prefix}{name}" for name in given if name not in wanted]
    problems += [
        f"{prefix}{name} has shape {tuple(given[name].shape)} instead of {tuple(wanted[name].shape)}"
        for name in wanted
        if name in given and given[name].shape != wanted[name].shape
    ]
    if problems:
        raise BadCheckpoint(source, f"does not fit {type(module).__name__}: " + "; ".join(problems))
    with torch.no_grad():
        for name, tensor in wanted.items():
            tensor.copy_(given[name])


def _mapping(content: object, path: Path) -> dict[str, Any]:
    if not isinstance(content, dict) or not all(type(name) is str for name in dict.keys(content)):
        raise BadCheckpoint(path, "does not hold a dictionary of named values")
    return dict(dict.items(content))


def _explain_layout(content: Mapping[str, Any]) -> str:
    if "optimizer" in content or "optimizer_states" in content:
        return (
            "is a trainer's save for resuming (G_/D_ or Lightning); use the file from the ..._weights folder"
        )
    found = ", ".join(sorted(content)[:6]) or "nothing"
    return (
        f"is no model of a voice: it lacks 'weight' and 'config' and holds {found}; "
        "the .ckpt (GPT) or .pth (SoVITS) file of a voice is needed"
    )


def _judged_tensors(content: object, archive: Archive, path: Path) -> dict[str, torch.Tensor]:
    """Return name to tensor after judging each; nothing is copied or converted."""
    weights = _mapping(content, path)
    if not weights:
        raise BadCheckpoint(path, "holds no tensors")
    num_bytes = 0
    for name, tensor in weights.items():
        reason = _fault(tensor)
        if reason:
            raise BadCheckpoint(path, f"tensor {name[:120]!r} {reason}")
        num_bytes += tensor.numel() * tensor.element_size()
        if num_bytes > archive.num_bytes:
            raise BadCheckpoint(path, "its tensors together are larger than the file")
    for name, tensor in weights.items():
        if tensor.is_floating_point() and not _is_finite(tensor):
            raise BadCheckpoint(
                path, f"tensor {name[:120]!r} contains values that are not numbers (NaN or infinite)"
            )
    return weights


def _fault(tensor: Any) -> str:
    """Say what is wrong with a tensor's outside, or return an empty text."""
    if type(tensor) is not torch.Tensor:
        return f"is not a tensor but {type(tensor).__name__}"
    if tensor.layout is not torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
        return "is not a plain dense tensor in memory"
    if tensor.dtype not in _ALLOWED_DTYPES:
        return f"has the unexpected type {tensor.dtype}"
    if tensor.numel() == 0:
        return "is empty"
    if not tensor.is_contiguous():
        return "is not stored in one piece"
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        return "claims more values than are stored"
    return ""


def _is_finite(tensor: torch.Tensor, chunk: int = 1 << 20) -> bool:
    return all(bool(torch.isfinite(part).all()) for part in tensor.reshape(-1).split(chunk))


def _plain_config(config: object, path: Path) -> Mapping[str, Any]:
    budget = [_MAX_CONFIG_VALUES]
    plain = _plain(config, budget, 0, path)
    if not isinstance(plain, Mapping):
        raise BadCheckpoint(path, "its config is not a set of named values")
    return plain


def _plain(value: object, budget: list[int], depth: int, path: Path) -> Any:
    """Copy a config value into read-only plain types; `budget` counts the values that may still come."""
    budget[0] -= 1
    if depth > _MAX_CONFIG_DEPTH or budget[0] < 0:
        raise BadCheckpoint(path, "its config is nested too deeply or too large")
    if type(value) is HParams:
        value = value.values
    if isinstance(value, dict):
        pairs = dict.items(value)
        if not all(type(name) is str for name in dict.keys(value)):
            raise BadCheckpoint(path, "its config has names that are not text")
        return MappingProxyType({name: _plain(item, budget, depth + 1, path) for name, item in pairs})
    if isinstance(value, list | tuple):
        return tuple(_plain(item, budget, depth + 1, path) for item in value)
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float and math.isfinite(value):
        return value
    raise BadCheckpoint(path, f"its config holds a {type(value).__name__} that is no plain value")


def _lora_rank(rank: object, weights: Mapping[str, torch.Tensor], path: Path) -> int | None:
    pairs = [tensor for name, tensor in weights.items() if ".lora_A." in name]
    if not pairs:
        return None
    found = {tensor.shape[0] for tensor in pairs}
    if len(found) != 1 or (rank is not None and (type(rank) is not int or rank not in found)):
        raise BadCheckpoint(path, f"its adapter has ranks {sorted(found)} but says {str(rank)[:20]}")
    result = found.pop()
    if result > _MAX_LORA_RANK:
        raise BadCheckpoint(path, f"its adapter has the absurd rank {result}")
    return result


def _clues(archive: Archive, config: Mapping[str, Any]) -> Mapping[str, str | None]:
    model = config.get("model")
    configured = model.get("version") if isinstance(model, Mapping) else None
    return MappingProxyType(
        {
            "mark": MARKS.get(archive.mark),
            "hash": BASE_MODEL_MD5.get(archive.head_md5),
            "config": configured if isinstance(configured, str) else None,
        }
    )


def _version(
    clues: Mapping[str, str | None],
    weights: Mapping[str, torch.Tensor],
    asked: str | None,
    path: Path,
    may_be_undecided: bool,
) -> Version | None:
    shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    try:
        if may_be_undecided and asked is None and deciding_clue(shapes, clues) is None:
            return None
        return find_version(shapes, asked=asked, hints=tuple(clues.values()))
    except UnknownVersion as error:
        raise BadCheckpoint(path, str(error)) from error
