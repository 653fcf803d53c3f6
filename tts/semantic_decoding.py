"""Growing semantic tokens for many sentences at once: each row joins and leaves between two steps.

A row carries all that is its own: cache, sampling parameters, seeded generator, tokens. Nothing is "current".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch

from tts.errors import SentenceFailed
from tts.key_value_cache import KeyValueCache
from tts.loop_guard import find_loop
from tts.models.semantic import MAX_POSITIONS, SemanticModel
from tts.sampling import SamplingParams, SamplingTable, draw

# The model is not asked whether to end before this many tokens exist (upstream's rule).
FIRST_TOKENS_WITHOUT_END = 11
_LOOP_CHECK_EVERY = 5

FinishReason = Literal["stop", "length", "loop"]
LogitsListener = Callable[[torch.Tensor], None]


@dataclass(frozen=True, slots=True, eq=False)
class SemanticRequest:
    """One sentence to grow tokens for.

    Attributes:
        phones: int64 (T,), of the reference text and of the sentence, joined.
        bert: float32 (bert_dim, T), joined alike.
        prompt: int64 (P,), semantic tokens of the reference; may be empty.
        sampling: how tokens are drawn.
        seed: same seed, same tokens.
        max_new_tokens: budget (25 a second).
        stops_loops: whether to end a row that is caught in a loop (see `tts/loop_guard.py`).
    """

    phones: np.ndarray | torch.Tensor
    bert: np.ndarray | torch.Tensor
    prompt: np.ndarray | torch.Tensor
    sampling: SamplingParams = field(default_factory=SamplingParams)
    seed: int = 0
    max_new_tokens: int = 1500
    stops_loops: bool = True


class Row:
    """One sentence in progress. Made by `SemanticBatch.add`.

    Attributes:
        request: what was asked for.
        tokens: new tokens so far, without the end token.
        finish_reason: None while growing; `stop` (the model ended it), `length` (budget used up) or `loop`.
        error: set instead if the row had to be given up; the other rows are fine.
    """

    def __init__(
        self,
        request: SemanticRequest,
        seen: torch.Tensor,
        cache: KeyValueCache,
        on_logits: LogitsListener | None,
    ) -> None:
        self.request = request
        self.tokens: list[int] = []
        self.finish_reason: FinishReason | None = None
        self.error: SentenceFailed | None = None
        self._seen = seen
        self._cache = cache
        self._on_logits = on_logits
        self._num_prompt = len(request.prompt)
        self._generator = torch.Generator().manual_seed(request.seed % (1 << 63))

    @property
    def is_growing(self) -> bool:
        """Whether it can still be stepped."""
        return self.finish_reason is None and self.error is None

    @property
    def full_sequence(self) -> list[int]:
        """The prompt's tokens and the new ones."""
        return [*np.asarray(self.request.prompt).tolist(), *self.tokens]

    def _take(self, token: int) -> None:
        """Write down a drawn token and see whether that was the last one."""
        self.tokens.append(token)
        self._seen[token] = True
        num = len(self.tokens)
        if self.request.stops_loops and num % _LOOP_CHECK_EVERY == 0:
            kept = find_loop(self.tokens)
            if kept is not None:
                del self.tokens[kept:]
                self.finish_reason = "loop"
                return
        if num >= self.request.max_new_tokens:
            self.finish_reason = "length"


