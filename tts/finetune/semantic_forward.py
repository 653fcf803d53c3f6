"""The semantic model on many rows at once, for training: the same logits as its own forward, row by row.

The model's own `forward` takes one row. This one takes padded rows, leaves out what no loss asks for (in the
last layer only the asked positions are computed) and can teach attention heads on the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F

from tts.finetune.semantic_guidance import Guide, guidance_loss
from tts.finetune.semantic_rows import Rows
from tts.models.semantic import Block, SemanticModel


def predict(
    model: SemanticModel, rows: Rows, guides: Sequence[Guide] = ()
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Predict every next token of known rows (teacher forcing).

    Args:
        model: whose weights are used.
        rows: on the model's device.
        guides: heads to be taught; without effect where the rows' cues are not known.

    Returns:
        Logits (M, V) of `rows.targets`; and the mean attention loss of the guides, None where nothing was
        taught.
    """
    x = _embed(model, rows)
    column = torch.arange(x.shape[1], device=x.device)
    is_text = column < rows.num_phones.view(-1, 1, 1, 1)
    mask = is_text | (column <= column.view(-1, 1))  # (B, 1, N, N): all text, and what went before
    asked_mask = is_text | (column <= rows.asked[:, None, :, None])  # (B, 1, Q, N)
    attention_loss = None
    last = len(model.blocks) - 1
    for layer, block in enumerate(cast("list[Block]", list(model.blocks))):
        taught = [guide for guide in guides if guide.layer == layer] if rows.cues is not None else []
        asking = _at(x, rows.asked) if layer == last else x
        query, key, value = _heads(block, asking, x)
        if taught and rows.cues is not None:
            asked_query = query if layer == last else _at(query.transpose(1, 2), rows.asked).transpose(1, 2)
            loss = guidance_loss(taught, asked_query, key, asked_mask, rows.cues, rows.num_phones)
            attention_loss = loss if attention_loss is None else attention_loss + loss
        used = asked_mask if layer == last else mask
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=used)
        attended = attended.transpose(1, 2).reshape(asking.shape)
        x = block.norm1(asking + block.out(attended))
        x = block.norm2(x + block.down(F.relu(block.up(x), inplace=True)))
    logits = model.head(x.flatten(0, 1).index_select(0, rows.learned))
    return logits, None if attention_loss is None else attention_loss / len(guides)


def _embed(model: SemanticModel, rows: Rows) -> torch.Tensor:
    """Return (B, N, C)."""
    bias = model.bert_projection.bias  # which is what zeros are projected to
    text = model.phone_embedding(rows.phones)
    text = text + (bias if rows.bert is None else model.bert_projection(rows.bert))
    text = text + model.phone_position_scale * model.positions[rows.phone_positions]
    audio = model.token_embedding(rows.tokens)
    audio = audio + model.token_position_scale * model.positions[rows.token_positions]
    flat = torch.cat([text, audio]).index_select(0, rows.places.flatten())
    return flat.view(*rows.places.shape, -1)


def _heads(
    block: Block, asking: torch.Tensor, x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return query (B, H, Q, D) of the asking positions (B, Q, C), key and value (B, H, N, D) of all."""
    dim = x.shape[-1]
    weight, bias = block.qkv.weight, block.qkv.bias
    query = F.linear(asking, weight[:dim], bias[:dim])
    pairs = F.linear(x, weight[dim:], bias[dim:])
    query = query.unflatten(2, (block.num_heads, -1)).transpose(1, 2)
    key, value = pairs.unflatten(2, (2, block.num_heads, -1)).permute(2, 0, 3, 1, 4)
    return query, key, value


def _at(x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """Return (B, Q, ...) of (B, N, ...) at positions (B, Q)."""
    first = torch.arange(len(x), device=x.device).unsqueeze(1) * x.shape[1]
    return x.flatten(0, 1).index_select(0, (first + positions).flatten()).view(*positions.shape, *x.shape[2:])
