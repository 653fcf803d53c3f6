"""Rows -> padded batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.utils.data import Dataset

from llm.finetune.encoding import IGNORE, Row


class RowDataset(Dataset[dict[str, list[int]]]):
    """Rows in the shape the Trainer wants."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = list(rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, list[int]]:
        row = self._rows[index]
        return {"input_ids": row.ids, "labels": row.labels}


class PadRight:
    """Joins rows to a batch: (B, T) `input_ids`, `attention_mask`, `labels`, T the longest row's length."""

    def __init__(self, pad_id: int) -> None:
        self._pad_id = pad_id

    def __call__(self, rows: Sequence[Mapping[str, list[int]]]) -> dict[str, Tensor]:
        length = max(len(row["input_ids"]) for row in rows)

        def padded(key: str, value: int) -> Tensor:
            return torch.tensor([row[key] + [value] * (length - len(row[key])) for row in rows])

        mask = [[1] * len(row["input_ids"]) + [0] * (length - len(row["input_ids"])) for row in rows]
        return {
            "input_ids": padded("input_ids", self._pad_id),
            "attention_mask": torch.tensor(mask),
            "labels": padded("labels", IGNORE),
        }
