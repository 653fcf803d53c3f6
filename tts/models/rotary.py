"""Rotary positions (Su et al. 2021) on interleaved pairs of channels."""

import torch
from torch import Tensor, nn

BASE = 10_000.0


class RotaryAngles(nn.Module):
    """Angles of all positions.

    The frequencies are stored in the checkpoints, in half precision, and are used as they stand there.

    Args:
        num_channels: Channels that are rotated, even.
    """

    inv_freq: Tensor

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        exponents = torch.arange(0, num_channels, 2, dtype=torch.float32) / num_channels
        self.register_buffer("inv_freq", 1.0 / BASE**exponents)

    def forward(self, length: int) -> Tensor:
        """(length, num_channels): one angle per pair, twice."""
        positions = torch.arange(length, device=self.inv_freq.device, dtype=torch.float32)
        return torch.outer(positions, self.inv_freq).repeat_interleave(2, dim=1)


def rotate(x: Tensor, angles: Tensor) -> Tensor:
    """Rotate the first channels of x (B, T, C) by angles (T, R); the other C - R stay."""
    rotated, rest = x.tensor_split([angles.shape[1]], dim=2)
    even, odd = rotated.unflatten(2, (-1, 2)).unbind(3)
    quarter_turned = torch.stack([-odd, even], dim=3).flatten(2)
    return torch.cat([rotated * angles.cos() + quarter_turned * angles.sin(), rest], dim=2)
