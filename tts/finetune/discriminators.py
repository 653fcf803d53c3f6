"""The discriminators that judge waveforms in adversarial training.

Scale and period discriminators are HiFi-GAN's (Kong et al. 2020) and, at the usual widths, take the weights
of upstream's `s2D*.pth`. Spectrogram discriminators (as in UnivNet, Jang et al. 2021) are an extra for small
models: they see much for little computing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.1
# Kernel, stride and groups of the scale discriminator's layers.
SCALE_LAYERS = ((15, 1, 1), (41, 4, 4), (41, 4, 16), (41, 4, 64), (41, 4, 256), (5, 1, 1))
# Kernel and stride of the spectrogram discriminator's layers, frequency before time.
SPECTROGRAM_LAYERS = (((9, 3), (4, 2)), ((5, 3), (2, 2)), ((5, 3), (2, 1)), ((3, 3), (1, 1)))
PERIOD_KERNEL = 5
PERIOD_STRIDE = 3


@dataclass(frozen=True, slots=True)
class DiscriminatorSizes:
    """Which discriminators there are, and how wide.

    Attributes:
        periods: One period discriminator each, in samples.
        period_channels: Widths of its layers; all but the last divide the length by 3.
        scale_channels: Widths of the six layers of the scale discriminator; empty for none.
        fft_sizes: One spectrogram discriminator each.
        spectrogram_channels: Widths of its layers.
    """

    periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    period_channels: tuple[int, ...] = (32, 128, 512, 1024, 1024)
    scale_channels: tuple[int, ...] = (16, 64, 256, 1024, 1024, 1024)
    fft_sizes: tuple[int, ...] = ()
    spectrogram_channels: tuple[int, ...] = (16, 32, 32)


UPSTREAM_SIZES = DiscriminatorSizes()
UPSTREAM_PRO_SIZES = DiscriminatorSizes(periods=(2, 3, 5, 7, 11, 17, 23))
# A fortieth of the operations that upstream's take for the same sound.
SMALL_SIZES = DiscriminatorSizes(
    period_channels=(16, 32, 64, 128, 128), scale_channels=(), fft_sizes=(512, 1024, 2048)
)
# For trainings that please nobody.
NO_DISCRIMINATORS = DiscriminatorSizes(periods=(), scale_channels=())


class Verdict(NamedTuple):
    """What one discriminator says.

    Attributes:
        scores: Towards 1 for "recorded", towards 0 for "made"; any shape.
        features: What its layers saw on the way.
    """

    scores: Tensor
    features: list[Tensor]


def _judge(layers: nn.ModuleList, last: nn.Module, x: Tensor) -> Verdict:
    features = []
    for layer in layers:
        x = F.leaky_relu(layer(x), SLOPE)
        features.append(x)
    scores = last(x)
    return Verdict(scores, [*features, scores])


class ScaleDiscriminator(nn.Module):
    """Looks at the waveform with ever longer strides."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        widths = (1, *channels)
        self.convs = nn.ModuleList(
            # Narrow models have fewer channels than upstream has groups.
            nn.Conv1d(
                before,
                after,
                kernel,
                stride,
                padding=kernel // 2,
                groups=gcd(groups, gcd(before, after)),
            )
            for before, after, (kernel, stride, groups) in zip(widths, channels, SCALE_LAYERS, strict=False)
        )
        self.conv_post = nn.Conv1d(widths[-1], 1, 3, padding=1)

    def forward(self, waveform: Tensor) -> Verdict:
        """(B, 1, N) -> verdict."""
        return _judge(self.convs, self.conv_post, waveform)


class PeriodDiscriminator(nn.Module):
    """Looks at every `period`-th sample, which shows errors in harmonics."""

    def __init__(self, period: int, channels: Sequence[int]) -> None:
        super().__init__()
        self.period = period
        widths = (1, *channels)
        last = len(channels) - 1
        self.convs = nn.ModuleList(
            nn.Conv2d(
                before,
                after,
                (PERIOD_KERNEL, 1),
                (PERIOD_STRIDE if number < last else 1, 1),
                padding=(PERIOD_KERNEL // 2, 0),
            )
            for number, (before, after) in enumerate(zip(widths, channels, strict=False))
        )
        self.conv_post = nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0))

    def forward(self, waveform: Tensor) -> Verdict:
        """(B, 1, N) -> verdict."""
        padded = F.pad(waveform, (0, -waveform.shape[2] % self.period), mode="reflect")
        return _judge(self.convs, self.conv_post, padded.unflatten(2, (-1, self.period)))


class SpectrogramDiscriminator(nn.Module):
    """Looks at the magnitudes of a short-time Fourier transform."""

    def __init__(self, fft_size: int, channels: Sequence[int]) -> None:
        super().__init__()
        self.fft_size = fft_size
        widths = (1, *channels)
        self.convs = nn.ModuleList(
            nn.Conv2d(before, after, kernel, stride, padding=(kernel[0] // 2, kernel[1] // 2))
            for before, after, (kernel, stride) in zip(widths, channels, SPECTROGRAM_LAYERS, strict=False)
        )
        self.conv_post = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, waveform: Tensor) -> Verdict:
        """(B, 1, N) -> verdict."""
        with torch.autocast(waveform.device.type, enabled=False):
            window = torch.hann_window(self.fft_size, device=waveform.device)
            bins = torch.stft(
                waveform[:, 0].float(), self.fft_size, self.fft_size // 4, window=window, return_complex=True
            )
            power = bins.real.square() + bins.imag.square()
        # Compressed, so that quiet parts are seen beside loud ones.
        return _judge(self.convs, self.conv_post, (power + 1e-5).log()[:, None] / 4)


class Discriminators(nn.Module):
    """All discriminators; those that upstream has come first, under its keys.

    Args:
        sizes: Which and how wide.
    """

    def __init__(self, sizes: DiscriminatorSizes) -> None:
        super().__init__()
        self.sizes = sizes
        scale = [ScaleDiscriminator(sizes.scale_channels)] if sizes.scale_channels else []
        periods = [PeriodDiscriminator(period, sizes.period_channels) for period in sizes.periods]
        self.discriminators = nn.ModuleList([*scale, *periods])
        self.spectrogram_discriminators = nn.ModuleList(
            SpectrogramDiscriminator(fft_size, sizes.spectrogram_channels) for fft_size in sizes.fft_sizes
        )

    def forward(self, waveform: Tensor) -> list[Verdict]:
        """(B, 1, N) -> one verdict of each."""
        return [judge(waveform) for judge in (*self.discriminators, *self.spectrogram_discriminators)]
