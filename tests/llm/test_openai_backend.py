"""The remote engine against a small server on this machine that does as it is told."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from llm.openai_backend import (
    BackendError,
    BackendUnreachable,
    OpenAITextConfig,
    OpenAITextEngine,
    PromptTooLong,
    UnknownAdapter,
)
from llm.pieces import CutShort
from llm.sampling import SamplingParams
from runtime.step_loop import DeadlineExceeded, Overloaded


def chunk(text: str | None = None, **extra: object) -> str:
    delta: dict[str, object] = {} if text is None else {"content": text}
    return "data: " + json.dumps({"choices": [{"delta": delta | extra, "finish_reason": None}]})


END = 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}'
DONE = "data: [DONE]"


class Server:
    """Answers every request with the same status and lines."""

    def __init__(self) -> None:
        self.status = "200 OK"
        self.lines: list[str] = []
        self.pause_sec = 0.0
        self.is_strict = False
        self.requests: list[dict] = []
        self.headers: list[str] = []
        self.num_sent = 0
        self.gone = asyncio.Event()
        self.url = ""

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = next(
            int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-l")
        )
        self.headers.append(head)
        self.requests.append(json.loads(await reader.readexactly(size)))
        status, lines = self.status, self.lines
        if self.is_strict and {"top_k", "repetition_penalty"} & self.requests[-1].keys():
            status, lines = "422 Unprocessable", ['{"error": {"message": "unknown field top_k"}}']
        try:
            writer.write(f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
            for line in lines:
                data = (line + "\n\n").encode()
                writer.write(b"%x\r\n%s\r\n" % (len(data), data))
                await writer.drain()
                self.num_sent += 1
                await asyncio.sleep(self.pause_sec)
                if reader.at_eof():
                    break
            writer.write(b"0\r\n\r\n")
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.gone.set()
            writer.close()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[Server]:
    script = Server()
    listener = await asyncio.start_server(script.answer, "127.0.0.1", 0)
    script.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}/v1"
    yield script
    listener.close()
    await listener.wait_closed()


@pytest_asyncio.fixture
async def connect(server) -> AsyncIterator[Callable[..., Awaitable[OpenAITextEngine]]]:
    engines: list[OpenAITextEngine] = []

    async def make(**settings) -> OpenAITextEngine:
        engine = OpenAITextEngine(OpenAITextConfig(**{"base_url": server.url, "model": "qwen", **settings}))
        await engine.start()
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        await engine.stop()


async def test_text_comes_piece_by_piece_and_only_text(server, connect, chat) -> None:
    server.lines = [
        ": ping",
        chunk(None, role="assistant"),
        chunk(None, reasoning_content="hmm"),
        chunk("你"),
        'data: {"choices": [], "usage": {"total_tokens": 3}}',
        chunk("好"),
        chunk(""),
        END,
        DONE,
    ]
    engine = await connect(api_key="secret")
    assert [piece async for piece in engine.stream(chat("hi"), seed=7)] == ["你", "好"]
    sent = server.requests[0]
    assert sent["messages"] == [{"role": m.role, "content": m.content} for m in chat("hi")]
    assert (sent["model"], sent["seed"], sent["stream"], sent["max_tokens"]) == ("qwen", 7, True, 200)
    assert "Bearer secret" in server.headers[0]
    assert "POST /v1/chat/completions " in server.headers[0]
    assert "secret" not in repr(engine.config) + str(engine.status())


async def test_extra_fields_are_sent_only_when_enabled(server, connect, chat, collect) -> None:
    server.lines, server.is_strict = [chunk("ok"), END], True
    assert await collect(await connect(), chat("hi")) == "ok"
    assert server.requests[-1].keys().isdisjoint({"top_k", "repetition_penalty", "stop"})
    with pytest.raises(BackendError, match="422: unknown field top_k") as caught:
        await collect(await connect(send_extra_fields=True), chat("hi"))
    assert caught.value.status == 422
    assert server.requests[-1]["top_k"] == 20
    await collect(await connect(), chat("hi"), sampling=SamplingParams(top_k=1))
    assert server.requests[-1]["temperature"] == 0, "one candidate means greedy without top_k too"


async def test_adapters_are_models_of_the_server(server, connect, chat, collect) -> None:
    server.lines = [chunk("ok"), END]
    engine = await connect(adapter_models={"warm": "qwen-warm"})
    await collect(engine, chat("hi"), adapter="warm")
    assert server.requests[-1]["model"] == "qwen-warm"
    with pytest.raises(UnknownAdapter, match="known adapters: warm"):
        await collect(engine, chat("hi"), adapter="cold")


async def test_stop_texts_hold_even_where_the_server_ignores_them(server, connect, chat, collect) -> None:
    server.lines = [chunk("well\nUs"), chunk("er: more"), END]
    stops = ("\nUser:", "a", "b", "c", "d")
    reply = await collect(await connect(), chat("hi"), sampling=SamplingParams(stop=stops))
    assert reply == "well"
    assert server.requests[-1]["stop"] == list(stops[:4])
    server.lines = [chunk("well\nUs"), END]
    assert await collect(await connect(), chat("hi"), sampling=SamplingParams(stop=stops)) == "well\nUs"


@pytest.mark.parametrize(("reason", "is_cut_short"), [("length", True), ("stop", False), ("other", False)])
async def test_a_reply_that_met_its_limit_says_so(server, connect, chat, reason, is_cut_short) -> None:
    server.lines = [chunk("well\nUs"), END.replace("stop", reason), DONE]
    engine = await connect()
    sampling = SamplingParams(stop=("\nUser:",))
    pieces = [piece async for piece in engine.stream(chat("hi"), sampling=sampling)]
    assert pieces == ["well", "\nUs"]
    assert [isinstance(piece, CutShort) for piece in pieces] == [False, is_cut_short]


async def test_closing_the_stream_closes_the_connection(server, connect, chat) -> None:
    server.lines, server.pause_sec = [chunk("x")] * 10_000, 0.01
    engine = await connect()
    stream = engine.stream(chat("hi"))
    assert await anext(stream) == "x"
    await stream.aclose()
    await asyncio.wait_for(server.gone.wait(), 5)
    assert server.num_sent < 1000
    assert engine.status()["num_running"] == 0
    server.lines, server.pause_sec = [chunk("next"), END], 0
    assert [piece async for piece in engine.stream(chat("hi"))] == ["next"]


@pytest.mark.parametrize(
    ("status", "body", "error", "reason"),
    [
        ("500 Oops", "<html>", BackendError, "answered 500: <html>"),
        ("404 Not Found", '{"error": {"message": "no model qwen"}}', BackendError, "404: no model qwen"),
        ("400 Bad", '{"error": {"message": "maximum context length is 9"}}', PromptTooLong, "context length"),
        ("429 Slow Down", '{"detail": "queue full"}', Overloaded, "queue full"),
        ("503 Busy", "", Overloaded, "full"),
    ],
)
async def test_refusals_are_typed(server, connect, chat, collect, status, body, error, reason) -> None:
    server.status, server.lines = status, [body]
    engine = await connect()
    with pytest.raises(error, match=reason):
        await collect(engine, chat("hi"))
    assert engine.status()["num_running"] == 0


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([chunk("half")], "before it was complete"),
        ([chunk("half"), 'data: {"error": {"message": "CUDA"}}'], "failed: CUDA"),
        (["data: {"], "no JSON"),
        (["data: []"], "no object"),
        (['data: {"choices": 7}'], "no chat chunk"),
        (['data: {"choices": [7]}'], "no chat chunk"),
        (['data: {"choices": [{"delta": {"content": ["x"]}}]}'], "no chat chunk"),
    ],
)
async def test_a_reply_that_is_not_whole_is_an_error(server, connect, chat, collect, lines, reason) -> None:
    server.lines = lines
    with pytest.raises(BackendError, match=reason):
        await collect(await connect(), chat("hi"))


async def test_a_server_that_is_not_there_is_named(connect, chat, collect) -> None:
    engine = await connect(base_url="http://127.0.0.1:9")
    with pytest.raises(BackendUnreachable, match=r"no text server at http://127\.0\.0\.1:9"):
        await collect(engine, chat("hi"))
    assert "ConnectError" in engine.status()["last_error"]
    with pytest.raises(ValueError, match="http://"):
        OpenAITextConfig("localhost:8000", "qwen")


async def test_deadline_overload_and_stop(server, connect, chat, collect) -> None:
    server.lines, server.pause_sec = [chunk("x")] * 1000, 0.01
    engine = await connect(max_running=1)
    stream = engine.stream(chat("hi"))
    await anext(stream)
    with pytest.raises(Overloaded):
        await collect(engine, chat("hi"))
    await stream.aclose()
    with pytest.raises(DeadlineExceeded):
        await collect(engine, chat("hi"), deadline=time.monotonic() + 0.05)
    await engine.stop()
    assert not engine.is_ready
    with pytest.raises(BackendUnreachable, match="not been started"):
        await collect(engine, chat("hi"))
