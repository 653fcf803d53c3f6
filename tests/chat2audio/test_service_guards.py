"""Who may come in, and what else the service answers: keys, limits, places, probes, the page, the log."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from typing import Any

import httpx
import pytest

from chat2audio.reply import _sentence_seed
from tests.chat2audio.fakes import (
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
KEY = "a-key-for-tests"


async def post(app: Any, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    async with client_of(app, headers=headers or {}) as client:
        return await client.post("/chat2audio", json={**ASK, **fields})


@pytest.mark.parametrize(
    "header",
    ["", "Bearer ", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x", "Bearer \xff", f"Bearer x {KEY}"],
)
@pytest.mark.parametrize("path", ["/chat2audio", "/speakers"])
async def test_without_the_key_nobody_comes_in(header: str, path: str) -> None:
    app = make_app(api_keys=[KEY])
    async with client_of(app) as client:
        response = await client.get(
            path, params={"input": "hi"}, headers={"Authorization": header.encode("latin-1")}
        )
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.json()["error"]["type"] == "authentication_error"
    assert KEY not in response.text


@pytest.mark.parametrize("configured", [KEY, "sha256:" + hashlib.sha256(KEY.encode()).hexdigest()])
async def test_with_the_key_one_comes_in(configured: str) -> None:
    app = make_app(api_keys=["another-key", configured])
    assert (await post(app, {"Authorization": f"bearer {KEY}"})).status_code == 200
    async with client_of(app) as client:
        for path in ("/", "/healthz", "/readyz"):
            assert (await client.get(path)).status_code == 200, "page and probes need no key"


@pytest.mark.parametrize("header", ["Bearer ", "Bearer not-needed", "anything"])
async def test_without_configured_keys_any_header_is_fine(header: str) -> None:
    assert (await post(make_app(), {"Authorization": header})).status_code == 200


async def test_bodies_are_bounded_while_they_are_read() -> None:
    read = 0

    async def endless():
        nonlocal read
        while True:
            read += 1000
            yield b" " * 1000

    app = make_app(max_body_bytes=10000)
    async with client_of(app) as client:
        streamed = await client.post("/chat2audio", content=endless())
        declared = await client.post("/chat2audio", content=b" " * 10001)
        lying = await client.post("/chat2audio", content=b"{}", headers={"Content-Length": "9" * 5000})
        odd = await client.post("/chat2audio", content=b'{"input":"a"}', headers={"Content-Length": b"\xb2"})
        query = await client.get("/chat2audio", params={"input": "x" * 10001})
    assert streamed.status_code == declared.status_code == lying.status_code == 413
    assert query.status_code == 414
    assert odd.status_code == 200
    assert "10000 bytes" in streamed.json()["detail"]
    assert read <= 12000


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", "", "nonsense"]
)
async def test_a_json_body_counts_whatever_it_calls_itself(content_type: str) -> None:
    async with client_of(make_app()) as client:
        response = await client.post(
            "/chat2audio", content=b'{"input":"hi"}', headers={"Content-Type": content_type}
        )
    assert response.status_code == 200


async def test_too_many_are_refused_and_told_when_to_return() -> None:
    app = make_app(text=FakeTextEngine(delay_sec=0.005), max_concurrent=2, max_waiting=3)
    responses = await asyncio.gather(*(post(app) for _ in range(12)))
    refused = [response for response in responses if response.status_code != 200]
    assert len(refused) == 7
    for response in refused:
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "overloaded"
        assert int(response.headers["Retry-After"]) > 0
    assert len({audio_of(parse_events(r.text)) for r in responses if r.status_code == 200}) == 1
    admission = app.state.kitchen.admission
    assert (admission.num_running, admission.num_waiting, admission.is_full) == (0, 0, False)
    assert (await post(app)).status_code == 200


async def test_two_speakers_at_once_never_swap_voices() -> None:
    speech = FakeSpeechEngine(delay_sec=0.001)
    app = make_app(text=FakeTextEngine("你好。"), speech=speech, max_concurrent=8)
    names = ["Qinglan", "Wren"] * 8
    responses = await asyncio.gather(*(post(app, speaker=name) for name in names))
    for name, response in zip(names, responses, strict=True):
        expected = to_pcm16(speech.samples(name, "你好。", _sentence_seed(3, 0)))
        assert audio_of(parse_events(response.text)) == expected.tobytes()


async def test_a_request_whose_time_runs_out_in_the_queue_is_never_started() -> None:
    text = FakeTextEngine(TEXT * 40, delay_sec=0.01)
    app = make_app(text=text, max_concurrent=1, request_timeout_sec=0.3)
    first = asyncio.create_task(post(app))
    while not text.calls:
        await asyncio.sleep(0.005)
    second = await post(app)
    assert second.status_code == 504
    assert second.json()["error"]["code"] == "timeout"
    assert len(text.calls) == 1
    first.cancel()


async def test_an_engine_that_hangs_is_left_when_time_is_up(monkeypatch) -> None:
    monkeypatch.setattr("chat2audio.delivery.GRACE_SEC", 0.05)
    app = make_app(text=FakeTextEngine(delay_sec=60), request_timeout_sec=0.05)
    response = await post(app)
    assert response.status_code == 504
    assert app.state.kitchen.text_engine.num_open == 0


async def test_speakers_are_listed() -> None:
    async with client_of(make_app()) as client:
        assert (await client.get("/speakers")).json()[1] == {
            "name": "Wren",
            "language": "zh",
            "description": "",
        }


async def test_readiness_names_every_reason() -> None:
    app = make_app(max_concurrent=1, max_waiting=0)
    kitchen = app.state.kitchen
    async with client_of(app) as client:
        assert (await client.get("/readyz")).json()["ready"] is True
        kitchen.text_engine.is_ready = False
        kitchen.speech_engine.status = lambda: {"heartbeat_age_sec": 99.0}
        async with kitchen.admission.place():
            kitchen.drain.begin()
            response = await client.get("/readyz")
        assert (await client.get("/healthz")).status_code == 200
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    reasons = " ".join(response.json()["reasons"])
    for part in ("shutting down", "text engine is not ready", "speech engine has been silent", "full"):
        assert part in reasons


async def test_a_draining_server_takes_no_new_work() -> None:
    app = make_app()
    app.state.kitchen.drain.begin()
    response = await post(app)
    assert response.status_code == 503
    assert response.json()["error"]["code"] == "shutting_down"


async def test_the_page_and_its_parts_are_served() -> None:
    async with client_of(make_app()) as client:
        page = await client.get("/")
        assert page.headers["Content-Type"].startswith("text/html")
        for name in ("app.js", "style.css"):
            assert name in page.text
            assert (await client.get(f"/{name}")).status_code == 200
        for path in (
            "/nothing",
            "/../chat2audio/service.py",
            "/%2e%2e/pyproject.toml",
            "/%00",
            "/a%00b.js",
            "/" + "x" * 300,
        ):
            response = await client.get(path)
            assert response.status_code in (400, 404)
        assert (await client.get("/nothing")).json()["error"]["code"] == "not_found"
        wrong_method = await client.delete("/chat2audio")
    assert wrong_method.status_code == 405
    assert wrong_method.json()["error"]["code"] == "method_not_allowed"


async def test_other_origins_come_in_only_where_they_are_named() -> None:
    origin = "https://example.org"
    preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    wanted = {**preflight, "Access-Control-Request-Headers": "authorization, content-type"}
    async with client_of(make_app(cors_origins=[origin])) as client:
        assert (await client.options("/chat2audio", headers=wanted)).status_code == 200
        response = await client.post("/chat2audio", json=ASK, headers={"Origin": origin})
        assert response.headers["Access-Control-Allow-Origin"] == origin
        assert "X-Sample-Rate" in response.headers["Access-Control-Expose-Headers"]
        other = await client.post("/chat2audio", json=ASK, headers={"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in other.headers
    async with client_of(make_app()) as client:
        response = await client.post("/chat2audio", json=ASK, headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_the_docs_describe_the_request() -> None:
    async with client_of(make_app()) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    schema = paths["/chat2audio"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["input"]
    assert {"speaker", "history", "seed", "format", "prompt"} <= set(schema["properties"])


async def test_the_log_holds_neither_what_was_said_nor_the_key(caplog) -> None:
    caplog.set_level(logging.DEBUG, "chat2audio")
    canary = "canary4711"
    app = make_app(text=FakeTextEngine(f"{canary}。好。"), api_keys=[f"key-{canary}"])
    headers = {"Authorization": f"Bearer key-{canary}"}
    for speaker in ("Wren", "Nobody", "Broken"):
        await post(app, headers, input=canary, prompt=canary, speaker=speaker)
    await post(app, {"Authorization": f"Bearer {canary}"}, input=canary)
    await post(app, headers, input=canary, seed=canary)
    own = [record for record in caplog.records if record.name.startswith("chat2audio")]
    assert any("ms of sound" in record.getMessage() for record in own)
    assert not any(canary in record.getMessage() for record in own)


async def test_the_event_loop_stays_free_while_replies_are_made() -> None:
    app = make_app(max_concurrent=8)
    longest = 0.0

    async def probe() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - before)

    probing = asyncio.create_task(probe())
    await asyncio.gather(*(post(app, format=name) for name in ("mp3", "flac", "opus", "pcm") * 2))
    probing.cancel()
    assert longest < 0.25, "a loose bound: it catches waiting, not slowness"
