"""Semantic tokens from SSL features, and SSL-like features from semantic tokens: one codebook."""

import torch
from torch import Tensor, nn


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
