"""The semantic model (s1): phones and a reference's tokens in, logits of the next semantic token out.

A post-norm transformer over one sequence, text first, then semantic tokens. Text sees all text; a token sees
all text and the tokens up to itself. Weights only: what a row remembers lies in its `KeyValueCache`, how
tokens are drawn in `tts/semantic_decoding.py`. All sizes come from the checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import nn

from tts.checkpoint import BadCheckpoint, Checkpoint, take_weights
from tts.key_value_cache import KeyValueCache
from tts.models.semantic_layout import SemanticSizes, checkpoint_names

MAX_POSITIONS = 4000  # upstream's table of positions, for text and for tokens each
MUTE_TOKEN = 486  # what silence mostly sounds like


class Block(nn.Module):
    """One transformer layer, normalised after each residual sum."""

    def __init__(self, sizes: SemanticSizes, device: str = "cpu") -> None:
        super().__init__()
        self.num_heads = sizes.num_heads
        self.scale = (sizes.dim // sizes.num_heads) ** -0.5
        self.qkv = nn.Linear(sizes.dim, 3 * sizes.dim, device=device)
        self.out = nn.Linear(sizes.dim, sizes.dim, device=device)
        self.up = nn.Linear(sizes.dim, sizes.ff_dim, device=device)
        self.down = nn.Linear(sizes.ff_dim, sizes.dim, device=device)
        self.norm1 = nn.LayerNorm(sizes.dim)
        self.norm2 = nn.LayerNorm(sizes.dim)

    def forward(
        self, x: torch.Tensor, mask: torch.Tensor | None, written: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Compute all positions of one sequence at once.

        Args:
            x: (N, C).
            mask: (N, N) to be added to the attention scores, or None where all may see all.
            written: (2, H, N, D), receives keys and values.

        Returns:
            (N, C).
        """
        heads = self.qkv(x).view(len(x), 3, self.num_heads, -1).permute(1, 2, 0, 3)  # (3, H, N, D)
        if written is not None:
            written.copy_(heads[1:])
        query, key, value = heads.unsqueeze(1).unbind(0)
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        return self._finish(x, attended[0].transpose(0, 1).reshape(x.shape))

    def step(
        self,
        x: torch.Tensor,
        written: Sequence[torch.Tensor],
        remembered: Sequence[torch.Tensor],
    ) -> torch.Tensor:
        """Compute one new position of each of B rows.

        Args:
            x: (B, C).
            written: per row (2, H, 1, D), receives the new key and value.
            remembered: per row (2, H, length, D) including the new position.

        Returns:
            (B, C).
        """
        heads = self.qkv(x).view(len(x), 3, self.num_heads, 1, -1)  # (B, 3, H, 1, D)
        query = heads[:, 0] * self.scale
        attended = torch.empty_like(query)
        for row, new in enumerate(written):
            new.copy_(heads[row, 1:])
            key, value = remembered[row]
            weights = torch.softmax(torch.matmul(query[row], key.transpose(1, 2)), dim=-1)
            torch.matmul(weights, value, out=attended[row])
        return self._finish(x, attended.view(x.shape))

    def _finish(self, x: torch.Tensor, attended: torch.Tensor) -> torch.Tensor:
        x = self.norm1(x + self.out(attended))
        return self.norm2(x + self.down(F.relu(self.up(x))))


