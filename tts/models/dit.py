"""The velocity network of v3 and v4: a diffusion transformer (DiT) as in F5-TTS, over mel frames.

It is told the noisy mel, the mel of the reference, features of what is to be said, the time on the way from
noise to mel and the length of the step to take. Tensors are (B, T, C), channels last. Attribute names follow
the checkpoint keys; all sizes come from the tensors, except what the architecture fixes (below).
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts.checkpoint import BadCheckpoint
from tts.models.rotary import RotaryAngles, rotate
from tts.models.sizes import Sizes

HEAD_DIM = 64
NUM_FREQUENCIES = 128
TIME_SCALE = 1000.0
TIME_BASE = 10_000.0
NORM_EPS = 1e-6
TEXT_KERNEL = 7
POSITION_KERNEL = 31
POSITION_GROUPS = 16


class TimeEmbedding(nn.Module):
    """A number from 0 to 1 -> (B, C): sines and cosines, then two linear layers."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.time_mlp = nn.Sequential(nn.Linear(2 * NUM_FREQUENCIES, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, time: Tensor) -> Tensor:
        steps = torch.arange(NUM_FREQUENCIES, device=time.device, dtype=torch.float32)
        frequencies = torch.exp(steps * (-math.log(TIME_BASE) / (NUM_FREQUENCIES - 1)))
        angles = TIME_SCALE * time[:, None] * frequencies
        return self.time_mlp(torch.cat([angles.sin(), angles.cos()], dim=1))


