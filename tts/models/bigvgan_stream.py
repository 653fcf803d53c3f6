"""The BigVGAN waveform piece by piece, with no sample computed twice: each layer carries its state along."""

from typing import cast

import torch
from torch import Tensor

from tts.models.bigvgan import Activation, AmpBlock, BigVgan, Resampler
from tts.models.hifigan import mean
from tts.models.streamed_layers import EdgeWindow, SampleQueue, StreamedConv, StreamedUpsampling

# How far the filters for a change of rate look at their input, before and behind a sample.
DOUBLING_REACH = (3, 3)
HALVING_REACH = (5, 6)


class _StreamedActivation:
    """Twice the rate, SnakeBeta, and back; at both rates the first and the last sample go on for ever."""

    def __init__(self, activation: Activation) -> None:
        self._activation = activation
        self._at_rate = EdgeWindow(*DOUBLING_REACH)
        self._at_double_rate = EdgeWindow(*HALVING_REACH)

    def push(self, x: Tensor, is_last: bool) -> Tensor:
        window = self._at_rate.push(x, is_last)
        if window.shape[2] <= sum(DOUBLING_REACH):
            return x[..., :0]
        doubled = self._activation.act.forward(self._activation.upsample.to_double_rate(window))
        window = self._at_double_rate.push(doubled, is_last)
        if window.shape[2] <= sum(HALVING_REACH):
            return x[..., :0]
        return cast(Resampler, self._activation.downsample["lowpass"]).to_half_rate(window)


class _StreamedBlock:
    """A residual block: the skip path waits for the convolutions."""

    def __init__(self, block: AmpBlock) -> None:
        self._units = [
            (
                [(_StreamedActivation(activation), StreamedConv(conv)) for activation, conv in unit],
                SampleQueue(),
            )
            for unit in block.units
        ]

    def push(self, x: Tensor, is_last: bool) -> Tensor:
        for layers, skip in self._units:
            skip.push(x)
            hidden = x
            for activation, conv in layers:
                hidden = conv.push(activation.push(hidden, is_last), is_last)
            x = skip.take(hidden.shape[2]) + hidden
        return x


class _StreamedStage:
    """One upsampling and the mean of its blocks, each of which lags by another length."""

    def __init__(self, model: BigVgan, stage: int) -> None:
        self._upsampling = StreamedUpsampling(model.ups[stage][0])  # type: ignore[index]
        self._blocks = [(_StreamedBlock(block), SampleQueue()) for block in model.blocks_of(stage)]

    def push(self, x: Tensor, is_last: bool) -> Tensor:
        x = self._upsampling.push(x, is_last)
        ready = min(queue.push(block.push(x, is_last)) for block, queue in self._blocks)
        return mean([queue.take(ready) for _, queue in self._blocks])


class BigVganStream:
    """One waveform in the making.

    Args:
        model: The weights, shared by all streams.
    """

    def __init__(self, model: BigVgan) -> None:
        self._first = StreamedConv(model.conv_pre)
        self._stages = [_StreamedStage(model, stage) for stage in range(len(model.rates))]
        self._activation = _StreamedActivation(model.activation_post)
        self._last = StreamedConv(model.conv_post)
        self._has_tanh = model.has_final_tanh

    def push(self, frames: Tensor, *, is_last: bool) -> Tensor:
        """Feed the next frames.

        Args:
            frames: (B, num_mels, T), T >= 1.
            is_last: No more will come; everything held back comes out.

        Returns:
            (B, 1, N): all samples that no later frame can change.
        """
        x = self._first.push(frames, is_last)
        for stage in self._stages:
            x = stage.push(x, is_last)
        x = self._last.push(self._activation.push(x, is_last), is_last)
        return torch.tanh(x) if self._has_tanh else x.clamp(-1.0, 1.0)
