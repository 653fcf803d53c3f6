"""The HiFi-GAN waveform piece by piece, with no sample computed twice.

Each layer keeps the few inputs its next output still needs (Kyutai's streaming convolutions work alike), so
the joined pieces equal `HifiGan.forward` of all frames; only the rounding of sums may differ by 1e-7. The
price is a delay of `HifiGan.lookahead_frames`.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from tts.models.hifigan import FINAL_SLOPE, SLOPE, HifiGan, ResidualBlock, mean
from tts.models.streamed_layers import SampleQueue, StreamedConv, StreamedUpsampling


class _StreamedBlock:
    """A residual block: the skip path waits for the convolutions."""

    def __init__(self, block: ResidualBlock) -> None:
        self._units = [([StreamedConv(conv) for conv in unit], SampleQueue()) for unit in block.units]

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
        self._upsampling = StreamedUpsampling(model.ups[stage])  # type: ignore[arg-type]
        self._blocks = [(_StreamedBlock(block), SampleQueue()) for block in model.blocks_of(stage)]

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
        self._first = StreamedConv(model.conv_pre)
        self._stages = [_StreamedStage(model, stage) for stage in range(len(model.rates))]
        self._last = StreamedConv(model.conv_post)

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