class ResponseNorm(nn.Module):
    """Global response normalisation of ConvNeXt V2, with the norm over time: (B, T, C) -> (B, T, C)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(1, 1, dim))
        self.beta = nn.Parameter(torch.zeros(1, 1, dim))

    def forward(self, x: Tensor) -> Tensor:
        norm = x.norm(dim=1, keepdim=True)
        response = norm / (norm.mean(dim=2, keepdim=True) + NORM_EPS)
        return self.gamma * (x * response) + self.beta + x


class ConvNextBlock(nn.Module):
    """Depthwise convolution over time and a gated-by-response feed-forward, with a residual; (B, T, C)."""

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv1d(dim, dim, TEXT_KERNEL, padding=TEXT_KERNEL // 2, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=NORM_EPS)
        self.pwconv1 = nn.Linear(dim, inner)
        self.grn = ResponseNorm(inner)
        self.pwconv2 = nn.Linear(inner, dim)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.norm(self.dwconv(x.transpose(1, 2)).transpose(1, 2))
        return x + self.pwconv2(self.grn(F.gelu(self.pwconv1(hidden))))


class TextEmbedding(nn.Module):
    """Features of what is to be said, plus their positions, through ConvNeXt blocks; (B, T, C)."""

    def __init__(self, dim: int, inner: int, num_blocks: int) -> None:
        super().__init__()
        self.text_blocks = nn.Sequential(*(ConvNextBlock(dim, inner) for _ in range(num_blocks)))

    def forward(self, features: Tensor) -> Tensor:
        length, dim = features.shape[1:]
        exponents = torch.arange(0, dim, 2, device=features.device, dtype=torch.float32) / dim
        positions = torch.arange(length, device=features.device, dtype=torch.float32)
        angles = torch.outer(positions, 1.0 / TIME_BASE**exponents)
        return self.text_blocks(features + torch.cat([angles.cos(), angles.sin()], dim=1))


class PositionConvs(nn.Module):
    """Where in the sequence a frame is, by two wide grouped convolutions; (B, T, C)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        pad = POSITION_KERNEL // 2
        # The gaps in the numbering are activations.
        self.conv1d = nn.ModuleDict(
            {
                key: nn.Conv1d(dim, dim, POSITION_KERNEL, padding=pad, groups=POSITION_GROUPS)
                for key in ("0", "2")
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        hidden = x.transpose(1, 2)
        for conv in self.conv1d.values():
            hidden = F.mish(conv(hidden))
        return hidden.transpose(1, 2)


class InputEmbedding(nn.Module):
    """Noisy mel, reference mel and condition -> (B, T, dim)."""

    def __init__(self, num_inputs: int, dim: int) -> None:
        super().__init__()
        self.proj = nn.Linear(num_inputs, dim)
        self.conv_pos_embed = PositionConvs(dim)

    def forward(self, noisy: Tensor, reference: Tensor, condition: Tensor) -> Tensor:
        x = self.proj(torch.cat([noisy, reference, condition], dim=2))
        return x + self.conv_pos_embed(x)


class Modulation(nn.Module):
    """What the time says to one layer: `num_parts` vectors (B, 1, dim)."""

    def __init__(self, dim: int, num_parts: int) -> None:
        super().__init__()
        self.num_parts = num_parts
        self.linear = nn.Linear(dim, num_parts * dim)

    def forward(self, time: Tensor) -> tuple[Tensor, ...]:
        return self.linear(F.silu(time))[:, None].chunk(self.num_parts, dim=2)


def modulated_norm(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """Layer norm with the shift and scale of a modulation."""
    return F.layer_norm(x, x.shape[2:], eps=NORM_EPS) * (1 + scale) + shift


class RotaryAttention(nn.Module):
    """Self attention over all frames; (B, T, dim).

    The rotation meets the packed queries and keys before they are split into heads, so that only the first
    head knows positions: an accident of the original code, trained in.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.to_q = nn.Linear(dim, dim)
        self.to_k = nn.Linear(dim, dim)
        self.to_v = nn.Linear(dim, dim)
        self.to_out = nn.ModuleList([nn.Linear(dim, dim)])

    def forward(self, x: Tensor, angles: Tensor) -> Tensor:
        packed = (rotate(self.to_q(x), angles), rotate(self.to_k(x), angles), self.to_v(x))
        query, key, value = (part.unflatten(2, (-1, HEAD_DIM)).transpose(1, 2) for part in packed)
        mixed = F.scaled_dot_product_attention(query, key, value)
        return self.to_out[0](mixed.transpose(1, 2).flatten(2))


class FeedForward(nn.Module):
    """Two linear layers with the tanh form of GELU between; (B, T, dim)."""

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        # Number 1 is a dropout layer of the training code.
        self.ff = nn.ModuleDict({"0": nn.ModuleList([nn.Linear(dim, inner)]), "2": nn.Linear(inner, dim)})

    def forward(self, x: Tensor) -> Tensor:
        first, last = self.ff["0"][0], self.ff["2"]  # type: ignore[index]
        return last(F.gelu(first(x), approximate="tanh"))


class Block(nn.Module):
    """Attention and feed-forward, each between a modulated norm and a gate; (B, T, dim)."""

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.attn_norm = Modulation(dim, 6)
        self.attn = RotaryAttention(dim)
        self.ff = FeedForward(dim, inner)

    def forward(self, x: Tensor, time: Tensor, angles: Tensor) -> Tensor:
        shift, scale, gate, ff_shift, ff_scale, ff_gate = self.attn_norm(time)
        x = x + gate * self.attn(modulated_norm(x, shift, scale), angles)
        return x + ff_gate * self.ff(modulated_norm(x, ff_shift, ff_scale))


class VelocityNetwork(nn.Module):
    """The whole network (`cfm.estimator` in the files).

    Args:
        num_mels: Mel bands.
        condition_dim: Width of the condition.
        dim: Width of the transformer, a multiple of 64 (heads) and 16 (groups).
        num_blocks: Transformer blocks.
        inner: Width inside their feed-forward parts.
        num_text_blocks: ConvNeXt blocks.
        text_inner: Width inside those.
    """

    def __init__(
        self,
        num_mels: int,
        condition_dim: int,
        dim: int,
        num_blocks: int,
        inner: int,
        num_text_blocks: int,
        text_inner: int,
    ) -> None:
        super().__init__()
        self.num_mels = num_mels
        self.time_embed = TimeEmbedding(dim)
        self.d_embed = TimeEmbedding(dim)
        self.text_embed = TextEmbedding(condition_dim, text_inner, num_text_blocks)
        self.input_embed = InputEmbedding(2 * num_mels + condition_dim, dim)
        self.rotary_embed = RotaryAngles(HEAD_DIM)
        self.transformer_blocks = nn.ModuleList(Block(dim, inner) for _ in range(num_blocks))
        self.norm_out = Modulation(dim, 2)
        self.proj_out = nn.Linear(dim, num_mels)

    @classmethod
    def from_sizes(cls, sizes: Sizes, prefix: str) -> "VelocityNetwork":
        """Make an empty network that fits the checkpoint.

        Raises:
            BadCheckpoint: Tensors are missing, or the width is none that the architecture can have.
        """
        dim = sizes.dim(f"{prefix}proj_out.weight", 1)
        if dim % math.lcm(HEAD_DIM, POSITION_GROUPS):
            raise BadCheckpoint(
                sizes.source, f"its transformer is {dim} wide, which is no multiple of {HEAD_DIM}"
            )
        return cls(
            num_mels=sizes.dim(f"{prefix}proj_out.weight", 0),
            condition_dim=sizes.dim(f"{prefix}text_embed.text_blocks.0.pwconv2.weight", 0),
            dim=dim,
            num_blocks=sizes.count(prefix + "transformer_blocks.{}.attn.to_q.weight"),
            inner=sizes.dim(f"{prefix}transformer_blocks.0.ff.ff.2.weight", 1),
            num_text_blocks=sizes.count(prefix + "text_embed.text_blocks.{}.dwconv.weight"),
            text_inner=sizes.dim(f"{prefix}text_embed.text_blocks.0.pwconv2.weight", 1),
        )

    def embed_condition(self, features: Tensor) -> Tensor:
        """What `forward` wants of the features (B, T, condition_dim); the same for all times."""
        return self.text_embed(features)

    def forward(
        self, noisy: Tensor, reference: Tensor, condition: Tensor, time: Tensor, step: Tensor
    ) -> Tensor:
        """Velocity at a point on the way from noise to mel.

        Args:
            noisy: (B, T, num_mels).
            reference: (B, T, num_mels), zeros where the mel is not known.
            condition: What `embed_condition` returned.
            time: (B,), 0 is noise and 1 is mel.
            step: (B,) length of the step that will be taken.

        Returns:
            (B, T, num_mels).
        """
        when = self.time_embed(time) + self.d_embed(step)
        x = self.input_embed(noisy, reference, condition)
        angles = self.rotary_embed(x.shape[1])
        for block in self.transformer_blocks:
            x = block(x, when, angles)
        scale, shift = self.norm_out(when)
        return self.proj_out(modulated_norm(x, shift, scale))
