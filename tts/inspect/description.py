"""What is known of one model file or folder, as text for people and as plain values for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

# How a version was told, in words.
TOLD_BY = {
    "mark": "the mark at the start of the file",
    "hash": "its hash, that of a published base model",
    "config": "config.model.version",
    "tensors": "its tensors",
}
_MIB = 1 << 20
_LABEL_CHARS = 12
_MAX_SIZE_CHARS = 200  # of what a stranger's config may say


def printable(text: str) -> str:
    """Return a line with every character replaced that a terminal would not print but obey."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


@dataclass(frozen=True, slots=True)
class Weights:
    """What tensors amount to.

    Attributes:
        num_parameters: numbers that were learned (all that are not whole).
        num_bytes: of all tensors.
        dtypes: type -> number of tensors.
    """

    num_parameters: int
    num_bytes: int
    dtypes: Mapping[str, int]

    @classmethod
    def of(cls, tensors: Iterable[torch.Tensor]) -> Weights:
        """Count tensors in memory."""
        tensors = list(tensors)
        return cls(
            num_parameters=sum(tensor.numel() for tensor in tensors if tensor.is_floating_point()),
            num_bytes=sum(tensor.numel() * tensor.element_size() for tensor in tensors),
            dtypes=dict(Counter(str(tensor.dtype).removeprefix("torch.") for tensor in tensors)),
        )


@dataclass(frozen=True, slots=True)
class Description:
    """What a model file or folder is.

    Attributes:
        path: what was looked at.
        kind: one word for programs.
        title: what it is, for people.
        weights: what its tensors amount to, None if there are none to count.
        version: model version, for SoVITS files; None if undecided or not applicable.
        told_by: what told the version, a key of `TOLD_BY`.
        symbols: the phone table it was made for, "v1" or "v2", where it has one.
        lora_rank: of adapters.
        sizes: what -> size, in the words of the format's users.
        info: the trainer's remark.
        needs: what it takes besides it to be used.
        remarks: what else one should know, a sentence each.
    """

    path: Path
    kind: str
    title: str
    weights: Weights | None = None
    version: str | None = None
    told_by: str | None = None
    symbols: str | None = None
    lora_rank: int | None = None
    sizes: Mapping[str, Any] = field(default_factory=dict)
    info: str = ""
    needs: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return everything as values that JSON can hold."""
        return {**asdict(self), "path": str(self.path)}

    def as_text(self) -> str:
        """Return everything as lines for people; nothing a file says can reach the terminal's controls."""
        lines = [str(self.path)]
        for label, values in self._rows():
            for i, value in enumerate(values):
                lines.append(f"  {label if i == 0 else '':<{_LABEL_CHARS}}{value}")
        return "\n".join(map(printable, lines))

    def _rows(self) -> Iterable[tuple[str, Iterable[str]]]:
        """Yield label and lines, only of what is known."""
        yield "what", [self.title]
        if self.version is not None:
            yield "version", [f"{self.version}, told by {TOLD_BY[self.told_by or 'tensors']}"]
        if self.symbols is not None:
            yield "symbols", [f"table {self.symbols}"]
        if self.lora_rank is not None:
            yield "LoRA rank", [str(self.lora_rank)]
        if self.sizes:
            yield "sizes", [f"{name}: {_plain(size)}" for name, size in self.sizes.items()]
        if self.weights is not None:
            yield "parameters", [_amount(self.weights)]
        if self.info:
            yield "trained", [self.info]
        yield "needs", self.needs
        yield "note", self.remarks


def _plain(size: Any) -> str:
    words = ", ".join(map(str, size)) if isinstance(size, list | tuple) else str(size)
    return words[:_MAX_SIZE_CHARS]


def _amount(weights: Weights) -> str:
    dtypes = ", ".join(
        f"{dtype} ({number} tensors)" for dtype, number in sorted(weights.dtypes.items(), key=lambda x: -x[1])
    )
    return f"{weights.num_parameters:,}, {weights.num_bytes / _MIB:.1f} MiB as {dtypes}"
