"""Low-rank adapters beside a loaded model: many at once, chosen per row of the batch.

The adapters' matrices stand in dictionaries and are added by forward hooks on the model's linear layers. The
model itself is never changed, so adapters can come and go between two steps, a row without an adapter gets
exactly the base model's values, and quantised layers work like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True, slots=True)
class LowRank:
    """One layer's share of an adapter: x -> x @ down.T @ up.T * scale.

    Attributes:
        down: (r, in), "lora_A" in peft's files.
        up: (out, r), "lora_B".
        scale: alpha / r, or alpha / sqrt(r).
    """

    down: Tensor
    up: Tensor
    scale: float


def linear_layers(model: nn.Module) -> dict[str, nn.Linear]:
    """Returns the layers an adapter can stand beside, by name; quantised linear layers are among them."""
    return {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear)}


class LoraRouter:
    """Adds to each row of a batch what the row's adapter says."""

    def __init__(self, model: nn.Module) -> None:
        self._layers = linear_layers(model)
        self._adapters: dict[str, Mapping[str, LowRank]] = {}
        self._hooked: set[str] = set()
        # The adapters of the step at hand, and the rows each serves.
        self._groups: list[tuple[Mapping[str, LowRank], slice | list[int]]] = []

    def add(self, key: str, layers: Mapping[str, LowRank]) -> None:
        """Takes an adapter in; moves its matrices to the layers they stand beside."""
        placed = {}
        for name, part in layers.items():
            weight = self._layers[name].weight
            # The matrices of quantised layers are integers; the adapter then keeps its own precision.
            dtype = weight.dtype if weight.is_floating_point() else part.down.dtype
            target = {"device": weight.device, "dtype": dtype}
            placed[name] = LowRank(part.down.to(**target), part.up.to(**target), part.scale)
        self._adapters[key] = placed
        for name in placed.keys() - self._hooked:
            self._layers[name].register_forward_hook(self._hook(name))
            self._hooked.add(name)

    def remove(self, key: str) -> None:
        """Forgets an adapter."""
        del self._adapters[key]

    @contextmanager
    def rows(self, keys: Sequence[str | None]) -> Iterator[None]:
        """Within this context, row i of every batch gets adapter keys[i]; None is the base model."""
        self._groups = []
        for key in sorted({key for key in keys if key is not None}):
            rows = [row for row, other in enumerate(keys) if other == key]
            is_run = rows[-1] - rows[0] + 1 == len(rows)
            # Neighbours are a view of the batch; others have to be gathered and put back.
            self._groups.append((self._adapters[key], slice(rows[0], rows[-1] + 1) if is_run else rows))
        try:
            yield
        finally:
            self._groups = []

    def _hook(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor]:
        def add_low_rank(_module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
            for layers, rows in self._groups:
                part = layers.get(name)
                if part is None:
                    continue
                x = args[0][rows].to(device=part.down.device, dtype=part.down.dtype)
                change = F.linear(F.linear(x, part.down), part.up) * part.scale
                output[rows] += change.to(output.dtype)  # the layer has just made this tensor
            return output

        return add_low_rank
