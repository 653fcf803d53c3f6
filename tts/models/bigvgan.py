"""BigVGAN v2 (Lee et al. 2023), the vocoder of v3: mel -> waveform.

Like HiFi-GAN, with periodic activations that are computed at twice the rate to keep aliasing out. Here are
the weights; `tts/models/bigvgan_stream.py` computes with them. Attribute names follow the checkpoint keys;
weight norm is folded before loading.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts.checkpoint import BadCheckpoint
from tts.models.sizes import Sizes

FILTER_TAPS = 12
DIVISION_FLOOR = 1e-9


class SnakeBeta(nn.Module):
    """x + sin(alpha x)^2 / beta, per channel; (B, C, T) -> (B, C, T).

    Args:
        channels: C.
        has_beta: Without one, beta is alpha (the activation called snake).
        is_log: Both are stored as logarithms.
    """

    def __init__(self, channels: int, *, has_beta: bool, is_log: bool) -> None:
        super().__init__()
        self.is_log = is_log
        self.alpha = nn.Parameter(torch.zeros(channels))
        self.beta = nn.Parameter(torch.zeros(channels)) if has_beta else None

    def forward(self, x: Tensor) -> Tensor:
        alpha, beta = self.alpha, self.alpha if self.beta is None else self.beta
        if self.is_log:
            alpha, beta = alpha.exp(), beta.exp()
        return x + (x * alpha[:, None]).sin().square() / (beta[:, None] + DIVISION_FLOOR)


class Resampler(nn.Module):
    """A low-pass filter of 12 taps for changes of rate by two; (B, C, T), the same for all channels."""

    filter: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("filter", torch.zeros(1, 1, FILTER_TAPS))

    def to_double_rate(self, x: Tensor) -> Tensor:
        """Every sample that does not lack neighbours: (B, C, T) -> (B, C, 2 (T - 6))."""
        flat = x.reshape(-1, 1, x.shape[2])
        full = 2 * F.conv_transpose1d(flat, self.filter, stride=2)
        return full[..., FILTER_TAPS - 1 : 1 - FILTER_TAPS].unflatten(0, x.shape[:2])[:, :, 0]

    def to_half_rate(self, x: Tensor) -> Tensor:
        """Likewise: (B, C, T) -> (B, C, (T - 10) // 2)."""
        return F.conv1d(x.reshape(-1, 1, x.shape[2]), self.filter, stride=2).unflatten(0, x.shape[:2])[
            :, :, 0
        ]


class Activation(nn.Module):
    """SnakeBeta at twice the rate. `tts/models/bigvgan_stream.py` computes it."""

    def __init__(self, channels: int, *, has_beta: bool, is_log: bool) -> None:
        super().__init__()
        self.act = SnakeBeta(channels, has_beta=has_beta, is_log=is_log)
        self.upsample = Resampler()
        self.downsample = nn.ModuleDict({"lowpass": Resampler()})


class AmpBlock(nn.Module):
    """A chain of units x + (act, dilated convolution, act, convolution)(x), one per dilation."""

    def __init__(
        self, channels: int, kernel_size: int, dilations: Sequence[int], *, has_beta: bool, is_log: bool
    ) -> None:
        super().__init__()
        pad = kernel_size // 2
        self.convs1 = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, dilation=dilation, padding=dilation * pad)
            for dilation in dilations
        )
        self.convs2 = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel_size, padding=pad) for _ in dilations
        )
        self.activations = nn.ModuleList(
            Activation(channels, has_beta=has_beta, is_log=is_log) for _ in range(2 * len(dilations))
        )

    @property
    def units(self) -> list[list[tuple[Activation, nn.Conv1d]]]:
        """Each unit's activations, with the convolution behind each."""
        activations = iter(self.activations)
        pairs = zip(self.convs1, self.convs2, strict=True)
        return [[(next(activations), conv) for conv in pair] for pair in pairs]  # type: ignore[misc]


