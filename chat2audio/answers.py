"""The three forms of one reply: events, bare audio as it comes, one file."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from chat2audio.delivery import AudioBytes, Delivery
from chat2audio.errors import ApiError
from chat2audio.events import Done, Failed, SentenceError
from chat2audio.http_guards import until_disconnect
from chat2audio.sse import CHANNELS, EventStream

log = logging.getLogger(__name__)

Answer = Callable[[Delivery], Awaitable[Response]]

# What scripts of other origins may read, where CORS lets them call at all.
EXPOSED_HEADERS = (
    "X-Request-Id",
    "X-Sample-Rate",
    "X-Channels",
    "X-Audio-Format",
    "X-Audio-Ms",
    "X-Seed",
    "X-Sentence-Errors",
    "Content-Disposition",
    "Retry-After",
)


class TurnResponse(Response):
    """Opens a turn, answers with it and closes it again, all within one call, so that nothing is left over.

    Args:
        open_turn: gives the delivery; entered when the response is sent. What it raises becomes an
            HTTP error.
        answer: makes the response that sends the delivery.
    """

    def __init__(
        self, open_turn: Callable[[], AbstractAsyncContextManager[Delivery]], answer: Answer
    ) -> None:
        super().__init__()
        self._open_turn = open_turn
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # From here on nobody else listens to the client: it may leave while it waits for a place as well as
        # in the middle of a sentence, and both end in the same way.
        await until_disconnect(receive, self._serve(scope, send))

    async def _serve(self, scope: Scope, send: Send) -> None:
        async with self._open_turn() as delivery:
            response = await self._answer(delivery)
            await response(scope, _hear_nothing, send)


async def _hear_nothing() -> Message:
    await asyncio.Event().wait()
    return {"type": "http.disconnect"}


async def answer_with_events(delivery: Delivery, *, send_timeout_sec: float) -> Response:
    """Server-sent events; see `chat2audio.sse`."""
    await delivery.prefetch(needs_audio=False)
    return EventStream(delivery, send_timeout_sec=send_timeout_sec)


async def answer_with_audio(delivery: Delivery, *, send_timeout_sec: float) -> Response:
    """Bytes as they come; the status is known once the first of them is there."""
    await delivery.prefetch(needs_audio=True)
    return AudioStream(delivery, send_timeout_sec)


async def answer_with_file(delivery: Delivery) -> Response:
    """All bytes at once, with their number."""
    await delivery.prefetch(needs_audio=True)
    data = bytearray()
    headers = _audio_headers(delivery)
    num_failed = 0
    async for event in delivery:
        if isinstance(event, AudioBytes):
            data += event.data
        elif isinstance(event, SentenceError):
            num_failed += 1
        elif isinstance(event, Failed):
            raise ApiError.from_failed(event)
        elif isinstance(event, Done):
            headers["X-Audio-Ms"] = str(event.audio_ms)
    if num_failed:
        headers["X-Sentence-Errors"] = str(num_failed)
    name = delivery.wish.format
    headers["Content-Disposition"] = f"attachment; filename=audio.{name}"
    return Response(bytes(data), headers=headers, media_type=delivery.encoder.content_type)


def _audio_headers(delivery: Delivery) -> dict[str, str]:
    return {
        "X-Request-Id": delivery.meta.id,
        "X-Sample-Rate": str(delivery.encoder.sample_rate),
        "X-Channels": str(CHANNELS),
        "X-Audio-Format": delivery.wish.format,
        "X-Seed": str(delivery.meta.seed),
        "Cache-Control": "no-store",
        "X-Accel-Buffering": "no",
    }


class AudioStream(Response):
    """Sends the sound of a delivery chunk by chunk. A reply that fails ends in a broken connection."""

    def __init__(self, delivery: Delivery, send_timeout_sec: float) -> None:
        super().__init__(headers=_audio_headers(delivery), media_type=delivery.encoder.content_type)
        # Response has set the length of its empty body; ours is not known.
        del self.headers["Content-Length"]
        self._delivery = delivery
        self._send_timeout_sec = send_timeout_sec

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        try:
            await self._send(send, start)
            async for event in self._delivery:
                if isinstance(event, AudioBytes):
                    await self._send(
                        send, {"type": "http.response.body", "body": event.data, "more_body": True}
                    )
                elif isinstance(event, Failed):
                    # No last empty piece: the server closes the connection, and the client knows that the
                    # sound is not complete.
                    return
            await self._send(send, {"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            log.info("a client did not read for %s s and was left", self._send_timeout_sec)

    async def _send(self, send: Send, message: Message) -> None:
        async with asyncio.timeout(self._send_timeout_sec):
            await send(message)
