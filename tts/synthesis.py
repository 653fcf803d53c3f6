"""The engine a step loop drives: many sentences of many voices, advanced together.

A sentence first grows semantic tokens, one a step, in a batch with all others that use the same weights;
then its sound is decoded in chunks. A step is either one round of tokens for everybody or one turn for the
sentence that has waited longest for one, a new one first, so nobody's first sound waits for anybody's last.
A turn is a chunk, or a part of the work before it. While there is work of both kinds, each gets half of the
time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.step_loop import Job, JobFailed
from tts.audio import AudioChunk
from tts.decoders.decoder import SampleStream
from tts.errors import SentenceFailed
from tts.models.semantic import SemanticModel
from tts.semantic_decoding import Row, SemanticBatch, SemanticRequest
from tts.voice import ReadText, Voice

# Nobody speaks slower than this for long; a model that goes on has lost its way (upstream lets it babble
# for 60 s).
BUDGET_SEC = 1.0
BUDGET_SEC_PER_PHONE = 0.3
TOKENS_PER_SEC = 25
MAX_NEW_TOKENS = 1500


@dataclass(frozen=True, eq=False)
class Utterance:
    """One sentence to speak. `pause_sec` of silence follows it."""

    text: ReadText
    voice: Voice
    seed: int
    sentence_index: int = 0
    pause_sec: float = 0.0


@dataclass(frozen=True)
class ChunkSizes:
    """Length of the chunks in seconds: a short first one to be heard soon, longer ones to save work."""

    first_sec: float = 0.42
    later_sec: float = 0.64


SpeechJob = Job[Utterance, AudioChunk]


class SynthesisEngine:
    """Implements `runtime.step_loop.Engine` for utterances.

    Args:
        max_rows: sentences in progress at once.
        chunk_sizes: how the sound is cut.
        batch_invariant: compute every row alone, so that not even rounding depends on who else is there.
    """

    def __init__(self, *, max_rows: int, chunk_sizes: ChunkSizes, batch_invariant: bool = False) -> None:
        self._max_rows = max_rows
        self._chunk_sizes = chunk_sizes
        self._batch_invariant = batch_invariant
        self._batches: dict[SemanticModel, SemanticBatch] = {}
        self._growing: dict[SpeechJob, Row] = {}
        self._sounding: dict[SpeechJob, _Sound] = {}
        self._num_turns = 0
        self._growth_ahead_sec = 0.0  # time growth has been given more than sound, while both were wanted

    def start(self, job: SpeechJob) -> None:
        utterance = job.request
        voice = utterance.voice
        batch = self._batches.get(voice.semantic)
        if batch is None:
            batch = SemanticBatch(
                voice.semantic, max_rows=self._max_rows, batch_invariant=self._batch_invariant
            )
            self._batches[voice.semantic] = batch
        self._growing[job] = batch.add(
            SemanticRequest(
                phones=np.concatenate([voice.reference.phones, utterance.text.phones]),
                bert=np.concatenate([voice.reference.bert, utterance.text.bert], axis=1),
                prompt=voice.prompt,
                sampling=voice.sampling,
                seed=utterance.seed,
                max_new_tokens=token_budget(len(utterance.text.phones)),
            )
        )

    def step(self, jobs: Sequence[SpeechJob]) -> None:
        growing = [job for job in jobs if job in self._growing]
        sounding = [job for job in jobs if job in self._sounding]
        start = time.perf_counter()
        if growing and (not sounding or self._growth_ahead_sec <= 0.0):
            self._grow(growing)
            spent_sec = time.perf_counter() - start
        else:
            self._sound(min(sounding, key=lambda job: self._sounding[job].last_turn))
            spent_sec = start - time.perf_counter()
        self._growth_ahead_sec = self._growth_ahead_sec + spent_sec if growing and sounding else 0.0

    def drop(self, job: SpeechJob) -> None:
        self._sounding.pop(job, None)
        row = self._growing.pop(job, None)
        if row is not None:
            self._leave_batch(job, row)

    def _leave_batch(self, job: SpeechJob, row: Row) -> None:
        model = job.request.voice.semantic
        batch = self._batches[model]
        batch.remove(row)
        if not any(other.request.voice.semantic is model for other in self._growing):
            del self._batches[model]  # also lets go of weights that have left the bank

    def _grow(self, jobs: Sequence[SpeechJob]) -> None:
        for model, batch in list(self._batches.items()):
            rows = [self._growing[job] for job in jobs if job.request.voice.semantic is model]
            growing = [row for row in rows if row.is_growing]
            if growing:
                batch.step(growing)
        for job in jobs:
            if not self._growing[job].is_growing:
                self._begin_to_sound(job)

    def _begin_to_sound(self, job: SpeechJob) -> None:
        row = self._growing.pop(job)
        self._leave_batch(job, row)
        if row.error is not None:
            raise JobFailed(job, row.error)
        try:
            self._sounding[job] = _Sound(job.request, row.tokens, self._chunk_sizes)
        except ValueError as error:  # weights that contradict each other, such as other symbol tables
            raise JobFailed(job, SentenceFailed(f"the decoder refused the sentence: {error}")) from error

    def _sound(self, job: SpeechJob) -> None:
        sound = self._sounding[job]
        self._num_turns += 1
        sound.last_turn = self._num_turns
        chunk = sound.next_chunk()
        if chunk is None:
            job.finish()
        elif not np.isfinite(chunk).all():
            raise JobFailed(job, SentenceFailed("the decoder produced values that are no numbers"))
        elif len(chunk):
            request = job.request
            job.emit(AudioChunk(chunk, request.voice.sample_rate, request.sentence_index))


class _Sound:
    """The sound of one utterance, chunk by chunk, with the pause behind it."""

    def __init__(self, utterance: Utterance, tokens: Sequence[int], sizes: ChunkSizes) -> None:
        voice = utterance.voice
        self.num_samples = 0
        self.last_turn = 0
        self._sizes = sizes
        self._rate = voice.sample_rate
        self._pause = np.zeros(round(utterance.pause_sec * self._rate), dtype=np.float32)
        self._stream: SampleStream | None = None
        if tokens:
            self._stream = voice.decoder.open(
                tokens,
                utterance.text.phones,
                voice.conditioning,
                speed_factor=voice.speaker.speed_factor,
                seed=utterance.seed,
            )

    def next_chunk(self) -> np.ndarray | None:
        """Returns float32 (T,) samples, none of them if there is more to do first, or None at the end."""
        if self._stream is None:
            return None
        size_sec = self._sizes.later_sec if self.num_samples else self._sizes.first_sec
        chunk = self._stream.next_chunk(math.ceil(size_sec * self._stream.frames_per_sec))
        if chunk is None:
            return None
        self.num_samples += len(chunk)
        if self.num_samples == self._stream.num_samples:  # the last one takes the pause along
            chunk = np.concatenate([chunk, self._pause])
        return chunk


def token_budget(num_phones: int) -> int:
    """Most semantic tokens a sentence of so many phones may take."""
    return min(math.ceil(TOKENS_PER_SEC * (BUDGET_SEC + BUDGET_SEC_PER_PHONE * num_phones)), MAX_NEW_TOKENS)
