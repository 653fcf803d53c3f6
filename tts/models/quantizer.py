"""Semantic tokens from SSL features, and SSL-like features from semantic tokens: one codebook."""

import torch
from torch import Tensor, nn

from tts.models.sizes import Sizes

# Checkpoint name -> ours, in a model that has the quantizer under that name.
CHECKPOINT_NAMES = {
    "ssl_proj.weight": "quantizer.ssl_proj.weight",
    "ssl_proj.bias": "quantizer.ssl_proj.bias",
    "quantizer.vq.layers.0._codebook.embed": "quantizer.codebook",
}
_CODEBOOK = "quantizer.vq.layers.0._codebook."
# What only codebook training needs.
TRAINING_STATISTICS = tuple(_CODEBOOK + name for name in ("inited", "cluster_size", "embed_avg"))


class SemanticQuantizer(nn.Module):
    """Nearest-entry quantizer behind a stride-2 convolution (50 Hz features -> 25 Hz tokens).

    Args:
        ssl_dim: Width of the SSL features and of the codebook.
        num_codes: Codebook entries.
        stride: Frames per token.
    """

    codebook: Tensor

    def __init__(self, ssl_dim: int, num_codes: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.ssl_proj = nn.Conv1d(ssl_dim, ssl_dim, stride, stride)
        self.register_buffer("codebook", torch.zeros(num_codes, ssl_dim))

    @classmethod
    def from_sizes(cls, sizes: Sizes, prefix: str) -> "SemanticQuantizer":
        """Make an empty quantizer that fits the checkpoint."""
        return cls(
            ssl_dim=sizes.dim(f"{prefix}codebook", 1),
            num_codes=sizes.dim(f"{prefix}codebook", 0),
            stride=sizes.dim(f"{prefix}ssl_proj.weight", 2),
        )

    def project(self, ssl: Tensor) -> Tensor:
        """SSL features (1, T, C) -> unquantised features (1, C, T // stride); an odd frame is dropped."""
        return self.ssl_proj(ssl.transpose(1, 2))

    def encode(self, projected: Tensor) -> Tensor:
        """Nearest codebook entries by squared Euclidean distance: (1, C, T_sem) -> (T_sem,) int64."""
        points = projected[0].T
        distances = self.codebook.square().sum(1) - 2 * points @ self.codebook.T
        return distances.argmin(dim=1)

    def decode(self, tokens: Tensor) -> Tensor:
        """Tokens (T_sem,) -> codebook rows (1, C, T_sem)."""
        return self.codebook[tokens].T[None]


def finished_statistics(codebook: Tensor) -> dict[str, Tensor]:
    """What upstream's strict loader wants beside a codebook (num_codes, C): as if its training had ended."""
    values = (torch.ones(1), torch.ones(len(codebook)), codebook)
    return dict(zip(TRAINING_STATISTICS, values, strict=True))
