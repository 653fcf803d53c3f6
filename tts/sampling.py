"""How one semantic token is drawn from the logits of a step, for many rows at once.

The order and the quirks are upstream's, because users have tuned their voices with them: repetition penalty,
top-p (before the temperature, and the token that crosses p is dropped), temperature, top-k, softmax, draw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

_COLDEST = 1e-5  # upstream divides by no less, so that temperature 0 means the best token
_LEAST_NOISE = torch.finfo(torch.float32).tiny  # keeps p / noise finite


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How freely a voice draws its semantic tokens.

    Attributes:
        top_k: draw among this many best tokens; 1 is greedy; more than there are tokens means all.
        top_p: draw among the best tokens that together have this probability; 1 means all.
        temperature: below 1 calmer, above 1 livelier; 0 is greedy.
        repetition_penalty: above 1 makes tokens that have occurred less likely; 1 is none.

    Raises:
        ValueError: a value is of the wrong type, not finite or out of range; says what would be valid.
    """

    top_k: int = 15
    top_p: float = 1.0
    temperature: float = 1.0
    repetition_penalty: float = 1.35

    def __post_init__(self) -> None:
        if (
            isinstance(self.top_k, bool)
            or not isinstance(self.top_k, int)
            or not 1 <= self.top_k <= 1_000_000
        ):
            raise ValueError(f"top_k must be a whole number from 1 to 1000000, not {self.top_k!r}")
        _check("top_p", self.top_p, above=0.0, most=1.0)
        _check("temperature", self.temperature, least=0.0, most=10.0)
        _check("repetition_penalty", self.repetition_penalty, above=0.0, most=10.0)


def _check(name: str, value: float, *, most: float, least: float = 0.0, above: float | None = None) -> None:
    bounds = f"from {least:g}" if above is None else f"above {above:g}"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most or (above is not None and value <= above):
        raise ValueError(f"{name} must be a number {bounds} to {most:g}, not {value!r}")


class SamplingTable:
    """The parameters of many rows as columns of tensors, so that one pass filters all rows.

    Args:
        params: one entry per row.
        device: where the logits will be.
    """

    def __init__(self, params: Sequence[SamplingParams], device: torch.device | str = "cpu") -> None:
        def column(values: Sequence[float], dtype: torch.dtype) -> torch.Tensor:
            return torch.tensor(values, dtype=dtype, device=device).unsqueeze(1)

        self._penalty = column([p.repetition_penalty for p in params], torch.float32)
        self._top_p = column([p.top_p for p in params], torch.float32)
        self._temperature = column([max(p.temperature, _COLDEST) for p in params], torch.float32)
        self._top_k = column([p.top_k for p in params], torch.int64)
        self._largest_top_k = max(p.top_k for p in params)
        self._has_top_p = any(p.top_p < 1 for p in params)

    def penalise(self, logits: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """Make tokens that have occurred less likely: once each, however often and long ago it was.

        Args:
            logits: (B, V).
            seen: bool (B, V), true for tokens of the prompt and of what has been generated.

        Returns:
            New logits (B, V).
        """
        return torch.where(
            seen, torch.where(logits < 0, logits * self._penalty, logits / self._penalty), logits
        )

    def probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        """Filter penalised logits (B, V) and return the probabilities (B, V) to draw from."""
        if self._has_top_p:
            logits = self._keep_top_p(logits)
        logits = logits / self._temperature
        return torch.softmax(self._keep_top_k(logits), dim=-1)

    def _keep_top_p(self, logits: torch.Tensor) -> torch.Tensor:
        ordered, order = torch.sort(logits, dim=-1, descending=True)
        mass = torch.cumsum(torch.softmax(ordered, dim=-1), dim=-1)
        drop = (mass > self._top_p) & (self._top_p < 1)
        drop[:, 0] = False
        return logits.masked_fill(torch.zeros_like(drop).scatter(1, order, drop), -math.inf)

    def _keep_top_k(self, logits: torch.Tensor) -> torch.Tensor:
        num_tokens = logits.shape[-1]
        largest = min(self._largest_top_k, num_tokens)
        best = torch.topk(logits, largest, dim=-1).values
        worst_kept = best.gather(1, self._top_k.clamp(max=largest) - 1)
        return logits.masked_fill(logits < worst_kept, -math.inf)


def draw(probabilities: torch.Tensor, generators: Sequence[torch.Generator]) -> torch.Tensor:
    """Draw one token per row.

    Every call takes exactly one vector of V numbers from each row's generator. So the noise of a row depends
    on its seed and the number of its draws alone, not on the rows beside it.

    Args:
        probabilities: (B, V).
        generators: one CPU generator per row.

    Returns:
        int64 (B,) token ids.
    """
    noise = torch.empty(probabilities.shape, dtype=torch.float32)
    for row, generator in zip(noise, generators, strict=True):
        row.exponential_(generator=generator)
    noise = noise.clamp_(min=_LEAST_NOISE).to(probabilities.device)
    return torch.argmax(probabilities / noise, dim=-1)
