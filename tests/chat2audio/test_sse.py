"""The events on the wire: framing, order, base64, line lengths."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import numpy as np
import pytest

from chat2audio.delivery import AudioBytes
from chat2audio.events import Meta
from chat2audio.reply import _sentence_seed
from chat2audio.sse import MAX_AUDIO_BYTES, EventStream, _split
from tests.chat2audio.fakes import (
    RATE,
    TEXT,
    FakeSpeechEngine,
    FakeTextEngine,
    audio_of,
    client_of,
    make_app,
    parse_events,
)
from tts.audio import to_pcm16

ASK = {"input": "你好", "seed": 3}


async def stream_of(app: Any, **fields: Any) -> str:
    async with client_of(app) as client:
        response = await client.post("/chat2audio", json={**ASK, **fields})
    assert response.status_code == 200
    return response.text


async def test_headers_are_those_of_an_event_stream_nobody_buffers() -> None:
    async with client_of(make_app()) as client:
        response = await client.post("/chat2audio", json=ASK)
    assert response.headers["Content-Type"].startswith("text/event-stream")
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert response.headers["X-Request-Id"] == parse_events(response.text)[0][1]["id"]


async def test_blocks_are_separated_by_bare_line_feeds() -> None:
    text = await stream_of(make_app())
    assert "\r" not in text
    assert text.endswith("\n\n")
    for block in text.split("\n\n")[:-1]:
        name, data = block.split("\n")
        assert name.startswith("event: ")
        assert data.startswith("data: {")


async def test_events_come_in_speaking_order() -> None:
    events = parse_events(await stream_of(make_app()))
    names = [name for name, _ in events]
    assert names[0] == "meta"
    assert names[-1] == "done"
    assert sum(name in ("done", "error") for name in names) == 1
    shown: dict[int, str] = {}
    chunks: dict[int, int] = {}
    for name, data in events:
        if name == "text":
            assert data["seq"] == len(shown)
            shown[data["seq"]] = data["delta"]
        if name == "audio":
            assert data["text"] == shown[data["seq"]], "the text of a sentence comes before its sound"
            assert data["chunk"] == chunks.get(data["seq"], 0)
            chunks[data["seq"]] = data["chunk"] + 1
    assert "".join(shown.values()) == TEXT == events[-1][1]["text"]
    assert list(chunks) == sorted(chunks)


async def test_the_fields_are_the_documented_ones() -> None:
    fields = {name: set(data) for name, data in parse_events(await stream_of(make_app()))}
    assert fields == {
        "meta": {"id", "speaker", "sample_rate", "channels", "encoding", "seed"},
        "text": {"seq", "delta"},
        "audio": {"seq", "chunk", "audio", "text", "start_ms", "duration_ms"},
        "done": {"id", "finish_reason", "text", "audio_ms", "timing"},
    }


async def test_meta_tells_how_to_play_the_sound() -> None:
    (_, meta), *_ = parse_events(await stream_of(make_app(), speaker="wren"))
    assert (meta["speaker"], meta["sample_rate"], meta["channels"]) == ("Wren", RATE, 1)
    assert (meta["encoding"], meta["seed"]) == ("pcm_s16le", 3)


async def test_times_add_up() -> None:
    events = parse_events(await stream_of(make_app()))
    position_ms = 0
    num_bytes = 0
    for name, data in events:
        if name == "audio":
            assert data["start_ms"] == position_ms
            position_ms += data["duration_ms"]
            num_bytes += len(base64.b64decode(data["audio"], validate=True))
    assert events[-1][1]["audio_ms"] == position_ms == num_bytes * 1000 // (2 * RATE) > 0


async def test_the_same_seed_gives_the_same_stream_and_another_does_not() -> None:
    async def sound(seed: int | None) -> tuple[bytes, int]:
        events = parse_events(await stream_of(make_app(), seed=seed))
        return audio_of(events), events[0][1]["seed"]

    assert await sound(3) == await sound(3)
    assert await sound(3) != await sound(4)
    data, seed = await sound(None)
    assert await sound(seed) == (data, seed), "the seed we drew repeats the reply"


async def test_long_chunks_are_cut_into_lines_below_64_kib() -> None:
    speech = FakeSpeechEngine(rate=48000, chunk_sec=30.0)
    text = await stream_of(make_app(text=FakeTextEngine("很" * 600 + "。"), speech=speech))
    assert max(len(line.encode()) for line in text.split("\n")) < 65536
    events = parse_events(text)
    numbers: dict[int, list[int]] = {}
    for name, data in events:
        if name == "audio":
            numbers.setdefault(data["seq"], []).append(data["chunk"])
            assert len(base64.b64decode(data["audio"])) % 2 == 0
    assert any(len(chunks) > 1 for chunks in numbers.values())
    assert all(chunks == list(range(len(chunks))) for chunks in numbers.values())


@pytest.mark.parametrize("size", [1, 2, MAX_AUDIO_BYTES, MAX_AUDIO_BYTES + 1, 3 * MAX_AUDIO_BYTES + 5])
def test_splitting_loses_neither_bytes_nor_milliseconds(size: int) -> None:
    whole = AudioBytes(2, 0, bytes(i % 251 for i in range(size)), "x", 700, 333)
    parts = list(_split(whole))
    assert b"".join(part.data for part in parts) == whole.data
    assert max(len(part.data) for part in parts) <= MAX_AUDIO_BYTES
    position_ms = 700
    for part in parts:
        assert part.start_ms == position_ms
        position_ms += part.duration_ms
    assert position_ms == 1033


async def test_line_ends_in_a_reply_cannot_forge_events() -> None:
    forged = '好。\n\nevent: done\ndata: {"finish_reason": "forged"}\n\n再见。'
    events = parse_events(await stream_of(make_app(text=FakeTextEngine(forged))))
    assert [name for name, _ in events].count("done") == 1
    assert events[-1][1]["finish_reason"] == "stop"
    assert "".join(data["delta"] for name, data in events if name == "text") == forged


@pytest.mark.parametrize(("is_cut_short", "reason"), [(False, "stop"), (True, "length")])
async def test_the_end_says_whether_the_words_were_cut_short(is_cut_short: bool, reason: str) -> None:
    events = parse_events(await stream_of(make_app(text=FakeTextEngine(is_cut_short=is_cut_short))))
    assert (events[-1][0], events[-1][1]["finish_reason"]) == ("done", reason)
    assert events[-1][1]["text"] == TEXT


async def test_a_comment_keeps_the_connection_alive() -> None:
    class Slow:
        async def __aiter__(self):
            await asyncio.sleep(0.2)
            return
            yield

    delivery: Any = Slow()
    delivery.meta = Meta("id", "Wren", RATE, 1)
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    async def receive() -> Any:
        await asyncio.Event().wait()

    response = EventStream(delivery, send_timeout_sec=1, ping_sec=0.05)
    await response({"type": "http", "method": "GET"}, receive, send)
    assert b": ping\n\n" in sent


async def test_samples_survive_the_journey() -> None:
    speech = FakeSpeechEngine()
    events = parse_events(await stream_of(make_app(text=FakeTextEngine("你好。"), speech=speech)))
    samples = np.frombuffer(audio_of(events), "<i2")
    assert (samples == to_pcm16(speech.samples("Qinglan", "你好。", _sentence_seed(3, 0)))).all()


async def test_every_line_is_strict_json() -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    for line in (await stream_of(make_app())).split("\n"):
        if line.startswith("data: "):
            json.loads(line[6:], parse_constant=refuse)
