"""What the step loop drives on the text side: admit a request, step all of them, let one go."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch import Tensor

from llm.adapters import Adapters
from llm.chat_model import ChatModel
from llm.decoding import BatchDecoder, Row
from llm.errors import BadLogits
from llm.generation import Generation
from llm.messages import Message
from llm.pieces import CutShort
from llm.prefix_cache import PrefixCache
from llm.sampling import SamplingParams
from llm.template import ChatTemplate
from llm.token_choice import choose_tokens
from runtime.step_loop import Job

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TextRequest:
    """One reply to be generated."""

    messages: tuple[Message, ...]
    adapter: str | None
    sampling: SamplingParams
    seed: int


TextJob = Job[TextRequest, str]


class TextStepEngine:
    """Continuous batching of replies; see `runtime.step_loop.Engine`. Lives on the loop's thread."""

    def __init__(
        self,
        chat_model: ChatModel,
        adapters: Adapters,
        *,
        prefix_cache_bytes: int,
        batch_invariant: bool = False,
    ) -> None:
        self.adapters = adapters
        self.prefix_cache = PrefixCache(prefix_cache_bytes)
        self._chat_model = chat_model
        self._template = ChatTemplate(chat_model.tokenizer)
        self._decoder = BatchDecoder(chat_model, adapters, self.prefix_cache, batch_invariant=batch_invariant)
        self._batch_invariant = batch_invariant
        self._generations: dict[TextJob, Generation] = {}

    def start(self, job: TextJob) -> None:
        """Reads the prompt and emits the first token's text.

        Raises:
            UnknownAdapter, BadAdapter, PromptTooLong: this request cannot be served.
        """
        with ExitStack() as undo:
            adapter = self.adapters.acquire(job.request.adapter)
            undo.callback(self.adapters.release, adapter)
            kept, ids = self._fit(job.request)
            row = Row(ids, self._template.prefix_length(kept, ids), adapter)
            undo.callback(self._decoder.remove, row)
            logits = self._decoder.prefill(row)
            self._generations[job] = Generation(
                row,
                job.request.sampling,
                job.request.seed,
                self._chat_model.tokenizer.backend_tokenizer,
                stop_ids=self._chat_model.stop_ids,
                context_limit=self._chat_model.context_limit,
            )
            undo.pop_all()
        self._advance([job], logits)

    def step(self, jobs: Sequence[TextJob]) -> None:
        """Advances each job by one token."""
        going = [job for job in jobs if self._generations[job].finish_reason is None]
        # Rows of one adapter side by side: then it works on a view of the batch.
        going.sort(key=self._adapter_key)
        if going:
            logits = self._decoder.step([self._generations[job].row for job in going])
            self._advance(going, logits)

    def drop(self, job: TextJob) -> None:
        """Forgets a job and gives back its adapter."""
        generation = self._generations.pop(job)
        self._decoder.remove(generation.row)
        self.adapters.release(generation.row.adapter)

    def _fit(self, request: TextRequest) -> tuple[list[Message], list[int]]:
        """Trims the history so that the reply has room: all it may use, but at most half the context."""
        limit = self._chat_model.context_limit
        room = min(request.sampling.max_new_tokens, limit // 2)
        return self._template.fit(request.messages, limit - room)

    @torch.inference_mode()
    def _advance(self, jobs: Sequence[TextJob], logits: Tensor) -> None:
        """Chooses each job's next token by its logits (B, V) and emits what becomes of it."""
        is_sound = logits.isfinite().all(dim=-1).tolist()
        tokens = self._choose(jobs, logits if all(is_sound) else logits.nan_to_num())
        for job, token, is_row_sound in zip(jobs, tokens, is_sound, strict=True):
            generation = self._generations[job]
            if not is_row_sound:
                generation.finish_reason = "error"
                job.finish(BadLogits("the model's output for this request is not finite"))
                continue
            text = generation.accept(token)
            if generation.finish_reason == "length":
                job.emit(CutShort(text))
            elif text:
                job.emit(text)
            if generation.finish_reason is not None:
                job.finish()

    def _adapter_key(self, job: TextJob) -> str:
        adapter = self._generations[job].row.adapter
        return adapter.key if adapter else ""

    def _choose(self, jobs: Sequence[TextJob], logits: Tensor) -> list[int]:
        choices = [self._generations[job].choice for job in jobs]
        if self._batch_invariant:
            return [int(choose_tokens(logits[row : row + 1], [choice])) for row, choice in enumerate(choices)]
        return choose_tokens(logits, choices).tolist()
