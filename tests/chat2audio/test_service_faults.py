"""Something raises, at every stage and in every form of answer: one clear end, and nothing is left behind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chat2audio import delivery
from llm.errors import PromptTooLong, UnknownAdapter
from runtime.step_loop import DeadlineExceeded, EngineDied, Overloaded
from tests.chat2audio.fakes import (
    RATE,
    TEXT,
    FakeSpeechEngine,
    FakeTextEngine,
    client_of,
    make_app,
    parse_events,
)
from tts.errors import BadVoice, SentenceFailed

ASK = {"input": "你好", "seed": 3}
OOPS = "oops /secret/path"


class BrokenEncoder:
    """Stands for an encoder of the real ones that raises at one of its methods."""

    content_type = "audio/wav"
    sample_rate = RATE

    def __init__(self, broken: str) -> None:
        self.broken = broken

    def encode(self, chunk: Any) -> bytes:
        return self._do("encode")

    def finish(self) -> bytes:
        return self._do("finish")

    def _do(self, name: str) -> bytes:
        if name == self.broken:
            raise RuntimeError(OOPS)
        return b"\x00\x00"


def break_encoder(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    def make(name: str, rate: int, *, streaming: bool) -> Any:
        if method == "make":
            raise RuntimeError(OOPS)
        return BrokenEncoder(method)

    monkeypatch.setattr(delivery, "make_encoder", make)


# stage -> engines with that fault, and whether anything of the reply is out by then
FAULTS: dict[str, tuple[dict[str, Any], bool]] = {
    "text_at_start": ({"text": {"error": RuntimeError(OOPS)}}, False),
    "text_in_the_middle": ({"text": {"error": RuntimeError(OOPS), "error_at": 10}}, True),
    "text_group": ({"text": {"error": ExceptionGroup(OOPS, [RuntimeError(OOPS)]), "error_at": 10}}, True),
    "speech_at_first_sentence": ({"speech": {"error": RuntimeError(OOPS)}}, True),
    "speech_at_later_sentence": ({"speech": {"error": RuntimeError(OOPS), "error_at": 2}}, True),
    "speech_not_finite": ({"speech": {"bad_samples": True}}, True),
    "voice": ({"speech": {"voice_error": RuntimeError(OOPS)}}, False),
    "voice_bad": ({"speech": {"voice_error": BadVoice(OOPS)}}, False),
    "encoder_make": ({}, False),
    "encoder_encode": ({}, True),
    "encoder_finish": ({}, True),
}


# A voice whose files are bad is no fault of the server's: another speaker would have been served.
NO_FAULT = {"voice_bad": (409, "invalid_request_error")}
FAULT = (500, "server_error")


def make_faulty(stage: str, face: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    if stage.startswith("encoder_"):
        break_encoder(monkeypatch, stage.removeprefix("encoder_"))
    engines, _ = FAULTS[stage]
    text, speech = FakeTextEngine(**engines.get("text", {})), FakeSpeechEngine(**engines.get("speech", {}))
    return make_app(face, text=text, speech=speech, max_concurrent=1, max_waiting=0)


async def assert_nothing_is_left(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one place is free again and the next request, without the fault, is served."""
    kitchen = app.state.kitchen
    assert kitchen.admission.is_idle
    assert kitchen.text_engine.num_open == kitchen.speech_engine.num_open == 0
    monkeypatch.undo()
    kitchen.text_engine.error = kitchen.speech_engine.error = kitchen.speech_engine.voice_error = None
    kitchen.speech_engine.bad_samples = False
    async with client_of(app) as client:
        assert (await client.post("/chat2audio", json=ASK)).status_code == 200


