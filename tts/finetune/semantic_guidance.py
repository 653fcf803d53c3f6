"""Attention guidance: in training, four heads are told which phone is being spoken.

A small model that has to find out by itself how text and tokens belong together drops phones and jumps to
places that look alike. Where the alignment is known (synthetic speech knows it) some heads are taught to look
at the phone of the last token read, others at the one that follows it. In a trial
with one synthetic voice it about halved the steps needed. The network stays as it is; nothing of this exists
when it speaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F

from tts.finetune.semantic_rows import UNKNOWN


@dataclass(frozen=True, slots=True)
class Guide:
    """One taught head: of which layer, and whether it looks at the present phone or at the following one."""

    layer: int
    head: int
    is_ahead: bool


def guides_for(num_layers: int) -> tuple[Guide, ...]:
    """Return the taught heads: present at a quarter and half of the layers, following at half and above."""
    quarter, half, above = (num_layers * part // 4 for part in (1, 2, 3))
    wanted = [(quarter, 0, False), (half, 0, False), (half, 1, True), (above, 1, True)]
    return tuple(Guide(*guide) for guide in dict.fromkeys(wanted))


def guidance_loss(
    guides: Sequence[Guide],
    query: torch.Tensor,
    key: torch.Tensor,
    mask: torch.Tensor,
    cues: torch.Tensor,
    num_phones: torch.Tensor,
) -> torch.Tensor:
    """Return the cross-entropy of taught heads' attention, summed over the heads.

    Args:
        guides: of one layer.
        query: (B, H, Q, D), at the asked positions.
        key: (B, H, N, D).
        mask: bool (B, 1, Q, N), where they may look.
        cues: int64 (B, Q), see `Rows`.
        num_phones: int64 (B,).
    """
    ahead = torch.where(cues == UNKNOWN, UNKNOWN, torch.minimum(cues + 1, num_phones.unsqueeze(1) - 1))
    total = query.new_zeros((), dtype=torch.float32)
    for guide in guides:
        scores = query[:, guide.head] @ key[:, guide.head].transpose(1, 2) * query.shape[-1] ** -0.5
        scores = scores.float().masked_fill(~mask[:, 0], -torch.inf)
        goal = ahead if guide.is_ahead else cues
        total = total + F.cross_entropy(scores.flatten(0, 1), goal.flatten(), ignore_index=UNKNOWN)
    return total
