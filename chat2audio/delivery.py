"""One turn on its way out: admitted, limited in time, encoded. The one path behind all forms of answer."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from chat2audio.admission import Admission
from chat2audio.drain import Drain, ShuttingDown
from chat2audio.encoding import AudioEncoder, make_encoder
from chat2audio.engines import SpeechEngine, TextEngine
from chat2audio.errors import ApiError
from chat2audio.events import AudioDelta, Done, Event, Failed, Meta, SentenceError, TextDelta
from chat2audio.failures import describe
from chat2audio.reply import Reply, ReplyOptions, Turn
from runtime.step_loop import DeadlineExceeded, Overloaded
from runtime.workers import Workers
from tts.errors import BadVoice

log = logging.getLogger(__name__)

# The engines end a late turn themselves; this much later we do, even if they hang.
GRACE_SEC = 2.0
# Encoding in these is a copy; the others compress, which is work for a thread.
CHEAP_FORMATS = ("pcm", "wav")


@dataclass(frozen=True, slots=True)
class AudioBytes:
    """Encoded sound: the next bytes of the one stream or file that a reply is.

    Attributes:
        seq, chunk: number of the sentence, and of this piece in it.
        text: the words of the whole sentence.
        start_ms, duration_ms: where the piece lies in the sound of the whole reply. Encoders that look
            ahead hand out bytes late; the last ones belong to no new sound and have a duration of 0.
    """

    seq: int
    chunk: int
    data: bytes
    text: str
    start_ms: int
    duration_ms: int


WireEvent = Meta | TextDelta | AudioBytes | SentenceError | Done | Failed


@dataclass(frozen=True, slots=True)
class Kitchen:
    """What all turns of a server share.

    Attributes:
        encoders: the threads that compress sound.
    """

    text_engine: TextEngine
    speech_engine: SpeechEngine
    options: ReplyOptions
    admission: Admission
    drain: Drain
    encoders: Workers


@dataclass(frozen=True, slots=True)
class AudioWish:
    """How the sound is to be encoded; see `chat2audio.encoding.make_encoder`."""

    format: str
    sample_rate: int | None
    is_streamed: bool


@asynccontextmanager
async def open_delivery(kitchen: Kitchen, turn: Turn, wish: AudioWish) -> AsyncIterator[Delivery]:
    """Admits a turn and makes its voice ready; leaving the context releases all of it.

    Raises:
        ApiError: refused, or the voice cannot be used.
    """
    drain = kitchen.drain
    latest = None if turn.deadline is None else turn.deadline + GRACE_SEC
    async with AsyncExitStack() as held:
        try:
            if drain.is_draining:
                raise ShuttingDown
            async with drain.limited(turn.deadline):
                await held.enter_async_context(kitchen.admission.place())
            reply = Reply(turn, kitchen.text_engine, kitchen.speech_engine, kitchen.options)
            async with drain.limited(latest):
                await held.enter_async_context(reply)
        except (Overloaded, DeadlineExceeded, ShuttingDown) as error:
            raise ApiError.from_failed(_failed(error)) from None
        except BadVoice as error:
            log.error("%s", error)  # which names the speaker
            message = (
                f"the models or recordings of {turn.speaker.name} are missing or damaged, "
                "see the server's log; another speaker can be served"
            )
            raise ApiError(409, "bad_voice", message, param="speaker") from error
        delivery = Delivery(aiter(reply), wish, lambda: drain.limited(latest), kitchen.encoders)
        try:
            yield delivery
        finally:
            log.info("%s %s: %s", turn.id, turn.speaker.name, delivery.outcome)


class Delivery:
    """Iterates the events of a reply with its sound encoded; the last one is `Done` or `Failed`.

    Attributes:
        meta, encoder: known once the first event was read, so after `prefetch`.
        outcome: how it ended, for the log.
    """

    meta: Meta
    encoder: AudioEncoder

    def __init__(
        self,
        events: AsyncIterator[Event],
        wish: AudioWish,
        limited: Callable[[], AbstractAsyncContextManager[None]],
        encoders: Workers,
    ) -> None:
        self.wish = wish
        self.outcome = "left by the client"
        self._events = events
        self._limited = limited
        self._encoders = encoders
        self._ahead: deque[WireEvent] = deque()
        self._is_over = False
        self._waiting: _Waiting | None = None
        self._latest: AudioDelta | None = None

    async def prefetch(self, *, needs_audio: bool) -> None:
        """Reads ahead to the first words or the first sound, so that what fails at once fails plainly.

        Raises:
            ApiError: the reply failed, or has no sound because no sentence could be spoken.
        """
        while not self._is_over and not any(
            isinstance(event, AudioBytes if needs_audio else TextDelta) for event in self._ahead
        ):
            self._ahead.extend(await self._pull())
        is_silent = all(not isinstance(event, AudioBytes) or not event.duration_ms for event in self._ahead)
        for event in self._ahead:
            if isinstance(event, Failed):
                raise ApiError.from_failed(event)
            if isinstance(event, SentenceError) and needs_audio and self._is_over and is_silent:
                raise ApiError(500, "speech_failed", event.message)

    async def __aiter__(self) -> AsyncGenerator[WireEvent, None]:
        while self._ahead or not self._is_over:
            if not self._ahead:
                self._ahead.extend(await self._pull())
            while self._ahead:
                yield self._ahead.popleft()

    async def _pull(self) -> list[WireEvent]:
        """The next event of the reply, as it goes out; the border at which a failing encoder ends it well."""
        wired: list[WireEvent]
        try:
            async with self._limited():
                event = await anext(self._events)
            wired = await self._to_wire(event)
        except (DeadlineExceeded, ShuttingDown) as error:
            wired = [_failed(error)]
        except Exception as error:
            log.exception("a reply could not be encoded as %s", self.wish.format)
            wired = [_failed(error)]
        last = wired[-1] if wired else None
        if isinstance(last, Done | Failed):
            self._is_over = True
            self.outcome = _describe_end(last)
        return wired

    async def _to_wire(self, event: Event) -> list[WireEvent]:
        if isinstance(event, Meta):
            rate = self.wish.sample_rate or event.sample_rate
            self.meta = event
            self.encoder = make_encoder(self.wish.format, rate, streaming=self.wish.is_streamed)
        if isinstance(event, AudioDelta):
            return await self._encode(event)
        if isinstance(event, Done):
            return [*await self._encode_rest(event), event]
        return [event]

    async def _encode(self, event: AudioDelta) -> list[WireEvent]:
        data = await self._run(self.encoder.encode, event.audio)
        waiting = self._waiting or _Waiting(event.start_ms)
        self._waiting = waiting = _Waiting(waiting.start_ms, waiting.duration_ms + event.duration_ms)
        self._latest = event
        if not data:
            return []
        self._waiting = None
        return [AudioBytes(event.seq, event.chunk, data, event.text, waiting.start_ms, waiting.duration_ms)]

    async def _encode_rest(self, done: Done) -> list[WireEvent]:
        """What the encoder still holds; for a file that must know its length, all of it."""
        data = await self._run(self.encoder.finish)
        if not data:
            return []
        latest, waiting = self._latest, self._waiting or _Waiting(done.audio_ms)
        seq, chunk, text = (latest.seq, latest.chunk + 1, latest.text) if latest else (0, 0, "")
        return [AudioBytes(seq, chunk, data, text, waiting.start_ms, waiting.duration_ms)]

    async def _run(self, fn: Callable[..., bytes], *args: object) -> bytes:
        if self.wish.format in CHEAP_FORMATS:
            return fn(*args)
        return await self._encoders.run(fn, *args)


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Sound that went into the encoder and has not come out yet."""

    start_ms: int
    duration_ms: int = 0


def _failed(error: Exception) -> Failed:
    if isinstance(error, ShuttingDown):
        return Failed("shutting_down", "the server is shutting down; try again in a moment")
    return Failed(*describe(error))


def _describe_end(end: Done | Failed) -> str:
    if isinstance(end, Failed):
        return f"failed ({end.code})"
    return f"{end.audio_ms} ms of sound, {dict(end.timing)}"
