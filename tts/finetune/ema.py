"""The exponential moving average of a network's weights, which is steadier than its last weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class WeightAverage:
    """Follows the trained parameters of a module.

    Early on, when all weights are still far off, it forgets faster: after n updates with (1 + n) / (10 + n)
    until that reaches `decay`.

    Args:
        module: whose trained parameters are followed.
        decay: share of the average that stays at each update.
    """

    def __init__(self, module: nn.Module, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be in [0, 1), not {decay}")
        self.decay = decay
        self._num_updates = 0
        self._parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
        self._averages = {name: p.detach().clone() for name, p in self._parameters.items()}

    @torch.no_grad()
    def update(self) -> None:
        """Take the parameters' present values in; call after each optimiser step."""
        self._num_updates += 1
        decay = min(self.decay, (1 + self._num_updates) / (10 + self._num_updates))
        for name, average in self._averages.items():
            average.lerp_(self._parameters[name], 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Within this context the module has the averages, afterwards its own weights again."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def state_dict(self) -> dict[str, Any]:
        """Return the averages under their parameters' names, and how many updates they saw."""
        return {"num_updates": self._num_updates, "averages": self._averages}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        if state["averages"].keys() != self._averages.keys():
            raise ValueError("these are averages of another network: its parameters have other names")
        self._num_updates = state["num_updates"]
        for name, average in self._averages.items():
            average.copy_(state["averages"][name])

    @torch.no_grad()
    def _swap(self) -> None:
        for name, parameter in self._parameters.items():
            parameter.data, self._averages[name] = self._averages[name], parameter.data
