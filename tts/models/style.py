"""Style encoder (`ref_enc`): a reference spectrogram becomes one conditioning vector.

The layout is that of the mel-style encoder of StyleSpeech. Attribute names follow the checkpoint keys.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts.models.sizes import Sizes

NUM_HEADS = 2
GATED_KERNEL = 5


class _Projection(nn.Module):
    """A linear layer under the key `fc`."""

    def __init__(self, in_features: int, out_features: int) -> None:
        super().__init__()
        self.fc = nn.Linear(in_features, out_features)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x)


class _Convolution(nn.Module):
    """A length-keeping convolution under the key `conv`."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class _GatedConv(nn.Module):
    """x + a * sigmoid(b), where a and b are halves of one convolution; (B, C, T)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _Convolution(channels, 2 * channels, GATED_KERNEL)

    def forward(self, x: Tensor) -> Tensor:
        return x + F.glu(self.conv1(x), dim=1)


class _FrameAttention(nn.Module):
    """Self attention over frames (B, T, C) with a residual.

    Scores are divided by sqrt(C), not sqrt(C / heads): the weights were trained that way.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.w_qs = nn.Linear(channels, channels)
        self.w_ks = nn.Linear(channels, channels)
        self.w_vs = nn.Linear(channels, channels)
        self.fc = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        heads = [
            w(x).unflatten(2, (NUM_HEADS, -1)).transpose(1, 2) for w in (self.w_qs, self.w_ks, self.w_vs)
        ]
        query, key, value = heads
        weights = torch.softmax(query @ key.mT / math.sqrt(x.shape[-1]), dim=-1)
        return x + self.fc((weights @ value).transpose(1, 2).flatten(2))


class StyleEncoder(nn.Module):
    """Spectrogram (B, bins, T) -> conditioning vector (B, out_channels, 1).

    Args:
        num_bins: Lowest spectrogram bins the model looks at; the rest is ignored.
        hidden: Inner width.
        out_channels: Size of the conditioning vector (`gin`).
    """

    def __init__(self, num_bins: int, hidden: int, out_channels: int) -> None:
        super().__init__()
        self.num_bins = num_bins
        # The gaps in the numbering are dropout layers of the training code.
        self.spectral = nn.ModuleDict({"0": _Projection(num_bins, hidden), "3": _Projection(hidden, hidden)})
        self.temporal = nn.ModuleList([_GatedConv(hidden), _GatedConv(hidden)])
        self.slf_attn = _FrameAttention(hidden)
        self.fc = _Projection(hidden, out_channels)

    @classmethod
    def from_sizes(cls, sizes: Sizes, prefix: str) -> "StyleEncoder":
        """Make an empty encoder that fits the checkpoint."""
        return cls(
            num_bins=sizes.dim(f"{prefix}spectral.0.fc.weight", 1),
            hidden=sizes.dim(f"{prefix}spectral.0.fc.weight", 0),
            out_channels=sizes.dim(f"{prefix}fc.fc.weight", 0),
        )

    def forward(self, spectrogram: Tensor) -> Tensor:
        if spectrogram.shape[1] < self.num_bins:
            raise ValueError(f"the spectrogram has {spectrogram.shape[1]} bins; {self.num_bins} are needed")
        x = spectrogram[:, : self.num_bins].transpose(1, 2)
        for projection in self.spectral.values():
            x = F.mish(projection(x))
        x = x.transpose(1, 2)
        for gated in self.temporal:
            x = gated(x)
        x = self.slf_attn(x.transpose(1, 2))
        return self.fc(x).mean(dim=1)[:, :, None]