@pytest.mark.parametrize("stage", FAULTS)
async def test_a_stream_ends_with_exactly_one_error(stage: str, monkeypatch) -> None:
    app = make_faulty(stage, "stream", monkeypatch)
    async with asyncio.timeout(1), client_of(app) as client:
        response = await client.post("/chat2audio", json=ASK)
    _, is_begun = FAULTS[stage]
    assert "secret" not in response.text
    if is_begun:
        events = parse_events(response.text)
        names = [name for name, _ in events]
        assert names[0] == "meta"
        assert names[-1] == "error"
        assert names.count("error") + names.count("done") == 1
        error = events[-1][1]["error"]
    else:
        assert response.status_code == NO_FAULT.get(stage, FAULT)[0]
        error = response.json()["error"]
    assert set(error) == {"message", "type", "code", "param"}
    assert error["type"] == NO_FAULT.get(stage, FAULT)[1]
    await assert_nothing_is_left(app, monkeypatch)


@pytest.mark.parametrize("stage", FAULTS)
async def test_a_file_is_whole_or_an_http_error(stage: str, monkeypatch) -> None:
    app = make_faulty(stage, "file", monkeypatch)
    async with asyncio.timeout(1), client_of(app) as client:
        response = await client.post("/chat2audio", json=ASK)
    assert (response.status_code, response.json()["error"]["type"]) == NO_FAULT.get(stage, FAULT)
    assert "secret" not in response.text
    await assert_nothing_is_left(app, monkeypatch)


@pytest.mark.parametrize("stage", [name for name, (_, is_begun) in FAULTS.items() if not is_begun])
async def test_bare_audio_that_has_not_begun_is_an_http_error(stage: str, monkeypatch) -> None:
    app = make_faulty(stage, "stream", monkeypatch)
    async with asyncio.timeout(1), client_of(app, headers={"Accept": "audio/wav"}) as client:
        response = await client.post("/chat2audio", json=ASK)
    assert response.status_code == NO_FAULT.get(stage, FAULT)[0]
    assert response.headers["Content-Type"] == "application/json"
    await assert_nothing_is_left(app, monkeypatch)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Overloaded("full"), 503, "overloaded"),
        (EngineDied("gone"), 503, "engine_failed"),
        (DeadlineExceeded("late"), 504, "timeout"),
        (PromptTooLong(9000, 4096), 400, "prompt_too_long"),
        (UnknownAdapter("Mira", ["Wren"]), 409, "adapter_unavailable"),
    ],
)
@pytest.mark.parametrize("face", ["stream", "file"])
async def test_known_errors_before_the_first_byte_have_their_status(face, error, status, code) -> None:
    app = make_app(face, text=FakeTextEngine(error=error))
    async with client_of(app) as client:
        response = await client.post("/chat2audio", json=ASK)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert ("Retry-After" in response.headers) == (status == 503)


async def test_one_unusable_sentence_is_told_and_the_reply_goes_on() -> None:
    fault = {"error": SentenceFailed("values that are no numbers"), "error_at": 1}
    async with client_of(make_app(speech=FakeSpeechEngine(**fault))) as client:
        events = parse_events((await client.post("/chat2audio", json=ASK)).text)
    async with client_of(make_app("file", speech=FakeSpeechEngine(**fault))) as client:
        file = await client.post("/chat2audio", json=ASK)
    errors = [data for name, data in events if name == "sentence_error"]
    assert errors == [{"seq": 1, "message": "values that are no numbers"}]
    assert events[-1][0] == "done"
    assert file.status_code == 200
    assert file.headers["X-Sentence-Errors"] == "1"


class MuteSpeechEngine(FakeSpeechEngine):
    """Fails at every sentence before its first chunk."""

    async def speak(self, text: str, voice: Any, **options: Any):
        raise SentenceFailed("values that are no numbers")
        yield


@pytest.mark.parametrize("face", ["stream", "file"])
async def test_a_reply_without_any_sound_because_all_of_it_failed_is_an_error(face: str) -> None:
    async with client_of(
        make_app(face, speech=MuteSpeechEngine()), headers={"Accept": "audio/wav"}
    ) as client:
        response = await client.post("/chat2audio", json=ASK)
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "speech_failed"


async def test_what_was_said_before_the_error_has_been_heard() -> None:
    app = make_app(text=FakeTextEngine(TEXT * 3, error=RuntimeError(OOPS), error_at=30))
    async with client_of(app) as client:
        events = parse_events((await client.post("/chat2audio", json=ASK)).text)
    assert any(name == "audio" for name, _ in events)
