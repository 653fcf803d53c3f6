"""The HiFi-GAN waveform piece by piece, with no sample computed twice.

Each layer keeps the few inputs its next output still needs (Kyutai's streaming convolutions work alike), so
the joined pieces equal `HifiGan.forward` of all frames; only the rounding of sums may differ by 1e-7. The
price is a delay of `HifiGan.lookahead_frames`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts.models.hifigan import FINAL_SLOPE, SLOPE, HifiGan, ResidualBlock, mean


class _Queue:
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


class _StreamedConv:
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


class _StreamedUpsampling:
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


class _StreamedBlock:
    """A residual block: the skip path waits for the convolutions."""

    def __init__(self, block: ResidualBlock) -> None:
        self._units = [([_StreamedConv(conv) for conv in unit], _Queue()) for unit in block.units]

    def push(self, x: Tensor, is_last: bool) -> Tensor:
        for convs, skip in self._units:
            skip.push(x)
            hidden = x
            for conv in convs:
                hidden = conv.push(F.leaky_relu(hidden, SLOPE), is_last)
            x = skip.take(hidden.shape[2]) + hidden
        return x


class _StreamedStage:
    """One upsampling and the mean of its residual blocks, each of which lags by another length."""

    def __init__(self, model: HifiGan, stage: int) -> None:
        self._upsampling = _StreamedUpsampling(model.ups[stage])  # type: ignore[arg-type]
        self._blocks = [(_StreamedBlock(block), _Queue()) for block in model.blocks_of(stage)]

    def push(self, x: Tensor, is_last: bool) -> Tensor:
        x = self._upsampling.push(F.leaky_relu(x, SLOPE), is_last)
        ready = min(queue.push(block.push(x, is_last)) for block, queue in self._blocks)
        return mean([queue.take(ready) for _, queue in self._blocks])


class HifiGanStream:
    """One waveform in the making.

    Args:
        model: The weights, shared by all streams.
        condition: What `HifiGan.project_condition` returned for the voice, or None.
    """

    def __init__(self, model: HifiGan, condition: Tensor | None = None) -> None:
        self._condition = condition
        self._first = _StreamedConv(model.conv_pre)
        self._stages = [_StreamedStage(model, stage) for stage in range(len(model.rates))]
        self._last = _StreamedConv(model.conv_post)

    def push(self, frames: Tensor, *, is_last: bool) -> Tensor:
        """Feed the next frames.

        Args:
            frames: (B, C, T), T >= 0.
            is_last: No more will come; everything held back comes out.

        Returns:
            (B, 1, N): all samples that no later frame can change.
        """
        x = self._first.push(frames, is_last)
        if self._condition is not None:
            x = x + self._condition
        for stage in self._stages:
            x = stage.push(x, is_last)
        return torch.tanh(self._last.push(F.leaky_relu(x, FINAL_SLOPE), is_last))
