"""Lets a semantic model speak held-out sentences and counts wrong phones, where tokens tell their phones."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import numpy as np

from tts.edit_distance import edit_distance
from tts.finetune.features import ClipFeatures
from tts.finetune.semantic_batches import utterances_of
from tts.finetune.semantic_rows import Utterance, join
from tts.models.semantic import SemanticModel
from tts.sampling import SamplingParams
from tts.semantic_decoding import Row, SemanticBatch, SemanticRequest

ReadTokens = Callable[[np.ndarray], Sequence[Hashable]]


class PhoneCheck:
    """Phone error rate of generated tokens; call it with a model.

    Args:
        clips: sentences to be spoken, with the tokens of somebody who spoke them rightly.
        read_tokens: int64 (P,) -> the phones that are heard in these tokens.
        wanted: the phones of each clip; by default those in its own tokens.
        references: one per clip, spoken before it; None: spoken without a reference.
        sampling: how tokens are drawn.
        seed: of the draws.
        num_rows: generated at once.
        longest: a sentence is cut off at this many times its clip's tokens.
    """

    def __init__(
        self,
        clips: Sequence[ClipFeatures],
        read_tokens: ReadTokens,
        *,
        wanted: Sequence[Sequence[Hashable]] | None = None,
        references: Sequence[ClipFeatures] | None = None,
        sampling: SamplingParams | None = None,
        seed: int = 0,
        num_rows: int = 8,
        longest: float = 2.5,
    ) -> None:
        if not clips:
            raise ValueError("there is no clip to be spoken")
        self._clips, self._references, self._read_tokens = clips, references, read_tokens
        self._wanted = [read_tokens(clip.tokens) for clip in clips] if wanted is None else wanted
        self._sampling = sampling or SamplingParams(top_k=5, temperature=0.7, repetition_penalty=1.0)
        self._seed, self._num_rows, self._longest = seed, num_rows, longest

    def __call__(self, model: SemanticModel) -> float:
        """Return errors (missing, added and wrong phones) per wanted phone."""
        generated = self.generate(model)
        errors = sum(
            edit_distance(wanted, self._read_tokens(tokens))
            for wanted, tokens in zip(self._wanted, generated, strict=True)
        )
        return errors / max(1, sum(len(wanted) for wanted in self._wanted))

    def generate(self, model: SemanticModel) -> list[np.ndarray]:
        """Return the tokens spoken for each clip, int64 (P,), through the code that serves."""
        batch = SemanticBatch(model, max_rows=self._num_rows)
        waiting = list(enumerate(self._requests(model)))
        growing: dict[int, Row] = {}
        done: dict[int, np.ndarray] = {}
        while waiting or growing:
            while waiting and batch.num_free:
                index, request = waiting.pop(0)
                growing[index] = batch.add(request)
            batch.step([row for row in growing.values() if row.is_growing])
            for index, row in list(growing.items()):
                if not row.is_growing:
                    batch.remove(growing.pop(index))
                    done[index] = np.array(row.tokens, dtype=np.int64)
        return [done[index] for index in sorted(done)]

    def _requests(self, model: SemanticModel) -> list[SemanticRequest]:
        sentences = utterances_of(self._clips, model.sizes)
        if self._references is None:
            return [self._request(model, s, s.tokens[:0], i) for i, s in enumerate(sentences)]
        references = utterances_of(self._references, model.sizes)
        pairs = zip(sentences, references, strict=True)
        return [self._request(model, s, r.tokens, i, join([r, s])) for i, (s, r) in enumerate(pairs)]

    def _request(
        self,
        model: SemanticModel,
        sentence: Utterance,
        prompt: np.ndarray,
        index: int,
        whole: Utterance | None = None,
    ) -> SemanticRequest:
        text = sentence if whole is None else whole
        bert = np.zeros((model.bert_dim, len(text.phones)), np.float32) if text.bert is None else text.bert
        return SemanticRequest(
            text.phones,
            bert,
            prompt,
            self._sampling,
            seed=self._seed + index,
            max_new_tokens=max(1, round(self._longest * len(sentence.tokens))),
        )
