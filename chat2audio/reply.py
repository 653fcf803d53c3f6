"""The one data path of a turn: text engine -> speakable text -> sentences -> speech engine -> events."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import asdict, dataclass, field

from chat2audio.engines import SpeechEngine, TextEngine, VoiceHandle
from chat2audio.events import AudioDelta, Done, Event, Failed, Meta, SentenceError, TextDelta
from chat2audio.failures import UNFORESEEN, describe
from chat2audio.sentences import Sentence, SentenceSplitter, SplitLimits
from chat2audio.speakable import Speakable, SpeakableOptions
from llm.messages import Message, build_messages
from llm.pieces import CutShort
from llm.sampling import SamplingParams
from prompts.persona import Persona
from speakers.speaker import Speaker
from tts.errors import BadVoice, SentenceFailed

log = logging.getLogger(__name__)

# Sentences that may wait for the voice, beside the one it speaks and the one just announced. More would
# take computing time from the sentence that is being waited for, and leave its words standing mute.
MAX_SENTENCES_AHEAD = 1
# Events a slow client may lag behind before its own speech is held up.
MAX_EVENTS_AHEAD = 8


@dataclass(frozen=True, slots=True)
class Turn:
    """One request, with everything resolved that its names stand for.

    Attributes:
        deadline: `time.monotonic()` value by which the reply must be complete, or None.
    """

    id: str
    text: str
    speaker: Speaker
    persona: Persona
    history: tuple[Message, ...] = ()
    seed: int = 0
    deadline: float | None = None


@dataclass(frozen=True, slots=True)
class ReplyOptions:
    """How replies are sampled, made speakable and cut; the same for all turns of a server."""

    sampling: SamplingParams = field(default_factory=SamplingParams)
    speakable: SpeakableOptions = field(default_factory=SpeakableOptions)
    limits: SplitLimits = field(default_factory=SplitLimits)


class Reply:
    """The events of one turn, in speaking order.

    Entering the context makes the voice ready and raises what is wrong with it; iterating gives one
    `Meta`, then `TextDelta` and `AudioDelta` (the text of a sentence before its sound), and as the last
    event exactly one of `Done` and `Failed`. Leaving the context stops both engines within one step.

        async with Reply(turn, text_engine, speech_engine) as reply:
            async for event in reply:
                ...
    """

    def __init__(
        self,
        turn: Turn,
        text_engine: TextEngine,
        speech_engine: SpeechEngine,
        options: ReplyOptions | None = None,
    ) -> None:
        self._turn = turn
        self._text_engine = text_engine
        self._speech_engine = speech_engine
        self._options = options or ReplyOptions()
        self._events: asyncio.Queue[Event] = asyncio.Queue(MAX_EVENTS_AHEAD)
        self._sentences: asyncio.Queue[Sentence | None] = asyncio.Queue(MAX_SENTENCES_AHEAD)
        self._clock = _Clock()
        self._written: list[str] = []
        self._finish_reason = "stop"
        self._spoken_ms = 0.0
        self._is_left = False

    async def __aenter__(self) -> Reply:
        self._limits = _limits_of(self._turn.speaker, self._options.limits)
        self._voice: VoiceHandle = await self._speech_engine.voice(self._turn.speaker)
        self._producer = asyncio.create_task(self._produce(), name=f"reply {self._turn.id}")
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._is_left = True
        self._producer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._producer

    async def __aiter__(self) -> AsyncIterator[Event]:
        yield Meta(self._turn.id, self._turn.speaker.name, self._voice.sample_rate, self._turn.seed)
        while True:
            event = await self._events.get()
            yield event
            if isinstance(event, Done | Failed):
                return

    async def _produce(self) -> None:
        """Runs the stages; the one border at which an exception becomes an event."""
        final: Event
        try:
            async with asyncio.TaskGroup() as stages:
                stages.create_task(self._write())
                stages.create_task(self._speak())
            text = "".join(self._written)
            final = Done(
                self._turn.id, self._finish_reason, text, round(self._spoken_ms), self._clock.timing()
            )
        except* Exception as group:
            cause = _first_leaf(group)
            code, message = describe(cause)
            trace = cause if code == UNFORESEEN else None
            log.error("reply %s failed: %s: %s", self._turn.id, type(cause).__name__, cause, exc_info=trace)
            final = Failed(code, message)
        # A stage that fails while it is being cancelled hides the cancellation: do not wait for room then.
        if not self._is_left:
            await self._events.put(final)

    async def _write(self) -> None:
        """Text engine -> sentences, announced on the screen as they are cut."""
        turn = self._turn
        speakable = Speakable(self._options.speakable)
        splitter = SentenceSplitter(self._limits)
        pieces = self._text_engine.stream(
            build_messages(turn.persona, turn.history, turn.text),
            adapter=turn.speaker.lora,
            sampling=self._options.sampling,
            seed=turn.seed,
            deadline=turn.deadline,
        )
        async with aclosing(pieces):
            async for piece in pieces:
                if isinstance(piece, CutShort):
                    self._finish_reason = "length"
                for span in speakable.push(piece):
                    await self._announce(splitter.push(span))
        for span in speakable.flush():
            await self._announce(splitter.push(span))
        await self._announce(splitter.flush())
        await self._sentences.put(None)

    async def _announce(self, sentences: list[Sentence]) -> None:
        for sentence in sentences:
            self._clock.note("first_text_ms")
            self._written.append(sentence.display)
            await self._events.put(TextDelta(sentence.index, sentence.display))
            if sentence.spoken:
                await self._sentences.put(sentence)

    async def _speak(self) -> None:
        """Sentences -> sound."""
        while (sentence := await self._sentences.get()) is not None:
            try:
                await self._speak_one(sentence)
            except SentenceFailed as error:
                log.warning("reply %s, sentence %d: %s", self._turn.id, sentence.index, error)
                await self._events.put(SentenceError(sentence.index, str(error)))

    async def _speak_one(self, sentence: Sentence) -> None:
        chunks = self._speech_engine.speak(
            sentence.spoken,
            self._voice,
            seed=_sentence_seed(self._turn.seed, sentence.index),
            sentence_index=sentence.index,
            deadline=self._turn.deadline,
        )
        number = 0
        async with aclosing(chunks):
            async for chunk in chunks:
                self._clock.note("first_audio_ms")
                start_ms = self._spoken_ms
                self._spoken_ms += 1000.0 * chunk.duration_sec
                await self._events.put(AudioDelta(number, chunk, sentence.display, round(start_ms)))
                number += 1


class _Clock:
    """Milliseconds from the start of the turn to its landmarks."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._marks: dict[str, int] = {}

    def note(self, mark: str) -> None:
        self._marks.setdefault(mark, self._elapsed_ms())

    def timing(self) -> dict[str, int]:
        return {**self._marks, "total_ms": self._elapsed_ms()}

    def _elapsed_ms(self) -> int:
        return round(1000 * (time.monotonic() - self._start))


def _limits_of(speaker: Speaker, limits: SplitLimits) -> SplitLimits:
    """The server's limits with the speaker's own laid over them."""
    try:
        return SplitLimits.from_dict(asdict(limits) | dict(speaker.splitter))
    except ValueError as error:
        raise BadVoice(f"speaker {speaker.name}: {error}") from error


def _sentence_seed(seed: int, index: int) -> int:
    """A 63-bit seed of its own for every sentence, so that equal sentences are not spoken alike."""
    digest = hashlib.blake2b(f"{seed}:{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def _first_leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
