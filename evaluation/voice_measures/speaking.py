"""Sentences -> sound, on the very path of the server: as if a language model had written them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np

from chat2audio.events import AudioDelta, Failed, SentenceError
from chat2audio.reply import Reply, Turn
from chat2audio.settings import Settings
from chat2audio.startup import build
from llm.messages import Message
from prompts.persona import Persona
from speakers.speaker import Speaker


class SpeechFailed(RuntimeError):
    """The engine ended with an error; the message is its own."""


@dataclass(frozen=True, eq=False)
class Spoken:
    """What was heard of one line of text.

    Attributes:
        samples: mono (N,), with the pauses between the pieces the server cuts a line into; none if nothing
            was said.
        sample_rate: Hz.
        work_sec: from the text to the last sample.
        first_audio_sec: from the text to the first samples; None without any.
        speech_sec: length without the pauses after the pieces.
        problems: pieces that could not be spoken, and why.
    """

    samples: np.ndarray
    sample_rate: int
    work_sec: float
    first_audio_sec: float | None
    speech_sec: float
    problems: tuple[str, ...]


class _Dictation:
    """A text engine that knows its text already."""

    is_ready = True

    def __init__(self, text: str) -> None:
        self._text = text

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def status(self) -> dict[str, Any]:
        return {}

    async def stream(self, messages: Sequence[Message], **options: Any) -> AsyncGenerator[str, None]:
        yield self._text


class LiveVoice:
    """A speaker on the server's speech engine; use as a context.

    Raises, on entering:
        speakers.catalog.UnknownSpeaker: no such speaker; names the ones there are.
        tts.errors.BadVoice: its files cannot be used.
    """

    def __init__(self, settings: Settings, speaker: str) -> None:
        self._parts = build(settings)
        self.speaker: Speaker = self._parts.catalog.get(speaker)
        self._persona = Persona.from_prompt(self.speaker.name, "Reads out what it is given.")
        self._pause_sec = settings.tts.pause_ms / 1000
        self._runner = asyncio.Runner()

    def __enter__(self) -> LiveVoice:
        engine = self._parts.speech_engine
        with ExitStack() as stack:
            stack.callback(self._close)
            self._runner.run(engine.start())
            self._runner.run(self._load())
            stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def say(self, text: str, seed: int) -> Spoken:
        """Speaks a line of text.

        Raises:
            SpeechFailed: the engine itself failed, not just one piece of the text.
        """
        return self._runner.run(self._say(text, seed))

    async def _load(self) -> None:
        await self._parts.speech_engine.voice(self.speaker)

    async def _say(self, text: str, seed: int) -> Spoken:
        turn = Turn("evaluation", text, self.speaker, self._persona, seed=seed)
        chunks, problems, pieces, first_audio_sec = [], [], set(), None
        sample_rate = 0
        start = time.perf_counter()
        reply = Reply(turn, _Dictation(text), self._parts.speech_engine, self._parts.reply_options)
        async with reply:
            async for event in reply:
                if isinstance(event, AudioDelta):
                    first_audio_sec = first_audio_sec or time.perf_counter() - start
                    chunks.append(event.audio.samples)
                    sample_rate = event.audio.sample_rate
                    pieces.add(event.seq)
                elif isinstance(event, SentenceError):
                    problems.append(event.message)
                elif isinstance(event, Failed):
                    raise SpeechFailed(f"{self.speaker.name} cannot say {text!r}: {event.message}")
        work_sec = time.perf_counter() - start
        samples = np.concatenate(chunks) if chunks else np.zeros(0, np.float32)
        speech_sec = len(samples) / max(1, sample_rate) - len(pieces) * self._pause_sec
        return Spoken(samples, sample_rate, work_sec, first_audio_sec, max(0.0, speech_sec), tuple(problems))

    def _close(self) -> None:
        self._runner.run(self._parts.speech_engine.stop())
        self._runner.close()