class SemanticModel(nn.Module):
    """The whole network. Frozen by `from_checkpoint`; a trainer may build one from `SemanticSizes` itself.

    Args:
        sizes: of the network.
        device: `meta` leaves the matrices without memory, to be filled from a file.
    """

    positions: torch.Tensor

    def __init__(self, sizes: SemanticSizes, device: str = "cpu") -> None:
        super().__init__()
        self.sizes = sizes
        self.bert_projection = nn.Linear(sizes.bert_dim, sizes.dim, device=device)
        # Not on `device`: an embedding's random start on `meta` makes torch import 800 modules (1.5 s).
        self.phone_embedding = nn.Embedding(sizes.num_phonemes, sizes.dim)
        self.token_embedding = nn.Embedding(sizes.num_tokens, sizes.dim)
        self.phone_position_scale = nn.Parameter(torch.ones(1))
        self.token_position_scale = nn.Parameter(torch.ones(1))
        self.blocks = nn.ModuleList(Block(sizes, device) for _ in range(sizes.num_layers))
        self.head = nn.Linear(sizes.dim, sizes.num_tokens, bias=False, device=device)
        self.register_buffer("positions", _sine_table(MAX_POSITIONS, sizes.dim), persistent=False)

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> SemanticModel:
        """Build the model a checkpoint describes, in float32, frozen.

        Raises:
            BadCheckpoint: not a semantic (s1) file, or its tensors do not fit; all misfits are named.
        """
        if checkpoint.kind != "semantic":
            raise BadCheckpoint(checkpoint.path, "is a SoVITS (s2) file where a GPT (s1) file is needed")
        model = cls(SemanticSizes.of(checkpoint), device="meta")
        for module in model.modules():
            if isinstance(module, nn.Linear):
                _give_memory(module)
        own_names = {theirs: own for own, theirs in checkpoint_names(model.sizes.num_layers).items()}
        weights = {own_names.get(name, name): tensor for name, tensor in checkpoint.weights.items()}
        take_weights(model, weights, source=checkpoint.path)
        return model.eval().requires_grad_(False)

    @property
    def bert_dim(self) -> int:
        """Width of the BERT features."""
        return self.sizes.bert_dim

    @property
    def num_phonemes(self) -> int:
        """Number of phone ids it knows (512 in v1, 732 later)."""
        return self.sizes.num_phonemes

    @property
    def num_tokens(self) -> int:
        """Number of semantic tokens, with the end token."""
        return self.sizes.num_tokens

    @property
    def eos_id(self) -> int:
        """The token that ends a sentence."""
        return self.sizes.eos_id

    @property
    def _layers(self) -> list[Block]:
        return cast("list[Block]", list(self.blocks))

    def new_cache(self, capacity: int) -> KeyValueCache:
        """Make the memory for one row of up to `capacity` positions."""
        sizes = self.sizes
        return KeyValueCache(
            sizes.num_layers,
            sizes.num_heads,
            sizes.dim // sizes.num_heads,
            capacity,
            self.head.weight.device,
            self.head.weight.dtype,
        )

    def forward(self, phones: torch.Tensor, bert: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Predict every next token of a known sequence (teacher forcing).

        Args:
            phones: int64 (T,).
            bert: (bert_dim, T).
            tokens: int64 (P,), may be empty.

        Returns:
            Logits (P + 1, V): row i is what the model expects after i tokens.
        """
        return self.head(self._encode(phones, bert, tokens, None)[len(phones) - 1 :])

    def prefill(
        self, phones: torch.Tensor, bert: torch.Tensor, prompt: torch.Tensor, cache: KeyValueCache
    ) -> torch.Tensor:
        """Read text and prompt into an empty cache.

        Args:
            phones: int64 (T,), of the reference text and of the sentence, joined.
            bert: (bert_dim, T).
            prompt: int64 (P,), the reference's semantic tokens, may be empty.
            cache: receives T + P positions.

        Returns:
            Logits (V,) of the first new token.
        """
        written, _ = cache.append(len(phones) + len(prompt))
        return self.head(self._encode(phones, bert, prompt, written)[-1])

    def step(
        self, tokens: torch.Tensor, positions: torch.Tensor, caches: Sequence[KeyValueCache]
    ) -> torch.Tensor:
        """Take one more token in each of B rows.

        Args:
            tokens: int64 (B,), what was drawn last.
            positions: int64 (B,), their index among the row's semantic tokens, the prompt's included.
            caches: one per row; each grows by one position.

        Returns:
            Logits (B, V) of the next token.
        """
        x = self.token_embedding(tokens) + self.token_position_scale * self.positions[positions]
        appended = [cache.append(1) for cache in caches]
        for layer, block in enumerate(self._layers):
            x = block.step(x, [new[layer] for new, _ in appended], [all_[layer] for _, all_ in appended])
        return self.head(x)

    def mute_similarity(self) -> torch.Tensor:
        """Return how near (cosine, (V,)) each token's embedding is to that of the mute token."""
        table = self.token_embedding.weight
        return F.cosine_similarity(table, table[MUTE_TOKEN : MUTE_TOKEN + 1], dim=1)

    def _encode(
        self,
        phones: torch.Tensor,
        bert: torch.Tensor,
        tokens: torch.Tensor,
        written: Sequence[torch.Tensor] | None,
    ) -> torch.Tensor:
        """Return the last layer's output (T + P, C)."""
        text = self.phone_embedding(phones) + self.bert_projection(bert.t())
        text = text + self.phone_position_scale * self.positions[: len(phones)]
        audio = self.token_embedding(tokens) + self.token_position_scale * self.positions[: len(tokens)]
        x = torch.cat([text, audio])
        mask = _text_then_causal_mask(len(phones), len(tokens), x) if len(tokens) else None
        for layer, block in enumerate(self._layers):
            x = block(x, mask, None if written is None else written[layer])
        return x


def _give_memory(linear: nn.Linear) -> None:
    """Replace `meta` parameters. The matrix lies inputs first: a step then takes 10 % less time (MKL)."""
    linear.weight = nn.Parameter(torch.empty(linear.in_features, linear.out_features).t())
    if linear.bias is not None:
        linear.bias = nn.Parameter(torch.empty(linear.out_features))


def _sine_table(num_positions: int, dim: int) -> torch.Tensor:
    """Sine on even, cosine on odd channels; in float32 and in upstream's order, whose rounding it repeats."""
    frequencies = torch.exp(torch.arange(0, dim, 2, device="cpu") * -(math.log(10000.0) / dim))
    angles = torch.arange(num_positions, dtype=torch.float32, device="cpu").unsqueeze(1) * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def _text_then_causal_mask(num_phones: int, num_tokens: int, like: torch.Tensor) -> torch.Tensor:
    """Return 0 where a row may look, else minus infinity: text at text, tokens at what went before."""
    num = num_phones + num_tokens
    mask = torch.full((num, num), -math.inf, dtype=like.dtype, device=like.device).triu(1)
    mask[:num_phones, :num_phones] = 0
    return mask
