"""The speech engine: speakers become voices, sentences become sound."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from runtime.step_loop import StepLoop
from runtime.workers import Workers
from speakers.speaker import Speaker
from tts.audio import AudioChunk
from tts.synthesis import ChunkSizes, SynthesisEngine, Utterance
from tts.voice import Voice, VoiceLoader
from tts.voice_bank import VoiceBank

STALL_SEC = 30.0  # a step that takes longer than this counts as hung


@dataclass(frozen=True)
class SynthesizerOptions:
    """How the engine shares the machine.

    Attributes:
        max_running: sentences in progress at once.
        max_waiting: sentences that may queue for a place.
        voice_cache_bytes: memory for voices.
        chunk_sizes: length of the chunks.
        pause_sec: silence after each sentence.
        batch_invariant: see `SynthesisEngine`.
        num_workers: threads for reading text and loading voices.
    """

    max_running: int = 8
    max_waiting: int = 64
    voice_cache_bytes: int = 4 << 30
    chunk_sizes: ChunkSizes = field(default_factory=ChunkSizes)
    pause_sec: float = 0.2
    batch_invariant: bool = False
    num_workers: int = 2


class Synthesizer:
    """Implements `chat2audio.engines.SpeechEngine` with GPT-SoVITS models in this process."""

    def __init__(self, loader: VoiceLoader, options: SynthesizerOptions | None = None) -> None:
        self._options = options = options or SynthesizerOptions()
        self._workers = Workers("speech-worker", options.num_workers)
        self._bank = VoiceBank(loader.load, self._workers, options.voice_cache_bytes)
        self._loop: StepLoop[Utterance, AudioChunk] = StepLoop(
            "speech",
            lambda: SynthesisEngine(
                max_rows=options.max_running,
                chunk_sizes=options.chunk_sizes,
                batch_invariant=options.batch_invariant,
            ),
            max_running=options.max_running,
            max_waiting=options.max_waiting,
            max_buffered=4,
        )

    async def start(self) -> None:
        self._loop.start()

    async def stop(self) -> None:
        await self._workers.run(self._loop.stop)
        self._workers.stop()

    @property
    def is_ready(self) -> bool:
        return self._loop.is_alive and self._loop.heartbeat_age_sec < STALL_SEC

    @property
    def num_steps(self) -> int:
        """Steps made since the start; stands still while nobody wants anything."""
        return self._loop.num_steps

    def status(self) -> Mapping[str, Any]:
        return {
            "running": self._loop.num_running,
            "waiting": self._loop.num_waiting,
            "steps": self._loop.num_steps,
            "heartbeat_age_sec": round(self._loop.heartbeat_age_sec, 3),
            "voices": self._bank.names(),
            "voice_bytes": self._bank.num_bytes,
        }

    async def voice(self, speaker: Speaker) -> Voice:
        """See `SpeechEngine.voice`."""
        return await self._bank.get(speaker)

    async def speak(
        self,
        text: str,
        voice: Voice,
        *,
        seed: int,
        sentence_index: int = 0,
        deadline: float | None = None,
    ) -> AsyncGenerator[AudioChunk, None]:
        """See `SpeechEngine.speak`."""
        read = await self._workers.run(voice.reader.read_target, text, voice.speaker.target_language)
        if not len(read.phones):
            return
        utterance = Utterance(read, voice, seed, sentence_index, self._options.pause_sec)
        async with aclosing(self._loop.submit(utterance, deadline=deadline)) as job:
            async for chunk in job:
                yield chunk
