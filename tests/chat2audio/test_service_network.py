"""Over real connections: streaming, hang-ups at any moment, slow and silent clients, broken ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from chat2audio import http_server
from chat2audio.errors import ApiError
from chat2audio.http_guards import read_limited, until_disconnect
from tests.chat2audio.fakes import (
    TEXT,
    FakeSpeechEngine,
    FakeTextEngine,
    make_app,
    parse_events,
    served,
)

ASK = {"input": "你好", "seed": 3}
CLOSED = (ConnectionResetError, asyncio.IncompleteReadError)


@asynccontextmanager
async def connected(
    url: str, request: bytes
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection on which `request` has been sent; it is aborted in the end."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(request)
        await writer.drain()
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def post_bytes(accept: str = "*/*") -> bytes:
    body = json.dumps(ASK).encode()
    head = f"POST /chat2audio HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def eventually(condition: Any, *, within_sec: float = 5.0) -> None:
    deadline = time.monotonic() + within_sec
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        await asyncio.sleep(0.01)


async def test_the_first_sound_is_heard_before_the_last_word_is_written() -> None:
    text = FakeTextEngine(TEXT * 5, delay_sec=0.002)
    async with served(make_app(text=text)) as url, httpx.AsyncClient() as client:
        async with client.stream("POST", f"{url}/chat2audio", json=ASK) as response:
            async for line in response.aiter_lines():
                if line == "event: audio":
                    break
            assert text.num_pieces < len(text.text) // 3
        async with client.stream(
            "POST", f"{url}/chat2audio", json=ASK, headers={"Accept": "audio/wav"}
        ) as response:
            assert response.headers["Transfer-Encoding"] == "chunked"
            async for _ in response.aiter_bytes():
                break
            assert text.num_open == 1


async def test_two_streams_one_after_the_other_on_one_connection() -> None:
    async with served(make_app()) as url, httpx.AsyncClient() as client:
        for _ in range(2):
            response = await client.post(f"{url}/chat2audio", json=ASK)
            assert parse_events(response.text)[-1][0] == "done"


@pytest.mark.parametrize(("face", "accept"), [("stream", "*/*"), ("stream", "audio/wav"), ("file", "*/*")])
async def test_hang_ups_at_any_moment_leave_nothing_behind(face: str, accept: str) -> None:
    rng = random.Random(f"{face}{accept}")
    app = make_app(
        face,
        text=FakeTextEngine(TEXT * 2, delay_sec=0.001),
        speech=FakeSpeechEngine(delay_sec=0.001),
        max_concurrent=4,
        max_waiting=100,
    )
    kitchen = app.state.kitchen

    def is_quiet() -> bool:
        engines = kitchen.text_engine.num_open + kitchen.speech_engine.num_open
        return kitchen.admission.is_idle and engines == 0

    async def hang_up(url: str) -> None:
        async with connected(url, post_bytes(accept)) as (_, writer):
            await asyncio.sleep(rng.choice([0, 0.002, 0.01, 0.03, 0.06]))
            if rng.random() < 0.5:
                writer.close()  # politely; else the connection is reset

    async def hang_up_many(url: str, number: int) -> None:
        for start in range(0, number, 8):
            await asyncio.gather(*(hang_up(url) for _ in range(start, min(start + 8, number))))
        await eventually(is_quiet)
        await asyncio.sleep(0.05)

    async with served(app) as url:
        await hang_up_many(url, 16)
        before = len(asyncio.all_tasks()), threading.active_count(), len(os.listdir("/proc/self/fd"))
        await hang_up_many(url, 72)
        after = len(asyncio.all_tasks()), threading.active_count(), len(os.listdir("/proc/self/fd"))
        assert after == before
        pieces = kitchen.text_engine.num_pieces
        await asyncio.sleep(0.05)
        assert kitchen.text_engine.num_pieces == pieces, "nobody writes for those who left"
        async with httpx.AsyncClient() as client:
            assert (await client.post(f"{url}/chat2audio", json=ASK)).status_code == 200


async def test_a_client_that_leaves_the_queue_frees_its_place_in_it() -> None:
    text = FakeTextEngine(delay_sec=60)
    app = make_app("file", text=text, max_concurrent=1, max_waiting=1)
    admission = app.state.kitchen.admission
    async with served(app) as url:
        async with connected(url, post_bytes()):
            await eventually(lambda: text.num_open == 1)
            async with connected(url, post_bytes()):
                await eventually(lambda: admission.num_waiting == 1)
            await eventually(lambda: admission.num_waiting == 0)
            assert admission.num_running == 1
        await eventually(lambda: admission.is_idle and text.num_open == 0)
        assert len(text.calls) == 1


async def test_bare_audio_that_fails_ends_in_a_broken_connection() -> None:
    speech = FakeSpeechEngine(error=RuntimeError("oops"), error_at=2)
    async with served(make_app(speech=speech)) as url, httpx.AsyncClient() as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post(f"{url}/chat2audio", json=ASK, headers={"Accept": "audio/wav"})
        speech.error = None
        response = await client.post(f"{url}/chat2audio", json=ASK, headers={"Accept": "audio/wav"})
        assert response.status_code == 200


@pytest.mark.parametrize("accept", ["*/*", "audio/wav"])
async def test_a_client_that_does_not_read_is_left_and_cut_off(accept: str, monkeypatch) -> None:
    monkeypatch.setattr(http_server, "CLOSE_TIMEOUT_SEC", 0.1)
    monkeypatch.setattr(http_server, "TICKS_PER_SWEEP", 1)
    # More than the socket buffers of both sides hold.
    speech = FakeSpeechEngine(rate=48000, chunk_sec=20.0)
    app = make_app(text=FakeTextEngine("很好。" * 30000), speech=speech, send_timeout_sec=0.3)
    app.state.kitchen.speech_engine.samples = lambda *_: np.zeros(48000 * 20, np.float32)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(app))
        fds_before = len(os.listdir("/proc/self/fd"))
        reader, writer = await stack.enter_async_context(connected(url, post_bytes(accept)))
        writer.transport.pause_reading()
        kitchen = app.state.kitchen
        await eventually(lambda: kitchen.admission.num_running == 1)
        await eventually(lambda: kitchen.admission.is_idle)
        assert kitchen.text_engine.num_open == kitchen.speech_engine.num_open == 0
        # The server's end is closed although the client has not read what waits for it.
        await eventually(lambda: len(os.listdir("/proc/self/fd")) == fds_before + 1)
        writer.transport.resume_reading()
        with pytest.raises(CLOSED):
            await reader.readexactly(1 << 30)


async def test_half_a_header_is_not_waited_for(monkeypatch) -> None:
    monkeypatch.setattr(http_server, "HEADER_TIMEOUT_SEC", 0.5)
    monkeypatch.setattr(http_server, "TICKS_PER_SWEEP", 1)
    async with served(make_app()) as url:
        async with (
            asyncio.timeout(5),
            connected(url, b"") as (silent, _),
            connected(url, b"POST /chat2audio HTTP/1.1\r\nHost: x\r\n") as (half, _),
            connected(url, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") as (second, writer),
        ):
            await second.readuntil(b"}")
            writer.write(b"GET /heal")
            for reader in (silent, half, second):
                with pytest.raises(CLOSED):
                    await reader.readexactly(1 << 20)
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{url}/healthz")).status_code == 200


async def test_half_a_body_is_not_waited_for() -> None:
    class Request:
        headers = MappingProxyType({})

        async def stream(self):
            yield b"{"
            await asyncio.sleep(60)

    with pytest.raises(ApiError) as caught:
        await read_limited(Request(), 100, timeout_sec=0.05)  # type: ignore[arg-type]
    assert caught.value.status == 408


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /chat2audio HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /chat2audio HTTP/1.1\r\nHost: x\r\nContent-Length: abc\r\n\r\n{}",
        b"POST /chat2audio HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /chat2audio?input=\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"\r\n\r\n\r\n" * 100 + b"x",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_broken_http_is_refused_without_a_crash(raw: bytes) -> None:
    async with served(make_app()) as url:
        async with connected(url, raw) as (reader, writer):
            writer.write_eof()
            answer = await asyncio.wait_for(reader.read(), 5)
        assert b" 50" not in answer.split(b"\r\n")[0]
        async with httpx.AsyncClient() as client:
            assert (await client.get(f"{url}/healthz")).status_code == 200


async def test_until_disconnect_hands_on_what_the_work_raises() -> None:
    async def listen() -> Any:
        await asyncio.sleep(60)

    async def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await until_disconnect(listen, fail())


async def test_until_disconnect_waits_for_the_work_to_clean_up() -> None:
    seen: list[str] = []

    async def leave() -> Any:
        await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            seen.append("clean")

    assert await until_disconnect(leave, work()) is False
    assert seen == ["clean"]
