"""The batches a semantic model is trained on: single utterances, and joined ones of the same speaker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from tts.finetune.errors import BadRecordings
from tts.finetune.features import ClipFeatures
from tts.finetune.length_buckets import LengthBuckets, bucketed
from tts.finetune.semantic_preference import with_slip
from tts.finetune.semantic_rows import Rows, Utterance, collate, join
from tts.finetune.semantic_settings import SemanticSettings
from tts.models.semantic_layout import SemanticSizes

MAX_ROW_TOKENS = 54 * 25  # upstream's limit of a training clip
_MAX_TRIES = 12  # at finding an utterance that fits a joined row


class SemanticBatches:
    """Draws the rows of a step. Keeps phones, tokens and BERT features of all clips in memory, no sound.

    Args:
        clips: to learn from.
        sizes: of the model.
        settings: how rows are made.
        num_steps: of the whole run.
        speakers: who speaks each clip; None if all are one.

    Raises:
        BadRecordings: there is no clip, or one does not fit the model; all misfits are named.
    """

    def __init__(
        self,
        clips: Sequence[ClipFeatures],
        sizes: SemanticSizes,
        settings: SemanticSettings,
        num_steps: int,
        speakers: Sequence[str] | None = None,
    ) -> None:
        self._utterances = utterances_of(clips, sizes)
        if not self._utterances:
            raise BadRecordings("there is no clip to learn from")
        self._eos_id = sizes.eos_id
        self._settings, self._num_steps = settings, num_steps
        self._speakers = list(speakers) if speakers is not None else [""] * len(self._utterances)
        if len(self._speakers) != len(self._utterances):
            raise ValueError(f"{len(self._speakers)} speakers for {len(self._utterances)} clips")
        self._clips_of = {
            speaker: np.flatnonzero(np.array(self._speakers) == speaker) for speaker in {*self._speakers}
        }
        self._buckets = LengthBuckets([len(u) for u in self._utterances])
        self._joined_round = lru_cache(maxsize=2)(self._make_joined_round)

    def draw(self, step: int, batch_size: int, seed: int) -> Rows:
        """Return the rows of a step; joined rows are half as many, so that the work is about the same.

        So are rows that are compared with slips of theirs.
        """
        is_compared = self._settings.preference_weight is not None
        if is_compared:
            batch_size = max(1, batch_size // 2)
        random = np.random.default_rng((seed, step))
        if random.random() < self._settings.share_joined(step, self._num_steps):
            chosen = self._joined(step, max(1, batch_size // 2), seed)
        else:
            chosen = [[i] for i in self._buckets.indices(step, batch_size, seed)]
        rows = [join([self._utterances[i] for i in parts]) for parts in chosen]
        drawn = collate(rows, self._eos_id, [self._corrupted(row.tokens, random) for row in rows])
        return replace(drawn, rejected=self._with_slips(rows, random)) if is_compared else drawn

    def _with_slips(self, rows: Sequence[Utterance], random: np.random.Generator) -> Rows:
        spoiled = [replace(row, tokens=with_slip(row.tokens, random), alignment=None) for row in rows]
        return collate(spoiled, self._eos_id, [self._corrupted(row.tokens, random) for row in spoiled])

    def _corrupted(self, tokens: np.ndarray, random: np.random.Generator) -> np.ndarray:
        is_replaced = random.random(len(tokens)) < self._settings.corrupted_share
        return np.where(is_replaced, random.integers(self._eos_id, size=len(tokens)), tokens)

    def _joined(self, step: int, num_rows: int, seed: int) -> list[list[int]]:
        num_batches = -(-len(self._utterances) // num_rows)
        batches = self._joined_round(step // num_batches, num_rows, seed)
        return batches[step % num_batches]

    def _make_joined_round(self, number: int, num_rows: int, seed: int) -> list[list[list[int]]]:
        """Give every utterance a reference; return the batches of like length of such rows."""
        random = np.random.default_rng((seed, number, 1))
        rows = [[*self._reference(i, random), i] for i in range(len(self._utterances))]
        lengths = np.array([sum(len(self._utterances[i]) for i in row) for row in rows])
        return [[rows[i] for i in batch] for batch in bucketed(lengths, num_rows, random)]

    def _reference(self, target: int, random: np.random.Generator) -> list[int]:
        """Draw utterances of the same speaker; none if there is no other that is short enough."""
        others = self._clips_of[self._speakers[target]]
        wanted = random.integers(*self._settings.reference_tokens, endpoint=True)
        room = MAX_ROW_TOKENS - len(self._utterances[target].tokens)
        chosen: list[int] = []
        total = 0
        for index in random.choice(others, _MAX_TRIES).tolist():
            length = len(self._utterances[index].tokens)
            if index != target and total + length <= room:
                chosen.append(index)
                total += length
            if total >= wanted:
                break
        return chosen


def utterances_of(clips: Sequence[ClipFeatures], sizes: SemanticSizes) -> list[Utterance]:
    """Take from each clip what the semantic model learns from.

    Raises:
        BadRecordings: clips do not fit the model; all are named with their faults.
    """
    utterances, faults = [], []
    for clip in clips:
        utterance = Utterance(clip.phones, clip.bert, clip.tokens, clip.alignment)
        fault = _fault(utterance, sizes)
        faults += [f"{clip.name}: {fault}"] if fault else []
        utterances.append(utterance)
    if faults:
        raise BadRecordings("clips that do not fit the model:\n" + "\n".join(faults))
    return utterances


def _fault(utterance: Utterance, sizes: SemanticSizes) -> str:
    phones, tokens = utterance.phones, utterance.tokens
    if not len(phones) or not len(tokens):
        return f"{len(phones)} phones and {len(tokens)} tokens; at least one of each is needed"
    if not 0 <= phones.min() <= phones.max() < sizes.num_phonemes:
        return f"phones must be from 0 to {sizes.num_phonemes - 1}, not {phones.min()} to {phones.max()}"
    if not 0 <= tokens.min() <= tokens.max() < sizes.eos_id:
        return f"tokens must be from 0 to {sizes.eos_id - 1}, not {tokens.min()} to {tokens.max()}"
    if len(tokens) > MAX_ROW_TOKENS or len(phones) > MAX_ROW_TOKENS:
        return f"{len(phones)} phones and {len(tokens)} tokens; at most {MAX_ROW_TOKENS} (54 s) are possible"
    if utterance.bert is not None and utterance.bert.shape != (sizes.bert_dim, len(phones)):
        return f"bert must have the shape {(sizes.bert_dim, len(phones))}, not {utterance.bert.shape}"
    alignment = utterance.alignment
    if alignment is not None and (len(alignment) != len(tokens) or alignment.max() >= len(phones)):
        return f"its alignment must have {len(tokens)} indices below {len(phones)}"
    return ""
