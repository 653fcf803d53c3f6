"""Judging a pair of checkpoints by sentences it never heard, beside recordings of the same sentences."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from speakers.speaker import Speaker
from tts.audio import resample
from tts.edit_distance import edit_distance
from tts.errors import SentenceFailed
from tts.finetune.cepstra import mel_distance
from tts.finetune.clips import Clip
from tts.finetune.figures import Figures
from tts.finetune.loudness import read_mono
from tts.finetune.reading import ClipReader
from tts.finetune.speech_part import speech_part
from tts.finetune.transcription import RATE_HZ, Transcriber
from tts.models.speaker_encoder import SpeakerEncoder
from tts.reference import SPEAKER_RATE_HZ
from tts.synthesizer import Synthesizer, SynthesizerOptions
from tts.voice import Voice, VoiceLoader

SEED = 1


@dataclass(frozen=True, slots=True)
class Pair:
    """A semantic and an acoustic checkpoint, and what they are called in the table."""

    name: str
    semantic: Path
    acoustic: Path


class SimilarityJudge:
    """Tells how like one speaker recordings sound.

    Args:
        encoder: the speaker net.
        recordings: of the speaker: (samples, rate) each.
    """

    def __init__(self, encoder: SpeakerEncoder, recordings: Sequence[tuple[np.ndarray, int]]) -> None:
        self._encoder = encoder
        embeddings = [self._embedding(samples, rate) for samples, rate in recordings]
        self._mean = torch.stack(embeddings).mean(0)

    def similarity(self, samples: np.ndarray, rate: int) -> float:
        """Cosine, up to 1, of mono samples (N,) of at least 25 ms."""
        return float(torch.cosine_similarity(self._embedding(samples, rate), self._mean, dim=0))

    def _embedding(self, samples: np.ndarray, rate: int) -> torch.Tensor:
        device = next(self._encoder.parameters()).device
        at_rate = torch.from_numpy(resample(samples, rate, SPEAKER_RATE_HZ))
        embedding = self._encoder.embed(at_rate.to(device))[0].cpu()
        return embedding / embedding.norm().clamp(min=1e-9)


class VoiceJudge:
    """Lets pairs of checkpoints say the held-out sentences, and compares.

    Args:
        held_out: clips with their words.
        speaker: keys of the speaker file but for the two models; see `Speaker.from_dict`.
        loader: makes voices.
        reader: reads what a recogniser hears.
        similarity: None where there is no speaker net.
        transcriber: None where no recogniser is installed.
    """

    def __init__(
        self,
        held_out: Sequence[Clip],
        speaker: dict[str, Any],
        loader: VoiceLoader,
        reader: ClipReader,
        *,
        similarity: SimilarityJudge | None = None,
        transcriber: Transcriber | None = None,
    ) -> None:
        self._clips = held_out
        self._recordings = [read_mono(clip.path) for clip in held_out]
        self._speaker, self._loader = speaker, loader
        self._reader, self._similarity, self._transcriber = reader, similarity, transcriber

    def recordings(self) -> Figures:
        """What the recordings themselves would get: the best to be hoped for."""
        return self._figures(self._recordings)

    def judge(self, pair: Pair) -> Figures:
        """Speaks and measures.

        Raises:
            BadVoice: the checkpoints cannot be used.
        """
        models = {"gpt_model": str(pair.semantic.resolve()), "sovits_model": str(pair.acoustic.resolve())}
        speaker = Speaker.from_dict({**self._speaker, **models}, name=pair.name)
        return self._figures(asyncio.run(self._speak(speaker)))

    async def _speak(self, speaker: Speaker) -> list[tuple[np.ndarray, int]]:
        """Each sentence as the server would say it, one after the other."""
        engine = Synthesizer(self._loader, SynthesizerOptions(pause_sec=0.0, num_workers=1))
        await engine.start()
        try:
            voice = await engine.voice(speaker)
            return [(await _say(engine, clip.text, voice), voice.sample_rate) for clip in self._clips]
        finally:
            await engine.stop()

    def _figures(self, spoken: Sequence[tuple[np.ndarray, int]]) -> Figures:
        similarities, errors, ratios, distances = [], [], [], []
        num_failed = 0
        for clip, recording, (samples, rate) in zip(self._clips, self._recordings, spoken, strict=True):
            distance = mel_distance(samples, rate, *recording) if len(samples) else None
            if distance is None:
                num_failed += 1
                continue
            distances.append(distance)
            speech = speech_part(samples, rate)
            wanted_sec = len(speech_part(*recording)) / recording[1]
            ratios.append(len(speech) / rate / wanted_sec)
            if self._similarity is not None:
                similarities.append(self._similarity.similarity(speech, rate))
            if self._transcriber is not None:
                errors.append(self._error_rate(clip, samples, rate, self._transcriber))
        return Figures(
            similarity=_mean(similarities),
            error_rate=_mean(errors),
            duration_ratio=statistics.median(ratios) if ratios else None,
            mel_distance_db=_mean(distances),
            num_failed=num_failed,
        )

    def _error_rate(self, clip: Clip, samples: np.ndarray, rate: int, transcriber: Transcriber) -> float:
        heard = transcriber.transcribe(resample(samples, rate, RATE_HZ), clip.language).text
        wanted = self._reader.phones(clip.text, clip.language).symbols
        found = self._reader.phones(heard, clip.language).symbols
        return edit_distance(wanted, found) / max(1, len(wanted))


async def _say(engine: Synthesizer, text: str, voice: Voice) -> np.ndarray:
    try:
        chunks = [chunk.samples async for chunk in engine.speak(text, voice, seed=SEED)]
    except SentenceFailed:
        chunks = []
    return np.concatenate(chunks or [np.zeros(0, np.float32)])


def _mean(values: Sequence[float]) -> float | None:
    return statistics.fmean(values) if values else None
