"""Logits -> next tokens, for rows with different sampling parameters.

The noise of a row is a hash of (seed, step, token id): it depends neither on the other rows nor on the device
nor on any generator's state, so a request repeats alone and in any batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from llm.sampling import SamplingParams

_MASK32 = 0xFFFFFFFF
_MASK64 = 0xFFFFFFFFFFFFFFFF


@dataclass(frozen=True, slots=True)
class Choice:
    """What one row brings along to the choice of its next token.

    Attributes:
        sampling: the row's parameters.
        seed: the row's seed.
        step: number of tokens the row has generated.
        seen_ids: (T,) int64, ids of prompt and reply so far, repeats allowed; on any device.
    """

    sampling: SamplingParams
    seed: int
    step: int
    seen_ids: Tensor


def choose_tokens(logits: Tensor, choices: Sequence[Choice]) -> Tensor:
    """Chooses one token per row.

    The order is that of transformers: repetition penalty, temperature, top_k, top_p.

    Args:
        logits: (B, V) float32; rows with a repetition penalty are changed in place.
        choices: B rows.

    Returns:
        (B,) int64 token ids.
    """
    for row, choice in enumerate(choices):
        if choice.sampling.repetition_penalty != 1.0:
            _penalise(logits[row], choice.seen_ids, choice.sampling.repetition_penalty)
    tokens = logits.argmax(dim=-1)
    drawn = [row for row, choice in enumerate(choices) if not choice.sampling.is_greedy]
    if drawn:
        tokens[drawn] = _draw(logits[drawn], [choices[row] for row in drawn])
    return tokens


def _penalise(logits: Tensor, seen_ids: Tensor, penalty: float) -> None:
    seen = logits[seen_ids]
    logits[seen_ids] = torch.where(seen > 0, seen / penalty, seen * penalty)


def _draw(logits: Tensor, choices: Sequence[Choice]) -> Tensor:
    """Draws one token per row by the Gumbel-max trick over the row's candidates."""
    num_vocab, device = logits.shape[-1], logits.device
    top_k = [min(choice.sampling.top_k or num_vocab, num_vocab) for choice in choices]
    scores, ids = logits.topk(max(top_k), dim=-1)
    scores = scores / _column([choice.sampling.temperature for choice in choices], device)
    rank = torch.arange(scores.shape[-1], device=device)
    scores = scores.masked_fill(rank >= _column(top_k, device), -torch.inf)
    probabilities = scores.softmax(dim=-1)
    mass_before = probabilities.cumsum(dim=-1) - probabilities
    top_p = _column([choice.sampling.top_p for choice in choices], device)
    # The likeliest token always stays; top_p == 1 must not cut a tail that rounding puts above 1.
    is_cut = (mass_before >= top_p) & (top_p < 1) & (rank > 0)
    scores = scores.masked_fill(is_cut, -torch.inf)
    noise = _gumbel(ids, [_key(choice.seed, choice.step) for choice in choices])
    best = (scores.double() + noise).argmax(dim=-1, keepdim=True)
    return ids.gather(-1, best).squeeze(-1)


def _column(values: Sequence[float], device: torch.device) -> Tensor:
    return torch.tensor(values, device=device).unsqueeze(-1)


def _gumbel(ids: Tensor, keys: Sequence[int]) -> Tensor:
    """Returns (B, K) float64 Gumbel noise for the candidate ids (B, K)."""
    low = torch.tensor([key & _MASK32 for key in keys], device=ids.device).unsqueeze(-1)
    high = torch.tensor([key >> 32 for key in keys], device=ids.device).unsqueeze(-1)
    bits = _mix32(_mix32(ids ^ low) ^ high)
    uniform = (bits.double() + 0.5) / 2.0**32
    return -torch.log(-torch.log(uniform))


def _mix32(x: Tensor) -> Tensor:
    """Mixes 32-bit numbers held in int64 (multiply and xor-shift, the "lowbias32" constants)."""
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & _MASK32
    x = ((x ^ (x >> 15)) * 0x846CA68B) & _MASK32
    return x ^ (x >> 16)


def _key(seed: int, step: int) -> int:
    """Returns a 64-bit key for one step of one seed (splitmix64)."""
    key = (seed * 0x9E3779B97F4A7C15 + (step + 1) * 0xD1B54A32D192ED03) & _MASK64
    key = ((key ^ (key >> 30)) * 0xBF58476D1CE4E5B9) & _MASK64
    key = ((key ^ (key >> 27)) * 0x94D049BB133111EB) & _MASK64
    return key ^ (key >> 31)
