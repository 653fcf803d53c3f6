"""Key/value caches of rows with different lengths, packed into one left-padded batch and taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache

# One row's cache: per layer keys and values, each (1, H, T, D). Never written to, so rows may share it.
RowCache = tuple[tuple[Tensor, Tensor], ...]

_MASK_ROOM = 256  # columns by which the mask grows


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
        for index, parts in enumerate(zip(*rows, strict=True)):
            self.cache.update(
                _pad_left([keys for keys, _ in parts], self._num_columns),
                _pad_left([values for _, values in parts], self._num_columns),
                index,
            )
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
        mask = torch.ones(len(self.lengths), self._num_columns + _MASK_ROOM, dtype=torch.long, device=device)
        for index, length in enumerate(self.lengths):
            mask[index, : self._num_columns - length] = 0
        return mask


def _pad_left(parts: Sequence[Tensor], num_columns: int) -> Tensor:
    """Joins tensors (1, H, T_i, D) to one (B, H, num_columns, D), zeros on the left."""
    if len(parts) == 1 and parts[0].shape[-2] == num_columns:
        return parts[0]
    _, num_heads, _, size = parts[0].shape
    whole = parts[0].new_zeros(len(parts), num_heads, num_columns, size)
    for index, part in enumerate(parts):
        whole[index, :, num_columns - part.shape[-2] :] = part[0]
    return whole
