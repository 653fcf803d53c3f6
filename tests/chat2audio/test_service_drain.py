"""The end of the server, in a process of its own: signals, last words, exit codes."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from chat2audio.drain import Drain, ShuttingDown
from runtime.step_loop import DeadlineExceeded
from tests.chat2audio.fakes import free_port, parse_events

SERVER = """
import asyncio, sys
from chat2audio.http_server import HttpServer
from tests.chat2audio.fakes import TEXT, FakeTextEngine, make_app

port, piece_sec, drain_sec = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
app = make_app(text=FakeTextEngine(TEXT, delay_sec=piece_sec), drain_timeout_sec=drain_sec)
server = HttpServer(app, app.state.kitchen, host="127.0.0.1", port=port)
asyncio.run(server.serve())
sys.exit(7 if server.was_forced else 0)
"""
ASK = {"input": "你好", "seed": 3}


@dataclass
class Running:
    url: str
    process: Process
    client: httpx.AsyncClient

    async def chat(self, accept: str = "*/*") -> httpx.Response:
        return await self.client.post(f"{self.url}/chat2audio", json=ASK, headers={"Accept": accept})

    def stream(self, accept: str) -> AbstractAsyncContextManager[httpx.Response]:
        return self.client.stream("POST", f"{self.url}/chat2audio", json=ASK, headers={"Accept": accept})

    async def is_replying(self, number: int = 1) -> None:
        while (await self.client.get(f"{self.url}/readyz")).json()["running"] < number:
            await asyncio.sleep(0.01)

    async def exit_code(self) -> int:
        return await asyncio.wait_for(self.process.wait(), 10)


@asynccontextmanager
async def running(*, piece_sec: float, drain_sec: float) -> AsyncIterator[Running]:
    port = free_port()
    arguments = ("-c", SERVER, str(port), str(piece_sec), str(drain_sec))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments)
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            server = Running(f"http://127.0.0.1:{port}", process, client)
            for _ in range(3000):
                assert process.returncode is None, "the server ended at once"
                try:
                    await client.get(f"{server.url}/healthz")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.01)
            yield server
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_running_replies_end_well_and_new_ones_are_refused() -> None:
    async with running(piece_sec=0.05, drain_sec=20) as server:
        replies = [asyncio.create_task(server.chat(accept)) for accept in ("*/*", "audio/wav")]
        await server.is_replying(2)
        server.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.05)
        ready = await server.client.get(f"{server.url}/readyz")
        alive = await server.client.get(f"{server.url}/healthz")
        refused = await server.chat()
        events, audio = await asyncio.gather(*replies)
        code = await server.exit_code()
    assert (ready.status_code, alive.status_code) == (503, 200)
    assert "the server is shutting down" in ready.json()["reasons"]
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "shutting_down")
    assert parse_events(events.text)[-1][0] == "done"
    assert len(audio.content) > 1000
    assert code == 0


async def test_replies_that_take_too_long_are_told_so() -> None:
    async with running(piece_sec=0.2, drain_sec=0.3) as server:
        # Both have begun: their headers are here.
        async with server.stream("*/*") as words, server.stream("audio/wav") as audio:
            server.process.send_signal(signal.SIGTERM)
            events = parse_events((await words.aread()).decode())
            with pytest.raises(httpx.RemoteProtocolError):
                await audio.aread()
        code = await server.exit_code()
    assert events[-1][0] == "error"
    assert events[-1][1]["error"]["code"] == "shutting_down"
    assert [name for name, _ in events].count("error") == 1
    assert code == 0


async def test_an_idle_server_ends_at_once() -> None:
    async with running(piece_sec=0, drain_sec=20) as server:
        server.process.send_signal(signal.SIGINT)
        assert await server.exit_code() == 0


async def test_a_second_signal_ends_it_without_waiting() -> None:
    async with running(piece_sec=60, drain_sec=60) as server:
        reply = asyncio.create_task(server.chat("audio/wav"))
        await server.is_replying()
        server.process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.3)
        assert server.process.returncode is None
        before = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert await server.exit_code() == 7
        assert time.monotonic() - before < 8, "far below the 60 s of the drain"
        with pytest.raises(httpx.HTTPError):
            (await reply).raise_for_status()


# -- the drain itself ----------------------------------------------------------------------------------


async def test_a_limited_block_ends_when_the_drain_is_cut_and_no_later_one_begins() -> None:
    drain = Drain(0)
    waiting = asyncio.create_task(wait_in(drain))
    await asyncio.sleep(0.01)
    drain.begin()
    assert not waiting.done(), "beginning alone ends nothing"
    drain.cut()
    with pytest.raises(ShuttingDown):
        await waiting
    with pytest.raises(ShuttingDown):
        await wait_in(drain)


async def test_a_limited_block_ends_at_its_deadline() -> None:
    with pytest.raises(DeadlineExceeded):
        await wait_in(Drain(0), deadline=time.monotonic() + 0.01)
    with pytest.raises(DeadlineExceeded):
        await wait_in(Drain(0), deadline=time.monotonic() - 1)


async def test_a_timeout_of_the_block_itself_stays_one() -> None:
    with pytest.raises(TimeoutError):
        async with Drain(0).limited(None):
            raise TimeoutError


def test_time_is_over_only_after_the_limit() -> None:
    drain = Drain(3600)
    assert not drain.is_draining
    assert drain.seconds_over == -float("inf")
    drain.begin()
    assert drain.is_draining
    assert -3600 <= drain.seconds_over < 0


async def wait_in(drain: Drain, deadline: float | None = None) -> None:
    async with drain.limited(deadline):
        await asyncio.sleep(60)
