"""`enc_q`: the spectrogram of a recording -> the decoder's latents. Only training needs it.

Upstream leaves it out of the files it saves, except for the published base models (`s2G*.pth`).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from tts.models.sizes import Sizes
from tts.models.wavenet import WaveNet


class Posterior(NamedTuple):
    """What the encoder says about T frames.

    Attributes:
        latents: (B, C_latent, T), drawn from the distribution that the other two tell.
        mean: (B, C_latent, T).
        log_scale: (B, C_latent, T).
    """

    latents: Tensor
    mean: Tensor
    log_scale: Tensor


class PosteriorEncoder(nn.Module):
    """The encoder; attribute names follow the checkpoint keys.

    Args:
        num_bins: Spectrogram bins.
        hidden: Width of the gated convolutions.
        latent_channels: Width of the latents.
        kernel_size: Of the gated convolutions.
        num_layers: Gated layers.
        condition: Size of the conditioning vector.
    """

    def __init__(
        self,
        num_bins: int,
        hidden: int,
        latent_channels: int,
        kernel_size: int,
        num_layers: int,
        condition: int,
    ) -> None:
        super().__init__()
        self.pre = nn.Conv1d(num_bins, hidden, 1)
        self.enc = WaveNet(hidden, kernel_size, num_layers, condition)
        self.proj = nn.Conv1d(hidden, 2 * latent_channels, 1)

    @classmethod
    def from_sizes(cls, sizes: Sizes, prefix: str) -> "PosteriorEncoder":
        """Make an empty encoder that fits the checkpoint."""
        return cls(
            num_bins=sizes.dim(f"{prefix}pre.weight", 1),
            hidden=sizes.dim(f"{prefix}pre.weight", 0),
            latent_channels=sizes.dim(f"{prefix}proj.weight", 0) // 2,
            kernel_size=sizes.dim(f"{prefix}enc.in_layers.0.weight", 2),
            num_layers=sizes.count(prefix + "enc.in_layers.{}.weight"),
            condition=sizes.dim(f"{prefix}enc.cond_layer.weight", 1),
        )

    def forward(self, spectrogram: Tensor, ge: Tensor) -> Posterior:
        """Encode recordings.

        Args:
            spectrogram: Linear magnitudes (B, num_bins, T).
            ge: Conditioning vectors (B, condition, 1). They do not learn from here, but from how the voice
                sounds.
        """
        condition = self.enc.project_condition(ge.detach())
        mean, log_scale = self.proj(self.enc(self.pre(spectrogram), condition)).chunk(2, dim=1)
        # In half precision the exponential would overflow at scales that training visits early on.
        mean, log_scale = mean.float(), log_scale.float()
        return Posterior(mean + torch.randn_like(mean) * torch.exp(log_scale), mean, log_scale)
