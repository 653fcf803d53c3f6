"""Key/value caches of rows with different lengths, packed into one left-padded batch and taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional
from transformers.cache_utils import DynamicCache, DynamicLayer

# One row's cache: per layer keys and values, each (1, H, T, D). Never written to, so rows may share it.
RowCache = tuple[tuple[Tensor, Tensor], ...]

_ROOM = 256  # columns by which caches and mask grow


def to_cache(row: RowCache) -> DynamicCache:
    """Returns a cache that starts with the row's keys and values; it grows into tensors of its own."""
    cache = DynamicCache()
    for index, (keys, values) in enumerate(row):
        cache.update(keys, values, index)
    return cache


def to_row(cache: DynamicCache) -> RowCache:
    """Returns the keys and values of a cache of one row, without copying."""
    # The declared types allow for layers without data, which a filled cache does not have.
    return cast(RowCache, tuple((keys, values) for keys, values, _ in cache))


def num_bytes(row: RowCache) -> int:
    """Returns the memory of a row's cache."""
    return sum(keys.nbytes + values.nbytes for keys, values in row)


class RoomyLayer(DynamicLayer):
    """One layer's keys and values in tensors with spare columns.

    transformers' own layer joins old and new tensors at every step, that is, it copies the whole cache.
    """

    def __init__(self, keys: Tensor, values: Tensor, num_columns: int) -> None:
        super().__init__()
        self.dtype, self.device = keys.dtype, keys.device
        self.is_initialized = True
        self._whole_keys, self._whole_values = keys, values
        self._show(num_columns)

    def update(
        self, key_states: Tensor, value_states: Tensor, *args: Any, **kwargs: Any
    ) -> tuple[Tensor, Tensor]:
        """Appends (B, H, n, D) and returns all columns so far."""
        start = self._num_columns
        end = start + key_states.shape[-2]
        if end > self._whole_keys.shape[-2]:
            self._whole_keys = _pad(self._whole_keys, end + _ROOM)
            self._whole_values = _pad(self._whole_values, end + _ROOM)
        self._whole_keys[:, :, start:end] = key_states
        self._whole_values[:, :, start:end] = value_states
        return self._show(end)

    def _show(self, num_columns: int) -> tuple[Tensor, Tensor]:
        self._num_columns = num_columns
        self.keys = self._whole_keys[:, :, :num_columns]
        self.values = self._whole_values[:, :, :num_columns]
        return self.keys, self.values


class PackedRows:
    """A batch of rows whose caches end in the same column; shorter rows have masked padding on the left.

    Attributes:
        cache: (B, H, T, D) per layer; the model's forward appends to it.
        lengths: tokens of each row in the cache.
    """

    def __init__(self, rows: Sequence[RowCache], lengths: Sequence[int]) -> None:
        self.lengths = list(lengths)
        self._num_columns = max(lengths)
        self.cache = DynamicCache()
        for parts in zip(*rows, strict=True):
            keys = _join([keys for keys, _ in parts], self._num_columns)
            values = _join([values for _, values in parts], self._num_columns)
            self.cache.layers.append(RoomyLayer(keys, values, self._num_columns))
        self._is_ragged = min(lengths) < self._num_columns
        self._mask = self._make_mask(rows[0][0][0].device) if self._is_ragged else None

    def view(self, index: int) -> RowCache:
        """Returns one row's cache without its padding and without copying."""
        length = self.lengths[index]
        return tuple(
            (keys[index : index + 1, :, -length:], values[index : index + 1, :, -length:])
            for keys, values in to_row(self.cache)
        )

    def copy(self, index: int) -> RowCache:
        """Returns one row's cache without its padding, as a copy that outlives the batch."""
        return tuple((keys.clone(), values.clone()) for keys, values in self.view(index))

    def grow(self) -> tuple[Tensor | None, list[int]]:
        """Makes room for one token per row, which the caller's forward then appends.

        Returns:
            The attention mask (B, T + 1) int64, or None where there is no padding; the tokens' positions.
        """
        positions = list(self.lengths)
        self.lengths = [length + 1 for length in self.lengths]
        self._num_columns += 1
        if self._mask is None:
            return None, positions
        if self._num_columns > self._mask.shape[1]:
            self._mask = self._make_mask(self._mask.device)
        return self._mask[:, : self._num_columns], positions

    def _make_mask(self, device: torch.device) -> Tensor:
        """Returns the mask for the present columns and some to come."""
        mask = torch.ones(len(self.lengths), self._num_columns + _ROOM, dtype=torch.long, device=device)
        for index, length in enumerate(self.lengths):
            mask[index, : self._num_columns - length] = 0
        return mask


def _join(parts: Sequence[Tensor], num_columns: int) -> Tensor:
    """Joins tensors (1, H, T_i, D) to one (B, H, num_columns + room, D), ends aligned, zeros elsewhere."""
    _, num_heads, _, size = parts[0].shape
    whole = parts[0].new_zeros(len(parts), num_heads, num_columns + _ROOM, size)
    for index, part in enumerate(parts):
        whole[index, :, num_columns - part.shape[-2] : num_columns] = part[0]
    return whole


def _pad(tensor: Tensor, num_columns: int) -> Tensor:
    """Returns (B, H, T, D) with zeros on the right up to that many columns."""
    return functional.pad(tensor, (0, 0, 0, num_columns - tensor.shape[-2]))
