"""Writing s2 checkpoints as upstream GPT-SoVITS does: the counterpart of tts.checkpoint."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

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
    path: Path | str, weights: Mapping[str, Tensor], config: Mapping[str, Any], info: str, version: Version
) -> None:
    """Write an s2 `.pth`: half-precision weights, pickled `utils.HParams` config, version mark where due.

    Args:
        path: The file to write.
        weights: Tensors under their checkpoint names.
        config: Nested plain values; `model` holds the settings of the networks.
        info: The trainer's remark, like `8epoch_1234iteration`.
        version: Decides the first two bytes: upstream marks Pro files there and leaves v1 and v2 alone.
    """
    halves = {name: tensor.detach().half().cpu().contiguous() for name, tensor in weights.items()}
    content = {"weight": halves, "config": _Attributes(config), "info": info}
    buffer = io.BytesIO()
    torch.save(content, buffer, pickle_module=_PICKLE_MODULE)
    raw = bytearray(buffer.getvalue())
    if version.uses_speaker_embedding:
        raw[:2] = {name: mark for mark, name in MARKS.items()}[version.name]
    Path(path).write_bytes(raw)


def _plain(value: Any) -> Any:
    """Lists as upstream has them; anything else as it is."""
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
