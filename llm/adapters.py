"""The adapters of one model: found by name in a folder, loaded when first asked for, re-read when changed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from llm.adapter_files import adapter_stamp, read_adapter
from llm.errors import BadAdapter, UnknownAdapter
from llm.lora import LoraRouter, linear_layers

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Adapter:
    """One state of an adapter folder, loaded. A changed folder makes a new one; rows keep what they have.

    Attributes:
        key: unique for this state; also stands in the keys of prefix caches.
        num_users: rows that run with it.
    """

    name: str
    key: str
    stamp: tuple[int, ...]
    num_users: int = 0


class Adapters:
    """Loads, keeps and lends adapters. All methods run on the engine's thread, between steps.

    Args:
        model: the base model.
        folder: holds one folder per adapter; None means that there are none.
        max_loaded: beyond this many, those unused for longest are forgotten (and re-read when asked for).
    """

    def __init__(self, model: nn.Module, folder: Path | None, *, max_loaded: int = 16) -> None:
        self._layers = linear_layers(model)
        self._router = LoraRouter(model)
        self._folder = folder
        self._max_loaded = max_loaded
        self._current: dict[str, Adapter] = {}  # oldest use first
        self._replaced: list[Adapter] = []  # still running with their old state
        self._num_loads = 0

    @property
    def loaded(self) -> tuple[str, ...]:
        """Names of the adapters in memory."""
        return tuple(sorted(self._current))

    @property
    def known(self) -> tuple[str, ...]:
        """Names that can be asked for: all adapter folders there are now."""
        if self._folder is None or not self._folder.is_dir():
            return ()
        return tuple(sorted(path.name for path in self._folder.iterdir() if adapter_stamp(path)))

    def acquire(self, name: str | None) -> Adapter | None:
        """Returns the adapter of that name as its files are now; `release` it after use. None is the base.

        Raises:
            UnknownAdapter: there is no such folder.
            BadAdapter: it cannot be used. Where an earlier state of it is loaded, that one is lent instead.
        """
        if name is None:
            return None
        adapter = self._refresh(name)
        self._current[name] = self._current.pop(name)  # now the latest use
        adapter.num_users += 1
        return adapter

    def release(self, adapter: Adapter | None) -> None:
        """Gives back what `acquire` lent."""
        if adapter is None:
            return
        adapter.num_users -= 1
        if adapter.num_users == 0 and adapter in self._replaced:
            self._replaced.remove(adapter)
            self._router.remove(adapter.key)

    def release_all(self) -> None:
        """Takes everything back that is lent, as the engine that borrowed it is gone."""
        for adapter in [*self._current.values(), *self._replaced]:
            adapter.num_users = 0
        while self._replaced:
            self._router.remove(self._replaced.pop().key)

    @contextmanager
    def rows(self, adapters: Sequence[Adapter | None]) -> Iterator[None]:
        """Within this context, row i of the batch runs with adapters[i]."""
        with self._router.rows([adapter.key if adapter else None for adapter in adapters]):
            yield

    def _refresh(self, name: str) -> Adapter:
        folder = self._find(name)
        stamp = adapter_stamp(folder) if folder else None
        current = self._current.get(name)
        if folder is None or stamp is None:
            raise UnknownAdapter(name, self.known)
        if current is not None and current.stamp == stamp:
            return current
        try:
            layers = read_adapter(folder, self._layers)
        except BadAdapter:
            if current is None:
                raise
            # Most likely it is being written right now; the stamp stays old, so it is tried again.
            log.exception("adapter %s changed but cannot be read; its earlier state is kept", name)
            return current
        self._num_loads += 1
        adapter = Adapter(name, f"{name}#{self._num_loads}", stamp)
        self._router.add(adapter.key, layers)
        if current is not None:
            self._forget(current)
        self._current[name] = adapter
        self._shrink(keep=adapter)
        log.info("loaded adapter %s", name)
        return adapter

    def _find(self, name: str) -> Path | None:
        """Returns the folder of that name directly under the adapters' folder, links out of it excluded."""
        if self._folder is None or not name or Path(name).name != name or "\0" in name:
            return None
        root = self._folder.resolve()
        path = (root / name).resolve()
        return path if path.is_relative_to(root) and path != root else None

    def _forget(self, adapter: Adapter) -> None:
        del self._current[adapter.name]
        if adapter.num_users:
            self._replaced.append(adapter)
        else:
            self._router.remove(adapter.key)

    def _shrink(self, keep: Adapter) -> None:
        unused = [a for a in self._current.values() if a.num_users == 0 and a is not keep]
        for adapter in unused[: max(0, len(self._current) - self._max_loaded)]:
            self._forget(adapter)
