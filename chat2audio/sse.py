"""A reply as server-sent events: the only file that knows the library which frames them.

    event: meta            {"id", "speaker", "sample_rate", "channels", "encoding", "seed"}
    event: text            {"seq", "delta"}
    event: audio           {"seq", "chunk", "audio" (base64), "text", "start_ms", "duration_ms"}
    event: sentence_error  {"seq", "message"}
    event: done            {"id", "finish_reason", "text", "audio_ms", "timing"}
    event: error           {"error": {"message", "type", "code", "param"}}

One JSON object a line, blocks separated by an empty line with bare line feeds, comments as keep-alive. The
decoded `audio` fields joined are the byte stream of the same request.
"""

from __future__ import annotations

import base64
import json
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import AppStatus, SendTimeoutError
from starlette.types import Receive, Scope, Send

from chat2audio.delivery import AudioBytes, Delivery, WireEvent
from chat2audio.errors import failed_object
from chat2audio.events import Done, Meta, SentenceError, TextDelta

log = logging.getLogger(__name__)

PING_SEC = 15
SEP = "\n"
CHANNELS = 1
ENCODING_NAMES = {"pcm": "pcm_s16le"}

# An audio line stays below 64 KiB, the buffer of many line readers: 36 KiB are 48 KiB of base64, and text
# of this length is at most 12 KiB even if JSON escapes all of it. A multiple of 3 needs no padding, an even
# number cuts no 16-bit sample.
MAX_AUDIO_BYTES = 36 * 1024
MAX_TEXT_CHARS = 2000

# The library would cut running replies as soon as the server is told to end; chat2audio.drain does better.
AppStatus.disable_automatic_graceful_drain()


class EventStream(EventSourceResponse):
    """The response that streams a delivery.

    Args:
        send_timeout_sec: how long one event may wait for a client that does not read.
    """

    def __init__(self, delivery: Delivery, *, send_timeout_sec: float, ping_sec: float = PING_SEC) -> None:
        super().__init__(
            encode_events(delivery),
            headers={"Cache-Control": "no-cache", "X-Request-Id": delivery.meta.id},
            sep=SEP,
            ping=ping_sec,
            ping_message_factory=lambda: ServerSentEvent(comment="ping", sep=SEP),
            send_timeout=send_timeout_sec,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except SendTimeoutError:
            # Ending without a last empty piece closes the connection.
            log.info("a client did not read for %s s and was left", self.send_timeout)


async def encode_events(delivery: Delivery) -> AsyncIterator[ServerSentEvent]:
    """Yields the events of a delivery in the form described above."""
    num_chunks: defaultdict[int, int] = defaultdict(int)
    async for event in delivery:
        for part in _split(event) if isinstance(event, AudioBytes) else (event,):
            if isinstance(part, AudioBytes):
                part = replace(part, chunk=num_chunks[part.seq])
                num_chunks[part.seq] += 1
            name, data = encode_event(part, delivery)
            line = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
            yield ServerSentEvent(line, event=name, sep=SEP)


def encode_event(event: WireEvent, delivery: Delivery) -> tuple[str, dict[str, Any]]:
    """Returns the name and the data of one event."""
    if isinstance(event, Meta):
        data = {"id": event.id, "speaker": event.speaker, "sample_rate": delivery.encoder.sample_rate}
        encoding = ENCODING_NAMES.get(delivery.wish.format, delivery.wish.format)
        return "meta", {**data, "channels": CHANNELS, "encoding": encoding, "seed": event.seed}
    if isinstance(event, TextDelta):
        return "text", {"seq": event.seq, "delta": event.delta}
    if isinstance(event, AudioBytes):
        return "audio", {
            "seq": event.seq,
            "chunk": event.chunk,
            "audio": base64.b64encode(event.data).decode("ascii"),
            "text": event.text[:MAX_TEXT_CHARS],
            "start_ms": event.start_ms,
            "duration_ms": event.duration_ms,
        }
    if isinstance(event, SentenceError):
        return "sentence_error", {"seq": event.seq, "message": event.message}
    if isinstance(event, Done):
        data = {"id": event.id, "finish_reason": event.finish_reason, "text": event.text}
        return "done", {**data, "audio_ms": event.audio_ms, "timing": dict(event.timing)}
    return "error", {"error": failed_object(event)}


def _split(event: AudioBytes) -> Iterator[AudioBytes]:
    """Cuts bytes that are too long for one line; the times are shared out by bytes."""
    size = len(event.data)
    starts = range(0, size, MAX_AUDIO_BYTES)
    times = [event.duration_ms * start // size for start in starts] + [event.duration_ms]
    for number, start in enumerate(starts):
        yield replace(
            event,
            data=event.data[start : start + MAX_AUDIO_BYTES],
            start_ms=event.start_ms + times[number],
            duration_ms=times[number + 1] - times[number],
        )