class SemanticBatch:
    """Rows of one model that are advanced together. Belongs to one thread.

    Args:
        model: the weights all rows use.
        max_rows: how many rows fit at once.
        batch_invariant: compute every row alone, so that not even rounding depends on the rows beside it. The
            default computes all rows with one matrix product per layer, which a CPU's library rounds
            differently than one row's (measured with MKL on 24 layers: logits differ by up to 8e-5 where the
            largest are about 10): the same tokens but for the nearest of ties.
    """

    def __init__(self, model: SemanticModel, *, max_rows: int, batch_invariant: bool = False) -> None:
        if max_rows < 1:
            raise ValueError(f"max_rows must be at least 1, not {max_rows}")
        self._model = model
        self._max_rows = max_rows
        self._batch_invariant = batch_invariant
        self._rows: list[Row] = []
        self._free_caches: list[KeyValueCache] = []
        self._table: SamplingTable | None = None
        self._table_rows: list[Row] = []

    @property
    def num_rows(self) -> int:
        """How many rows are in it, finished ones that have not been removed included."""
        return len(self._rows)

    @property
    def num_free(self) -> int:
        """How many more rows fit."""
        return self._max_rows - len(self._rows)

    @torch.inference_mode()
    def add(self, request: SemanticRequest, on_logits: LogitsListener | None = None) -> Row:
        """Read text and prompt of a new row and draw its first token.

        Args:
            request: the sentence.
            on_logits: is given the raw logits (V,) of every step, before anything is filtered.

        Raises:
            ValueError: the request does not fit the model; nothing has been taken.
            RuntimeError: no room; remove a row first.
            SentenceFailed: the model produced values that are not numbers.
        """
        phones, bert, prompt = self._checked(request)
        if not self.num_free:
            raise RuntimeError(f"all {self._max_rows} rows are taken")
        cache = self._take_cache(len(phones) + len(prompt) + request.max_new_tokens)
        seen = torch.zeros(self._model.num_tokens, dtype=torch.bool, device=prompt.device)
        seen[prompt] = True
        row = Row(request, seen, cache, on_logits)
        self._rows.append(row)
        self._choose([row], self._model.prefill(phones, bert, prompt, cache).unsqueeze(0))
        if row.error is not None:
            self.remove(row)
            raise row.error
        return row

    @torch.inference_mode()
    def step(self, rows: Sequence[Row]) -> None:
        """Draw one more token in each of the given rows; the others rest.

        Raises:
            ValueError: a row is not in this batch, is named twice, or has already ended.
        """
        for row in rows:
            if row not in self._rows or not row.is_growing:
                raise ValueError("only rows of this batch that have not ended can be stepped")
        if len(set(rows)) != len(rows):
            raise ValueError("a row can take one step at a time")
        if self._batch_invariant:
            for row in rows:
                self._advance([row])
        elif rows:
            self._advance(rows)

    def remove(self, row: Row) -> None:
        """Take a row out, at any time; its place is free at once.

        Raises:
            ValueError: it is not in this batch.
        """
        self._rows.remove(row)
        row._cache.clear()
        self._free_caches.append(row._cache)
        self._table_rows = []

    def _advance(self, rows: Sequence[Row]) -> None:
        device = self._model.head.weight.device
        tokens = torch.tensor([row.tokens[-1] for row in rows], device=device)
        positions = torch.tensor([row._num_prompt + len(row.tokens) - 1 for row in rows], device=device)
        self._choose(rows, self._model.step(tokens, positions, [row._cache for row in rows]))

    def _choose(self, rows: Sequence[Row], logits: torch.Tensor) -> None:
        """Draw a token for each row from raw logits (B, V), which are overwritten, and write it down."""
        for row, raw in zip(rows, logits, strict=True):
            if row._on_logits is not None:
                row._on_logits(raw.clone())
        finite = torch.isfinite(logits).all(dim=1)
        eos = self._model.eos_id
        for i, row in enumerate(rows):
            if len(row.tokens) < FIRST_TOKENS_WITHOUT_END:
                logits[i, eos] = -torch.inf
        table = self._sampling_table(rows)
        penalised = table.penalise(logits, torch.stack([row._seen for row in rows]))
        drawn = draw(table.probabilities(penalised), [row._generator for row in rows])
        outcome = torch.stack([drawn, penalised.argmax(dim=1), finite.to(drawn.dtype)])
        for row, token, best, is_finite in zip(rows, *outcome.tolist(), strict=True):
            if not is_finite:
                row.error = SentenceFailed("the semantic model produced values that are no numbers")
            elif eos in (token, best):
                row.finish_reason = "stop"
            else:
                row._take(token)

    def _sampling_table(self, rows: Sequence[Row]) -> SamplingTable:
        """Keep the columns of parameters for as long as the same rows are stepped."""
        if self._table is None or self._table_rows != list(rows):
            self._table = SamplingTable(
                [row.request.sampling for row in rows], self._model.head.weight.device
            )
            self._table_rows = list(rows)
        return self._table

    def _take_cache(self, capacity: int) -> KeyValueCache:
        fitting = [cache for cache in self._free_caches if cache.capacity >= capacity]
        if fitting:
            cache = min(fitting, key=lambda cache: cache.capacity)
            self._free_caches.remove(cache)
            return cache
        if len(self._rows) + len(self._free_caches) >= self._max_rows:
            self._free_caches.pop(0)  # never more buffers than rows
        return self._model.new_cache(capacity)

    def _checked(self, request: SemanticRequest) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        model = self._model
        device = model.head.weight.device
        phones = _ids("phones", request.phones, model.num_phonemes, device)
        prompt = _ids("prompt", request.prompt, model.num_tokens, device)
        bert = torch.tensor(np.asarray(request.bert), dtype=model.head.weight.dtype, device=device)
        if not 1 <= len(phones) <= MAX_POSITIONS:
            raise ValueError(f"a sentence must have 1 to {MAX_POSITIONS} phones, not {len(phones)}")
        if bert.shape != (model.bert_dim, len(phones)):
            wanted = (model.bert_dim, len(phones))
            raise ValueError(f"bert must have the shape {wanted}, not {tuple(bert.shape)}")
        if request.max_new_tokens < 1 or len(prompt) + request.max_new_tokens > MAX_POSITIONS:
            raise ValueError(
                f"max_new_tokens must be from 1 to {MAX_POSITIONS - len(prompt)} behind a prompt of "
                f"{len(prompt)} tokens, not {request.max_new_tokens}"
            )
        return phones, bert, prompt


def generate(
    model: SemanticModel, request: SemanticRequest, *, on_logits: LogitsListener | None = None
) -> Row:
    """Grow one row to its end, alone.

    Args:
        model: the weights.
        request: the sentence.
        on_logits: is given the raw logits (V,) of every step, the prefill's first.

    Raises:
        ValueError: the request does not fit the model.
        SentenceFailed: the model produced values that are not numbers.
    """
    batch = SemanticBatch(model, max_rows=1)
    row = batch.add(request, on_logits)
    while row.finish_reason is None:
        batch.step([row])
        if row.error is not None:
            raise row.error
    batch.remove(row)
    return row


def _ids(name: str, values: np.ndarray | torch.Tensor, limit: int, device: torch.device) -> torch.Tensor:
    array = np.asarray(values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise ValueError(f"{name} must be a row of whole numbers, not {array.dtype} {array.shape}")
    if array.size and not 0 <= array.min() <= array.max() < limit:
        raise ValueError(f"{name} must be from 0 to {limit - 1}, not {array.min()} to {array.max()}")
    return torch.tensor(array, dtype=torch.int64, device=device)
