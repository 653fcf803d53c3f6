"""Building torch files by hand, down to the pickle's instructions, to say in them what torch never would."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import torch


class Call:
    """Pickles as a call: what a reader must not make."""

    def __init__(self, function: Callable, *args: object) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> tuple:
        return self.function, self.args


class Storage:
    """Pickles as a torch storage of any claimed size."""

    def __init__(self, key: str, numel: int, kind: Any = torch.FloatStorage) -> None:
        self.saved_id = ("storage", kind, key, "cpu", numel)


class Named:
    """Pickles as the global `module.name`, whether that exists or not."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def __call__(self) -> None:
        raise AssertionError("only its name is of use")


class _Pickler(pickle._Pickler):
    """Python's own pickler, taught the three classes above."""

    def persistent_id(self, obj: object) -> object:
        return obj.saved_id if isinstance(obj, Storage) else None

    def save(self, obj: object, save_persistent_id: bool = True) -> None:
        if isinstance(obj, Named):
            self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        else:
            super().save(obj, save_persistent_id)


class Bag:
    """Pickles as upstream's config object."""

    def __init__(self, state: object, args: tuple = ()) -> None:
        self.state, self.args = state, args

    def __reduce_ex__(self, protocol: int) -> Any:
        raise AssertionError("saved by the pickler's own hand")


def _save_bag(pickler: _Pickler, bag: Bag) -> None:
    pickler.save(Named("utils", "HParams"))
    pickler.save(bag.args)
    pickler.write(pickle.NEWOBJ)
    pickler.memoize(bag)
    if bag.state is not None:
        pickler.save(bag.state)
        pickler.write(pickle.BUILD)


_Pickler.dispatch = {**pickle._Pickler.dispatch, Bag: _save_bag}


def pickled(content: object, protocol: int = 2) -> bytes:
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=protocol).dump(content)
    return buffer.getvalue()


def zipped(
    data: bytes,
    entries: dict[str, bytes] | None = None,
    *,
    root: str = "archive",
    compression: int = zipfile.ZIP_STORED,
    extra: tuple[tuple[str, bytes], ...] = (),
) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr(f"{root}/data.pkl", data)
        archive.writestr(f"{root}/version", b"3\n")
        for name, value in (entries or {}).items():
            archive.writestr(f"{root}/data/{name}", value)
        for name, value in extra:
            archive.writestr(name, value)
    return buffer.getvalue()


def tensor(
    key: str = "0", numel: int = 4, shape: tuple = (4,), stride: tuple = (1,), offset: int = 0
) -> Call:
    storage = Storage(key, numel)
    return Call(torch._utils._rebuild_tensor_v2, storage, offset, shape, stride, False, OrderedDict())


def saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()
