"""Convolutions that run over a signal piece by piece, for the waveform networks.

Each keeps the few inputs its next output still needs, so that the joined outputs are those of one call. They
hold no weights: a layer of the network is wrapped for each stream.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SampleQueue:
    """Samples that wait for a slower branch; (B, C, T)."""

    def __init__(self) -> None:
        self._waiting: Tensor | None = None

    def push(self, x: Tensor) -> int:
        """Append and return the number of waiting samples."""
        self._waiting = x if self._waiting is None else torch.cat([self._waiting, x], dim=2)
        return self._waiting.shape[2]

    def take(self, length: int) -> Tensor:
        """Remove and return the first samples."""
        if self._waiting is None:
            raise RuntimeError("nothing was pushed yet")
        taken, self._waiting = self._waiting[..., :length], self._waiting[..., length:]
        return taken


class StreamedConv:
    """A length-keeping convolution: holds back kernel reach, pads with zeros only at the true ends."""

    def __init__(self, conv: nn.Conv1d) -> None:
        self._conv = conv
        self._reach = int(conv.padding[0])
        self._held: Tensor | None = None

    def push(self, x: Tensor, is_last: bool) -> Tensor:
        left = x.new_zeros(*x.shape[:2], self._reach) if self._held is None else self._held
        parts = [left, x, x.new_zeros(*x.shape[:2], self._reach)] if is_last else [left, x]
        joined = torch.cat(parts, dim=2)
        num_held = min(2 * self._reach, joined.shape[2])
        self._held = joined[..., joined.shape[2] - num_held :]
        if joined.shape[2] <= 2 * self._reach:
            return x.new_zeros(x.shape[0], self._conv.out_channels, 0)
        return F.conv1d(joined, self._conv.weight, self._conv.bias, dilation=self._conv.dilation)


class StreamedUpsampling:
    """A transposed convolution: adds the overhang of the last piece to the head of the next."""

    def __init__(self, conv: nn.ConvTranspose1d) -> None:
        self._conv = conv
        self._rate = int(conv.stride[0])
        self._crop = int(conv.padding[0])
        self._left_to_crop = self._crop
        self._overhang: Tensor | None = None

    def push(self, x: Tensor, is_last: bool) -> Tensor:
        num_final = x.shape[2] * self._rate
        if x.shape[2]:
            full = F.conv_transpose1d(x, self._conv.weight, None, self._rate)
            if self._overhang is not None:
                full[..., : self._overhang.shape[2]] += self._overhang
        elif self._overhang is not None:
            full = self._overhang
        else:
            full = x.new_zeros(x.shape[0], self._conv.out_channels, 0)
        self._overhang = full[..., num_final:]
        end = max(0, full.shape[2] - self._crop) if is_last else num_final
        start = min(self._left_to_crop, end)
        self._left_to_crop -= start
        bias = self._conv.bias
        return full[..., start:end] if bias is None else full[..., start:end] + bias[:, None]


class EdgeWindow:
    """What a filter looks at as a signal comes in pieces; the first and the last sample go on for ever.

    Args:
        before, behind: Samples before and behind a sample that the filter needs.
    """

    def __init__(self, before: int, behind: int) -> None:
        self._before = before
        self._behind = behind
        self._held: Tensor | None = None

    def push(self, x: Tensor, is_last: bool) -> Tensor:
        """The samples held back and the new ones: with N of them, N - before - behind can be filtered."""
        if self._held is not None:
            parts = [self._held, x]
        elif x.shape[2]:
            parts = [x[..., :1].expand(-1, -1, self._before), x]
        else:
            return x
        joined = torch.cat(parts, dim=2)
        if is_last:
            joined = torch.cat([joined, joined[..., -1:].expand(-1, -1, self._behind)], dim=2)
        num_held = min(self._before + self._behind, joined.shape[2])
        self._held = joined[..., joined.shape[2] - num_held :]
        return joined
