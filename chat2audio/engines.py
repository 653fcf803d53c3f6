"""What the reply path needs of the two engines, and nothing more."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Protocol

from llm.messages import Message
from llm.sampling import SamplingParams
from speakers.speaker import Speaker
from tts.audio import AudioChunk


class Engine(Protocol):
    """What both engines have in common: they start, stop and tell how they are."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    @property
    def is_ready(self) -> bool:
        """True while requests can be served: loaded, alive, heartbeat fresh."""
        ...

    def status(self) -> Mapping[str, Any]:
        """Figures for `/readyz` and the start-up banner; JSON-compatible."""
        ...


class TextEngine(Engine, Protocol):
    """Messages in, the character's words out, piece by piece."""

    def stream(
        self,
        messages: Sequence[Message],
        *,
        adapter: str | None = None,
        sampling: SamplingParams | None = None,
        seed: int = 0,
        deadline: float | None = None,
    ) -> AsyncGenerator[str, None]:
        """Yields pieces of text; closing the generator stops the work within one step.

        The last piece is an `llm.pieces.CutShort` where a limit of tokens ended the reply.
        """
        ...


class VoiceHandle(Protocol):
    """A speaker made ready; what else is in it only the speech engine knows."""

    @property
    def sample_rate(self) -> int: ...


class SpeechEngine(Engine, Protocol):
    """A sentence in, its sound out, chunk by chunk."""

    async def voice(self, speaker: Speaker) -> VoiceHandle:
        """Makes a speaker ready, or finds it ready.

        Raises:
            tts.errors.BadVoice: its weights or reference cannot be used; the message names file and reason.
        """
        ...

    def speak(
        self,
        text: str,
        voice: Any,
        *,
        seed: int,
        sentence_index: int = 0,
        deadline: float | None = None,
    ) -> AsyncGenerator[AudioChunk, None]:
        """Yields the sound of one sentence; nothing at all if there is nothing to pronounce.

        Args:
            text: one sentence.
            voice: what `voice` returned.
            seed: same text, voice and seed give the same samples.
            sentence_index: copied into the chunks.
            deadline: `time.monotonic()` value after which it ends with an error.

        Raises:
            tts.errors.SentenceFailed: this sentence came out unusable; the next may not.
        """
        ...
