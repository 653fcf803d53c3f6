"""HiFi-GAN generator: latent frames -> waveform. Decoder of the VITS families and vocoder of v4.

`HifiGan` holds the weights and computes whole waveforms; `tts/models/hifigan_stream.py` computes the same
waveform piece by piece. Attribute names follow the checkpoint keys; weight norm is folded before loading.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts.checkpoint import BadCheckpoint
from tts.models.sizes import Sizes

SLOPE = 0.1
# The last activation uses torch's default slope instead: an accident of the original code, trained in.
FINAL_SLOPE = 0.01


class ResidualBlock(nn.Module):
    """A chain of units x + convs(x), one per dilation; (B, C, T) -> (B, C, T).

    A unit of type 1 is act, dilated convolution, act, plain convolution; one of type 2 has no second half.

    Args:
        channels: C.
        kernel_size: Odd.
        dilations: One unit each.
        is_type_2: As `resblock` "2" in the config; the attribute names, and so the keys, differ.
    """

    def __init__(
        self, channels: int, kernel_size: int, dilations: Sequence[int], *, is_type_2: bool = False
    ) -> None:
        super().__init__()
        self.is_type_2 = is_type_2
        pad = kernel_size // 2
        dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=dilation * pad)
            for dilation in dilations
        )
        if is_type_2:
            self.convs = dilated
        else:
            self.convs1 = dilated
            self.convs2 = nn.ModuleList(
                nn.Conv1d(channels, channels, kernel_size, padding=pad) for _ in dilations
            )

    @property
    def units(self) -> list[tuple[nn.Conv1d, ...]]:
        """The convolutions of each unit, in order."""
        lists = (self.convs,) if self.is_type_2 else (self.convs1, self.convs2)
        return list(zip(*lists, strict=True))  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        for unit in self.units:
            hidden = x
            for conv in unit:
                hidden = conv(F.leaky_relu(hidden, SLOPE))
            x = x + hidden
        return x


class HifiGan(nn.Module):
    """The generator.

    Args:
        channels: Widths: input, after the first convolution, then after each upsampling.
        rates: Upsampling factors; their product is the samples per frame.
        upsample_kernels: Kernel of each transposed convolution; kernel - rate must be even and >= 0.
        block_kernels: Kernels of the parallel residual blocks behind each upsampling.
        block_dilations: Their dilations.
        edge_kernels: Kernels of the first and last convolution.
        condition_channels: Size of the conditioning vector, 0 for none.
        has_final_bias: Whether the last convolution has a bias.
        is_type_2: Whether the residual blocks are of type 2, with half the convolutions.
    """

    def __init__(
        self,
        channels: Sequence[int],
        rates: Sequence[int],
        upsample_kernels: Sequence[int],
        block_kernels: Sequence[int],
        block_dilations: Sequence[Sequence[int]],
        *,
        edge_kernels: tuple[int, int] = (7, 7),
        condition_channels: int = 0,
        has_final_bias: bool = False,
        is_type_2: bool = False,
    ) -> None:
        super().__init__()
        self.rates = tuple(rates)
        self.num_kernels = len(block_kernels)
        first, last = edge_kernels
        self.conv_pre = nn.Conv1d(channels[0], channels[1], first, padding=first // 2)
        if condition_channels:
            self.cond = nn.Conv1d(condition_channels, channels[1], 1)
        self.ups = nn.ModuleList(
            nn.ConvTranspose1d(channels[i + 1], channels[i + 2], kernel, rate, padding=(kernel - rate) // 2)
            for i, (rate, kernel) in enumerate(zip(rates, upsample_kernels, strict=True))
        )
        self.resblocks = nn.ModuleList(
            ResidualBlock(width, kernel, dilations, is_type_2=is_type_2)
            for width in channels[2:]
            for kernel, dilations in zip(block_kernels, block_dilations, strict=True)
        )
        self.conv_post = nn.Conv1d(channels[-1], 1, last, padding=last // 2, bias=has_final_bias)

    @classmethod
    def from_sizes(
        cls, sizes: Sizes, prefix: str, rates: Sequence[int], block_dilations: Sequence[Sequence[int]]
    ) -> "HifiGan":
        """Make an empty network that fits the checkpoint; only rates and dilations are not in its shapes.

        Raises:
            BadCheckpoint: Tensors are missing, or rates and dilations do not fit them.
        """
        num_ups = sizes.count(prefix + "ups.{}.weight")
        num_kernels = len(block_dilations)
        first_conv = block_conv_key(sizes, prefix)
        kernels = [sizes.dim(f"{prefix}ups.{i}.weight", 2) for i in range(num_ups)]
        widths = [sizes.dim(f"{prefix}ups.{i}.weight", 1) for i in range(num_ups)]
        if len(rates) != num_ups or any((k - r) % 2 or k < r for k, r in zip(kernels, rates, strict=False)):
            raise BadCheckpoint(
                sizes.source, f"upsample_rates {list(rates)} do not fit transposed convolutions {kernels}"
            )
        has_condition = f"{prefix}cond.weight" in sizes.weights
        return cls(
            (sizes.dim(f"{prefix}conv_pre.weight", 1), sizes.dim(f"{prefix}conv_pre.weight", 0), *widths),
            rates,
            kernels,
            [sizes.dim(first_conv.format(i), 2) for i in range(num_kernels)],
            block_dilations,
            edge_kernels=(
                sizes.dim(f"{prefix}conv_pre.weight", 2),
                sizes.dim(f"{prefix}conv_post.weight", 2),
            ),
            condition_channels=sizes.dim(f"{prefix}cond.weight", 1) if has_condition else 0,
            has_final_bias=f"{prefix}conv_post.bias" in sizes.weights,
            is_type_2=".convs." in first_conv,
        )

    @property
    def samples_per_frame(self) -> int:
        """Waveform samples of one input frame."""
        return math.prod(self.rates)

    def blocks_of(self, stage: int) -> list[ResidualBlock]:
        """The parallel residual blocks behind one upsampling."""
        return [self.resblocks[stage * self.num_kernels + i] for i in range(self.num_kernels)]  # pyright: ignore

    def project_condition(self, ge: Tensor) -> Tensor:
        """Bias of the first convolution for one voice: (B, condition_channels, 1) -> (B, width, 1)."""
        return self.cond(ge)

    def forward(self, frames: Tensor, condition: Tensor | None = None) -> Tensor:
        """Compute a whole waveform.

        Args:
            frames: (B, C, T).
            condition: What `project_condition` returned.

        Returns:
            (B, 1, T * samples_per_frame) in (-1, 1).
        """
        x = self.conv_pre(frames)
        if condition is not None:
            x = x + condition
        for stage, upsample in enumerate(self.ups):
            x = upsample(F.leaky_relu(x, SLOPE))
            x = mean([block(x) for block in self.blocks_of(stage)])
        return torch.tanh(self.conv_post(F.leaky_relu(x, FINAL_SLOPE)))

    @property
    def lookahead_frames(self) -> int:
        """Frames to the right of a frame that its samples depend on (the same number counts to the left).

        Summed over the layers in fractions of a frame: each convolution reaches its padding, a transposed one
        the part of its kernel that overlaps its neighbour.
        """
        reach = float(_reach(self.conv_pre))
        rate = 1
        for stage, upsample in enumerate(self.ups):
            rate *= self.rates[stage]
            slowest = max(
                sum(_reach(conv) for unit in block.units for conv in unit) for block in self.blocks_of(stage)
            )
            reach += (_reach(upsample) + slowest) / rate
        return math.ceil(reach + _reach(self.conv_post) / rate)


def block_conv_key(sizes: Sizes, prefix: str) -> str:
    """Key of the first convolution of residual block `{}`: its name tells the type of all blocks."""
    is_type_2 = f"{prefix}resblocks.0.convs.0.weight" in sizes.weights
    return prefix + ("resblocks.{}.convs.0.weight" if is_type_2 else "resblocks.{}.convs1.0.weight")


def mean(branches: Sequence[Tensor]) -> Tensor:
    """Average of equally shaped tensors, summed in order."""
    total = branches[0]
    for branch in branches[1:]:
        total = total + branch
    return total / len(branches)


def _reach(layer: nn.Module) -> int:
    """Outputs by which a layer's result lags behind its input, counted at the layer's output rate."""
    return layer.padding[0]  # type: ignore[index, return-value]
