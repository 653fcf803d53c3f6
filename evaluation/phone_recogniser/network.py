"""The network: what an ear tells of speech -> chances of each phone, 50 times a second, trained with CTC."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from evaluation.phone_recogniser.hearing import NUM_FEATURES

BLANK = 0


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of the network; they are kept in its file.

    Attributes:
        num_labels: without the blank.
        width: channels.
        num_blocks: each looks `kernel` frames of 20 ms wide.
    """

    num_labels: int
    width: int = 128
    num_blocks: int = 6
    kernel: int = 11

    def as_dict(self) -> dict[str, int]:
        """Returns them for the file."""
        return asdict(self)


class Block(nn.Module):
    """Looks around in time, channel by channel, then mixes the channels; adds to what it was given."""

    def __init__(self, width: int, kernel: int, dropout: float) -> None:
        super().__init__()
        self.look = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 2 * width)
        self.narrow = nn.Linear(2 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, frames: Tensor) -> Tensor:
        """(B, T, C) -> (B, T, C)."""
        seen = self.norm(self.look(frames.transpose(1, 2)).transpose(1, 2))
        return frames + self.dropout(self.narrow(nn.functional.gelu(self.widen(seen))))


class PhoneNetwork(nn.Module):
    """Features (B, T, NUM_FEATURES) of speech -> log chances (B, T // 2, num_labels + 1)."""

    def __init__(self, sizes: Sizes, dropout: float = 0.0) -> None:
        super().__init__()
        self.sizes = sizes
        self.enter = nn.Conv1d(NUM_FEATURES, sizes.width, 4, stride=2, padding=1)
        self.blocks = nn.ModuleList(
            Block(sizes.width, sizes.kernel, dropout) for _ in range(sizes.num_blocks)
        )
        self.norm = nn.LayerNorm(sizes.width)
        self.leave = nn.Linear(sizes.width, sizes.num_labels + 1)

    def forward(self, features: Tensor, num_frames: Tensor) -> tuple[Tensor, Tensor]:
        """Returns log chances (blank first) and the number of frames of each row (B,).

        What stands behind the end of a row is set to 0 before every block, so a row comes out the same alone
        and in a batch.
        """
        hidden = nn.functional.gelu(self.enter(features.transpose(1, 2))).transpose(1, 2)
        lengths = num_frames // 2
        is_real = (torch.arange(hidden.shape[1], device=hidden.device) < lengths[:, None])[..., None]
        for block in self.blocks:
            hidden = block(hidden * is_real)
        return self.leave(self.norm(hidden)).log_softmax(-1), lengths
