"""Attention of the s2 text encoder: blocks with relative positions, and text-to-speech cross attention.

Tensors are (B, C, T), channels first, as in the checkpoints. Sequences are complete when speaking; only
training pads texts, and then says with `is_real` (B, T) bool which places count. Attribute names follow the
checkpoint keys.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NORM_EPS = 1e-5


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of (B, C, T)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))
        self.beta = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x.transpose(1, 2), self.gamma.shape, self.gamma, self.beta, NORM_EPS).transpose(
            1, 2
        )


class MultiHeadAttention(nn.Module):
    """Attention with 1x1 convolutions as projections.

    Args:
        channels: C.
        num_heads: Divides C.
        window: Reach of the learned relative positions to each side; 0 for none (Shaw et al. 2018, one table
            shared by all heads).
    """

    def __init__(self, channels: int, num_heads: int, window: int = 0) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.head_dim = channels // num_heads
        self.window = window
        self.conv_q = nn.Conv1d(channels, channels, 1)
        self.conv_k = nn.Conv1d(channels, channels, 1)
        self.conv_v = nn.Conv1d(channels, channels, 1)
        self.conv_o = nn.Conv1d(channels, channels, 1)
        if window:
            self.emb_rel_k = nn.Parameter(torch.zeros(1, 2 * window + 1, self.head_dim))
            self.emb_rel_v = nn.Parameter(torch.zeros(1, 2 * window + 1, self.head_dim))

    def forward(self, x: Tensor, context: Tensor, is_real: Tensor | None = None) -> Tensor:
        """Attend from x (B, C, T) to context (B, C, S), where it is real (B, S); returns (B, C, T)."""
        query = self._split_heads(self.conv_q(x)) / math.sqrt(self.head_dim)
        key = self._split_heads(self.conv_k(context))
        value = self._split_heads(self.conv_v(context))
        if self.window:
            mixed = self._attend_relative(query, key, value, is_real)
        else:
            mixed = _softmax(query @ key.mT, is_real) @ value
        return self.conv_o(mixed.transpose(2, 3).flatten(1, 2))

    def _split_heads(self, x: Tensor) -> Tensor:
        """(B, C, T) -> (B, heads, T, head_dim)."""
        return x.unflatten(1, (self.num_heads, self.head_dim)).transpose(2, 3)

    def _attend_relative(self, query: Tensor, key: Tensor, value: Tensor, is_real: Tensor | None) -> Tensor:
        """Self attention; offsets j - i within the window add to score and value; (B, heads, T, head_dim)."""
        length, reach = query.shape[2], self.window
        rows = torch.arange(length, device=query.device)
        # Score of each offset, with a zero column at both ends for everything outside the window.
        offset_scores = F.pad(query @ self.emb_rel_k[0].T, (1, 1))
        columns = (rows - rows[:, None]).clamp(-reach - 1, reach + 1) + reach + 1
        scores = query @ key.mT + offset_scores.gather(3, columns.expand(*query.shape[:2], -1, -1))
        weights = _softmax(scores, is_real)
        # The same band of the attention weights, offset by offset, for the value table.
        neighbours = rows[:, None] + torch.arange(2 * reach + 1, device=query.device)
        band = F.pad(weights, (reach, reach)).gather(3, neighbours.expand(*query.shape[:2], -1, -1))
        return weights @ value + band @ self.emb_rel_v[0]


def _softmax(scores: Tensor, is_real: Tensor | None) -> Tensor:
    """Weights of (B, heads, T, S) scores; those of places that are not real are 0."""
    if is_real is not None:
        scores = scores.masked_fill(~is_real[:, None, None], -torch.inf)
    return torch.softmax(scores, dim=-1)


def _silence(x: Tensor, is_real: Tensor | None) -> Tensor:
    """Zeros in place of what is not real, as convolutions see beyond the ends."""
    return x if is_real is None else x * is_real[:, None]


class FeedForward(nn.Module):
    """Two convolutions over time with a ReLU between; the length stays."""

    def __init__(self, channels: int, filter_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.pad = ((kernel_size - 1) // 2, kernel_size // 2)
        self.conv_1 = nn.Conv1d(channels, filter_channels, kernel_size)
        self.conv_2 = nn.Conv1d(filter_channels, channels, kernel_size)

    def forward(self, x: Tensor, is_real: Tensor | None = None) -> Tensor:
        hidden = torch.relu(self.conv_1(F.pad(_silence(x, is_real), self.pad)))
        return self.conv_2(F.pad(_silence(hidden, is_real), self.pad))


class AttentionEncoder(nn.Module):
    """A stack of post-norm blocks (attention, feed-forward) over (B, C, T).

    Args:
        channels: C.
        filter_channels: Inner width of the feed-forward parts.
        num_heads: Attention heads.
        num_layers: Blocks.
        kernel_size: Of the feed-forward convolutions.
        window: Reach of the relative positions.
    """

    def __init__(
        self,
        channels: int,
        filter_channels: int,
        num_heads: int,
        num_layers: int,
        kernel_size: int,
        window: int,
    ) -> None:
        super().__init__()
        layers = range(num_layers)
        self.attn_layers = nn.ModuleList(MultiHeadAttention(channels, num_heads, window) for _ in layers)
        self.norm_layers_1 = nn.ModuleList(ChannelNorm(channels) for _ in layers)
        self.ffn_layers = nn.ModuleList(FeedForward(channels, filter_channels, kernel_size) for _ in layers)
        self.norm_layers_2 = nn.ModuleList(ChannelNorm(channels) for _ in layers)

    def forward(self, x: Tensor, is_real: Tensor | None = None) -> Tensor:
        blocks = zip(self.attn_layers, self.norm_layers_1, self.ffn_layers, self.norm_layers_2, strict=True)
        for attention, norm_1, feed_forward, norm_2 in blocks:
            x = norm_1(x + attention(x, x, is_real))
            x = norm_2(x + feed_forward(x, is_real))
        return x
