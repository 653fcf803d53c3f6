"""Preference training: what was said shall be likelier than the same with a slip of the tongue.

The slips are those of a model that loses its place: some tokens are said twice, or left out. This is DPO
(Rafailov et al. 2023) without a reference model, as upstream offers it.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from tts.finetune.semantic_rows import Rows

SHARPNESS = 0.2  # upstream's beta


def with_slip(tokens: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return tokens (P,) with a span, of at most half of them, repeated or left out; never what was given."""
    length = int(random.integers(1, max(1, len(tokens) // 2), endpoint=True))
    start = int(random.integers(len(tokens) - length, endpoint=True))
    end = start + length
    is_repeated = random.random() < 0.5 or length == len(tokens)
    return np.concatenate([tokens[:end], tokens[start:]] if is_repeated else [tokens[:start], tokens[end:]])


def log_likelihoods(logits: torch.Tensor, rows: Rows) -> torch.Tensor:
    """Return how likely each row's tokens are, (B,), from the logits (M, V) of `rows.targets`."""
    found = F.log_softmax(logits.float(), dim=1).gather(1, rows.targets.unsqueeze(1)).squeeze(1)
    row = rows.learned // rows.asked.shape[1]
    return found.new_zeros(len(rows.asked)).index_add(0, row, found)


def preference_loss(good: torch.Tensor, bad: torch.Tensor) -> torch.Tensor:
    """Return the mean over rows of how little the good is preferred, given log likelihoods (B,) of both."""
    return -F.logsigmoid(SHARPNESS * (good - bad)).mean()
