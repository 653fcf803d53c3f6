"""`enc_p`: semantic tokens and phones -> the distribution of the decoder's latents, frame by frame.

The text tells what is said, the tokens when; MRTE lets every token frame look up the phones and adds the
voice. Attribute names follow the checkpoint keys; tensors are (B, C, T).
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from tts.models.attention import AttentionEncoder, MultiHeadAttention
from tts.models.sizes import Sizes

NUM_MRTE_HEADS = 4


class Prior(NamedTuple):
    """What the encoder says about T output frames.

    Attributes:
        mrte: (B, C, T50) output of the cross attention, before speed is applied.
        hidden: (B, C, T) hidden frames; flow-matching families go on from here.
        mean: (B, C_latent, T).
        log_scale: (B, C_latent, T).
    """

    mrte: Tensor
    hidden: Tensor
    mean: Tensor
    log_scale: Tensor


class Mrte(nn.Module):
    """Cross attention from token frames to phones, plus the voice."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.c_pre = nn.Conv1d(channels, inner, 1)
        self.text_pre = nn.Conv1d(channels, inner, 1)
        self.cross_attention = MultiHeadAttention(inner, NUM_MRTE_HEADS)
        self.c_post = nn.Conv1d(inner, channels, 1)

    def forward(self, frames: Tensor, text: Tensor, voice: Tensor, is_real: Tensor | None = None) -> Tensor:
        """frames (B, C, T), text (B, C, P), voice (B, inner, 1), is_real (B, P) -> (B, C, T)."""
        x = self.c_pre(frames)
        return self.c_post(self.cross_attention(x, self.text_pre(text), is_real) + x + voice)


class PriorEncoder(nn.Module):
    """The text and token encoder.

    Args:
        ssl_dim: Width of the codebook rows.
        channels: Hidden width.
        latent_channels: Width of the latents.
        num_symbols: Phone symbols.
        mrte_channels: Inner width of MRTE.
        encoders: The three encoders' sizes: for tokens, for text, behind MRTE; each the keyword arguments of
            `AttentionEncoder` besides channels.
    """

    def __init__(
        self,
        ssl_dim: int,
        channels: int,
        latent_channels: int,
        num_symbols: int,
        mrte_channels: int,
        encoders: tuple[dict[str, int], dict[str, int], dict[str, int]],
    ) -> None:
        super().__init__()
        for_tokens, for_text, behind = encoders
        self.ssl_proj = nn.Conv1d(ssl_dim, channels, 1)
        self.encoder_ssl = AttentionEncoder(channels, **for_tokens)
        self.text_embedding = nn.Embedding(num_symbols, channels)
        self.encoder_text = AttentionEncoder(channels, **for_text)
        self.mrte = Mrte(channels, mrte_channels)
        self.encoder2 = AttentionEncoder(channels, **behind)
        self.proj = nn.Conv1d(channels, 2 * latent_channels, 1)

    @classmethod
    def from_sizes(cls, sizes: Sizes, prefix: str) -> "PriorEncoder":
        """Make an empty encoder that fits the checkpoint."""
        return cls(
            ssl_dim=sizes.dim(f"{prefix}ssl_proj.weight", 1),
            channels=sizes.dim(f"{prefix}ssl_proj.weight", 0),
            latent_channels=sizes.dim(f"{prefix}proj.weight", 0) // 2,
            num_symbols=sizes.dim(f"{prefix}text_embedding.weight", 0),
            mrte_channels=sizes.dim(f"{prefix}mrte.c_pre.weight", 0),
            encoders=(
                _encoder_sizes(sizes, f"{prefix}encoder_ssl."),
                _encoder_sizes(sizes, f"{prefix}encoder_text."),
                _encoder_sizes(sizes, f"{prefix}encoder2."),
            ),
        )

    @property
    def num_symbols(self) -> int:
        """Valid phone ids are below this."""
        return self.text_embedding.num_embeddings

    def forward(
        self,
        features: Tensor,
        phones: Tensor,
        voice: Tensor,
        speed_factor: float = 1.0,
        is_real: Tensor | None = None,
    ) -> Prior:
        """Encode sentences of equal length.

        Args:
            features: Codebook rows (B, ssl_dim, T50), already at 50 Hz.
            phones: Ids of the target text (B, P) int64.
            voice: Conditioning for MRTE (B, mrte_channels, 1).
            speed_factor: Above 1 speaks faster; other than 1 resamples the hidden frames to
                floor(T50 / speed_factor) + 1.
            is_real: (B, P) bool, False for phones that only fill up; None if all texts have P phones.
        """
        frames = self.encoder_ssl(self.ssl_proj(features))
        text = self.encoder_text(self.text_embedding(phones).transpose(1, 2), is_real)
        mrte = self.mrte(frames, text, voice, is_real)
        hidden = self.encoder2(mrte)
        if speed_factor != 1:
            num_frames = int(hidden.shape[2] / speed_factor) + 1
            hidden = F.interpolate(hidden, size=num_frames, mode="linear")
        mean, log_scale = self.proj(hidden).chunk(2, dim=1)
        return Prior(mrte, hidden, mean, log_scale)


def _encoder_sizes(sizes: Sizes, prefix: str) -> dict[str, int]:
    first = f"{prefix}attn_layers.0."
    head_dim = sizes.dim(first + "emb_rel_k", 2)
    return {
        "filter_channels": sizes.dim(f"{prefix}ffn_layers.0.conv_1.weight", 0),
        "num_heads": sizes.dim(first + "conv_q.weight", 0) // head_dim,
        "num_layers": sizes.count(prefix + "attn_layers.{}.conv_q.weight"),
        "kernel_size": sizes.dim(f"{prefix}ffn_layers.0.conv_1.weight", 2),
        "window": sizes.dim(first + "emb_rel_k", 1) // 2,
    }