class BigVgan(nn.Module):
    """The network's weights.

    Args:
        channels: Widths: mel bands, after the first convolution, then after each upsampling.
        rates: Upsampling factors; their product is the samples per frame.
        upsample_kernels: Kernel of each transposed convolution; kernel - rate must be even and >= 0.
        block_kernels: Kernels of the parallel blocks behind each upsampling.
        block_dilations: Their dilations.
        edge_kernels: Kernels of the first and last convolution.
        has_final_bias: Whether the last convolution has a bias.
        has_final_tanh: The waveform goes through tanh; else it is cut off at -1 and 1.
        has_beta, is_log: See `SnakeBeta`.
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
        has_final_bias: bool = True,
        has_final_tanh: bool = True,
        has_beta: bool = True,
        is_log: bool = True,
    ) -> None:
        super().__init__()
        self.rates = tuple(rates)
        self.num_kernels = len(block_kernels)
        self.has_final_tanh = has_final_tanh
        first, last = edge_kernels
        self.conv_pre = nn.Conv1d(channels[0], channels[1], first, padding=first // 2)
        self.ups = nn.ModuleList(
            nn.ModuleList(
                [
                    nn.ConvTranspose1d(
                        channels[i + 1], channels[i + 2], kernel, rate, padding=(kernel - rate) // 2
                    )
                ]
            )
            for i, (rate, kernel) in enumerate(zip(rates, upsample_kernels, strict=True))
        )
        self.resblocks = nn.ModuleList(
            AmpBlock(width, kernel, dilations, has_beta=has_beta, is_log=is_log)
            for width in channels[2:]
            for kernel, dilations in zip(block_kernels, block_dilations, strict=True)
        )
        self.activation_post = Activation(channels[-1], has_beta=has_beta, is_log=is_log)
        self.conv_post = nn.Conv1d(channels[-1], 1, last, padding=last // 2, bias=has_final_bias)

    @classmethod
    def from_sizes(cls, sizes: Sizes) -> "BigVgan":
        """Make an empty network that fits the checkpoint; settings are its config.json.

        Raises:
            BadCheckpoint: Tensors are missing, or the settings do not fit them.
        """
        settings = sizes.settings
        rates = sizes.integers("upsample_rates")
        dilations = sizes.integer_rows("resblock_dilation_sizes")
        num_ups = sizes.count("ups.{}.0.weight")
        kernels = [sizes.dim(f"ups.{i}.0.weight", 2) for i in range(num_ups)]
        if len(rates) != num_ups or any((k - r) % 2 or k < r for k, r in zip(kernels, rates, strict=False)):
            raise BadCheckpoint(
                sizes.source, f"upsample_rates {list(rates)} do not fit transposed convolutions {kernels}"
            )
        if str(settings.get("resblock", "1")) != "1":
            raise BadCheckpoint(sizes.source, 'its config.json must have "resblock": "1"')
        return cls(
            (
                sizes.dim("conv_pre.weight", 1),
                sizes.dim("conv_pre.weight", 0),
                *(sizes.dim(f"ups.{i}.0.weight", 1) for i in range(num_ups)),
            ),
            rates,
            kernels,
            [sizes.dim(f"resblocks.{i}.convs1.0.weight", 2) for i in range(len(dilations))],
            dilations,
            edge_kernels=(sizes.dim("conv_pre.weight", 2), sizes.dim("conv_post.weight", 2)),
            has_final_bias="conv_post.bias" in sizes.weights,
            has_final_tanh=_flag(settings, "use_tanh_at_final", default=True),
            has_beta="activation_post.act.beta" in sizes.weights,
            is_log=_flag(settings, "snake_logscale", default=True),
        )

    @property
    def samples_per_frame(self) -> int:
        """Waveform samples of one mel frame."""
        return math.prod(self.rates)

    def blocks_of(self, stage: int) -> list[AmpBlock]:
        """The parallel blocks behind one upsampling."""
        return [self.resblocks[stage * self.num_kernels + i] for i in range(self.num_kernels)]  # type: ignore[misc]


def _flag(settings: Mapping[str, Any], name: str, *, default: bool) -> bool:
    return bool(settings.get(name, default))
