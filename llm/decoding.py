"""The decode loop's arithmetic: rows of one model that are prefilled alone and stepped together.

Rows join and leave between steps. Each step feeds every given row its last token and returns the logits of
the next one; which token that is, is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache

from llm.adapters import Adapter, Adapters
from llm.chat_model import ChatModel
from llm.kv_rows import PackedRows, RowCache, to_cache, to_row
from llm.prefix_cache import PrefixCache

# A shorter beginning is not worth a forward of its own.
MIN_PREFIX_TOKENS = 16
_ID_ROOM = 64


@dataclass(eq=False, slots=True)
class Row:
    """One sequence under way.

    Attributes:
        prompt: the prompt's ids.
        prefix_length: how many of them are shared with other requests.
        adapter: the adapter it runs with, or None.
        num_tokens: prompt and reply so far.
    """

    prompt: Sequence[int]
    prefix_length: int
    adapter: Adapter | None
    num_tokens: int = field(init=False)
    _ids: Tensor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.num_tokens = len(self.prompt)
        self._ids = torch.tensor([*self.prompt, *([0] * _ID_ROOM)], dtype=torch.long)

    @property
    def ids(self) -> Tensor:
        """All tokens so far, (T,) int64."""
        return self._ids[: self.num_tokens]

    def append(self, token: int) -> None:
        """Adds the token that the next step feeds to the model."""
        if self.num_tokens == len(self._ids):
            self._ids = torch.cat([self._ids, self._ids.new_zeros(len(self._ids))])
        self._ids[self.num_tokens] = token
        self.num_tokens += 1


class BatchDecoder:
    """Runs rows through the model.

    Args:
        batch_invariant: steps each row alone, so that its values do not depend, even in the last bit, on what
            else is running. Costs the gain of batching.
    """

    def __init__(
        self,
        chat_model: ChatModel,
        adapters: Adapters,
        prefix_cache: PrefixCache,
        *,
        batch_invariant: bool = False,
    ) -> None:
        self.prefix_cache = prefix_cache
        self._model = chat_model.model
        self._device = chat_model.device
        self._adapters = adapters
        self._batch_invariant = batch_invariant
        self._waiting: dict[Row, RowCache] = {}  # not in a batch now: just prefilled, or paused
        self._packs: dict[Row, tuple[PackedRows, int]] = {}  # in a batch: which, and where in it

    @torch.inference_mode()
    def prefill(self, row: Row) -> Tensor:
        """Reads a row's prompt; the row can be stepped afterwards, until `remove`.

        The shared beginning is always read on its own, so that a row has the same values to the last bit
        whether the beginning came from the cache or not.

        Returns:
            (1, V) float32 logits of the first token of the reply.
        """
        prompt = torch.tensor([list(row.prompt)], device=self._device)
        length = row.prefix_length if row.prefix_length >= MIN_PREFIX_TOKENS else 0
        cache = DynamicCache()
        if length:
            prefix = self._prefix(row, prompt[:, :length])
            cache = to_cache(prefix)
        logits = self._forward(prompt[:, length:], cache, None, [row.adapter], first_position=length)
        self._waiting[row] = to_row(cache)
        return logits

    @torch.inference_mode()
    def step(self, rows: Sequence[Row]) -> Tensor:
        """Feeds each row its last token.

        Returns:
            (B, V) float32 logits of each row's next token.
        """
        if self._batch_invariant:
            return torch.cat([self._step_together([row]) for row in rows])
        return self._step_together(rows)

    def remove(self, row: Row) -> None:
        """Forgets a row; its place in the batch goes at the next step."""
        self._waiting.pop(row, None)
        self._packs.pop(row, None)

    def _prefix(self, row: Row, ids: Tensor) -> RowCache:
        """Returns the cache of the prompt's shared beginning ids (1, T)."""
        adapter_key = row.adapter.key if row.adapter else None
        key = row.prompt[: ids.shape[1]]
        prefix = self.prefix_cache.get(adapter_key, key)
        if prefix is None:
            cache = DynamicCache()
            self._forward(ids, cache, None, [row.adapter], first_position=0)
            prefix = to_row(cache)
            self.prefix_cache.put(adapter_key, key, prefix)
        return prefix

    def _step_together(self, rows: Sequence[Row]) -> Tensor:
        pack = self._pack(rows)
        mask, positions = pack.grow()
        tokens = torch.stack([row.ids[-1:] for row in rows]).to(self._device)
        position_ids = torch.tensor(positions, device=self._device).unsqueeze(-1)
        return self._forward(tokens, pack.cache, mask, [row.adapter for row in rows], position_ids)

    def _pack(self, rows: Sequence[Row]) -> PackedRows:
        """Returns a batch of exactly these rows; takes the one they are in where it fits."""
        pack, _ = self._packs.get(rows[0], (None, 0))
        places = [self._packs.get(row) for row in rows]
        if pack and len(pack.lengths) == len(rows) and places == [(pack, n) for n in range(len(rows))]:
            return pack
        caches, lengths = [], []
        for row in rows:
            caches.append(self._view(row))
            lengths.append(caches[-1][0][0].shape[-2])
        old_packs = {id(self._packs[row][0]) for row in rows if row in self._packs}
        new_pack = PackedRows(caches, lengths)
        # Rows left behind in a batch that is taken apart are paused: they get their own cache back.
        for row, (other, index) in list(self._packs.items()):
            if id(other) in old_packs and row not in rows:
                self._waiting[row] = other.copy(index)
                del self._packs[row]
        for index, row in enumerate(rows):
            self._waiting.pop(row, None)
            self._packs[row] = (new_pack, index)
        return new_pack

    def _view(self, row: Row) -> RowCache:
        if row in self._waiting:
            return self._waiting[row]
        pack, index = self._packs[row]
        return pack.view(index)

    def _forward(
        self,
        ids: Tensor,
        cache: DynamicCache,
        mask: Tensor | None,
        adapters: Sequence[Adapter | None],
        position_ids: Tensor | None = None,
        *,
        first_position: int = 0,
    ) -> Tensor:
        if position_ids is None:
            position_ids = torch.arange(first_position, first_position + ids.shape[1], device=self._device)
            position_ids = position_ids.unsqueeze(0)
        with self._adapters.rows(adapters):
            output = self._model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=position_ids,
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
        return output.logits[:, -1].float()
