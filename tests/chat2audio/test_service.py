"""The service on fakes: two faces of one reply."""

from __future__ import annotations

import asyncio
import base64
import io
import threading
import wave
from typing import Any

import httpx
import numpy as np
import pytest

from chat2audio.service import NUM_ENCODER_THREADS
from speakers.speaker import Speaker
from tests.chat2audio.fakes import (
    RATE,
    FakeCatalog,
    FakeSpeechEngine,
    FakeTextEngine,
    audio_of,
    client_of,
    make_app,
    make_speaker,
    parse_events,
)

ASK = {"input": "你好", "seed": 3}
KEY = "a-key-for-tests"


async def post(app: Any, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    async with client_of(app, headers=headers or {}) as client:
        return await client.post("/chat2audio", json={**ASK, **fields})


def frames_of(wav: bytes) -> tuple[bytes, Any]:
    with wave.open(io.BytesIO(wav)) as file:
        return file.readframes(file.getnframes()), file.getparams()


async def test_the_file_is_the_joined_stream_and_so_is_the_bare_audio() -> None:
    events = parse_events((await post(make_app())).text)
    streamed = await post(make_app(), {"Accept": "audio/wav"})
    file = await post(make_app("file"))
    samples, params = frames_of(file.content)
    assert samples == audio_of(events) == streamed.content[44:]
    assert len(samples) > 1000
    assert (params.nchannels, params.sampwidth, params.framerate) == (1, 2, RATE)
    assert audio_of(parse_events((await post(make_app(), format="wav")).text)) == streamed.content


async def test_the_stream_header_has_placeholder_sizes_and_the_file_exact_ones() -> None:
    streamed = (await post(make_app(), {"Accept": "audio/wav"})).content
    assert streamed[4:8] == streamed[40:44] == b"\xff\xff\xff\xff"
    assert frames_of(streamed)[0] == streamed[44:]
    file = (await post(make_app("file"))).content
    assert int.from_bytes(file[4:8], "little") == len(file) - 8
    assert int.from_bytes(file[40:44], "little") == len(file) - 44


async def test_a_file_says_what_it_is() -> None:
    response = await post(make_app("file"))
    assert response.headers["Content-Type"] == "audio/wav"
    assert int(response.headers["Content-Length"]) == len(response.content)
    assert response.headers["Content-Disposition"] == "attachment; filename=audio.wav"
    assert response.headers["X-Audio-Format"] == "wav"
    assert (response.headers["X-Sample-Rate"], response.headers["X-Channels"]) == (str(RATE), "1")
    assert response.headers["X-Seed"] == "3"
    assert int(response.headers["X-Audio-Ms"]) == (len(response.content) - 44) * 1000 // (2 * RATE)


async def test_a_stream_of_bytes_says_what_it_is() -> None:
    response = await post(make_app(), {"Accept": "audio/*"})
    assert response.headers["Content-Type"] == "audio/wav"
    assert "Content-Length" not in response.headers
    assert response.headers["X-Sample-Rate"] == str(RATE)


@pytest.mark.parametrize(
    ("headers", "fields", "content_type"),
    [
        ({"Accept": "*/*"}, {}, "text/event-stream"),
        ({"Accept": ""}, {}, "text/event-stream"),
        ({"Accept": "text/event-stream"}, {"format": "wav"}, "text/event-stream"),
        ({"Accept": "application/json, text/plain, */*"}, {}, "text/event-stream"),
        ({"Accept": "audio/wav;q=0.1, text/event-stream"}, {}, "text/event-stream"),
        ({"Accept": "audio/x-wav"}, {}, "audio/wav"),
        ({"Accept": "AUDIO/WAV; Q=0.5, */*;q=0.1"}, {}, "audio/wav"),
        ({"Accept": "audio/*"}, {}, "audio/wav"),
        ({"Accept": "audio/mpeg;q=0, audio/wav"}, {}, "audio/wav"),
        ({"Accept": "audio/webm,audio/wav,audio/*;q=0.9,*/*;q=0.5"}, {}, "audio/wav"),
        ({"Accept": "*/*", "Sec-Fetch-Dest": "audio"}, {}, "audio/wav"),
        ({"Accept": "audio/mpeg"}, {"format": "wav"}, "audio/wav"),
        ({"Accept": "audio/wav;q=nonsense;;=,,"}, {}, "audio/wav"),
    ],
)
async def test_the_accept_header_chooses_the_form(headers, fields, content_type) -> None:
    response = await post(make_app(), headers, **fields)
    assert response.status_code == 200
    assert response.headers["Content-Type"].split(";")[0] == content_type


async def test_audio_nobody_offers_is_not_acceptable() -> None:
    response = await post(make_app(), {"Accept": "audio/webm"})
    assert response.status_code == 406
    assert "audio/mpeg" in response.json()["detail"]


@pytest.mark.parametrize("name", ["mp3", "flac", "ogg", "opus", "aac", "pcm"])
async def test_every_format_comes_out_of_every_form(name: str) -> None:
    file = await post(make_app("file"), format=name)
    assert file.headers["X-Audio-Format"] == name
    assert len(file.content) > 500
    events = parse_events((await post(make_app(), format=name)).text)
    streamed = await post(make_app(), {"Accept": "audio/*"}, format=name)
    assert streamed.headers["Content-Type"] == file.headers["Content-Type"]
    assert len(audio_of(events)) == len(streamed.content) > 500
    total_ms = sum(data["duration_ms"] for event, data in events if event == "audio")
    assert total_ms == events[-1][1]["audio_ms"]


async def test_sound_is_compressed_on_threads_that_end_with_the_app() -> None:
    def encoders() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if thread.name.startswith("encoder")}

    before = encoders()
    app = make_app("file")
    async with app.router.lifespan_context(app):
        await post(app)
        assert encoders() <= before, "16-bit samples are copied at once"
        await asyncio.gather(*(post(app, format="mp3") for _ in range(5)))
        assert 0 < len(encoders() - before) <= NUM_ENCODER_THREADS
    assert encoders() <= before


async def test_the_sample_rate_can_be_chosen() -> None:
    wav, params = frames_of((await post(make_app("file"), sample_rate=16000)).content)
    assert params.framerate == 16000
    assert len(wav) == pytest.approx(2 * len(frames_of((await post(make_app("file"))).content)[0]), abs=200)
    meta = parse_events((await post(make_app(), sample_rate="16000")).text)[0][1]
    assert meta["sample_rate"] == 16000


async def test_get_does_the_same() -> None:
    async with client_of(make_app()) as client:
        response = await client.get(
            "/chat2audio", params={"input": "你好", "seed": "3", "speaker": "Qinglan"}
        )
        assert audio_of(parse_events(response.text)) == audio_of(parse_events((await post(make_app())).text))


@pytest.mark.parametrize("face", ["stream", "file"])
async def test_an_unknown_speaker_is_404_and_the_known_ones_are_named(face: str) -> None:
    response = await post(make_app(face), speaker="<script>")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "unknown_speaker"
    assert "Qinglan, Wren" in response.json()["detail"]
    assert "script" not in response.text


async def test_an_emotion_is_another_recording() -> None:
    class Listening(FakeSpeechEngine):
        async def voice(self, speaker: Speaker) -> Any:
            heard.append(f"{speaker.ref_audio.name} {speaker.ref_text}")
            return await super().voice(speaker)

    heard: list[str] = []
    catalog = FakeCatalog()
    emotions = {"happy": {"ref_audio": "happy.wav", "ref_text": "哈"}}
    catalog._speakers["mira"] = make_speaker("Mira", emotions=emotions)
    app = make_app(speech=Listening(), catalog=catalog)
    for emotion in ("happy", None, "default"):
        assert (await post(app, speaker="Mira", emotion=emotion)).status_code == 200
    assert heard == ["happy.wav 哈", "c.wav ", "c.wav "]
    response = await post(app, speaker="Mira", emotion="<b>sad")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "unknown_emotion")
    assert response.json()["error"]["param"] == "emotion"
    assert "default, happy" in response.json()["detail"]
    assert "sad" not in response.text


@pytest.mark.parametrize("face", ["stream", "file"])
async def test_a_voice_of_no_use_is_told_before_anything_is_computed(face: str, caplog) -> None:
    app = make_app(face)
    response = await post(app, speaker="Broken")
    assert response.status_code == 409
    assert response.json()["error"]["code"] == "bad_voice"
    assert "secret" not in response.text
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "/secret/path/broken.ckpt: no such file"
    ], "the file and the reason are for the log"
    assert app.state.kitchen.text_engine.calls == []


@pytest.mark.parametrize("text", ["", "……", "（微笑）", "😀🎉"])
async def test_nothing_to_say_is_not_an_error(text: str) -> None:
    events = parse_events((await post(make_app(text=FakeTextEngine(text)))).text)
    assert events[-1][0] == "done"
    assert events[-1][1]["audio_ms"] == 0
    file = await post(make_app("file", text=FakeTextEngine(text)))
    assert file.status_code == 200
    assert frames_of(file.content)[0] == b""


async def test_the_persona_the_prompt_and_the_history_reach_the_writer(tmp_path) -> None:
    (tmp_path / "Mira.md").write_text('+++\nname = "Mira"\n+++\nYou are Mira of the canals.\n')
    catalog = FakeCatalog()
    catalog._speakers["mira"] = make_speaker("Mira", persona="Mira.md", lora="Mira")
    catalog._speakers["lost"] = make_speaker("Lost", persona="Lost.md")
    text = FakeTextEngine("好。")
    app = make_app(text=text, catalog=catalog, prompts_dir=tmp_path)
    history = [{"role": "user", "content": "earlier"}, {"role": "assistant", "content": "answer"}]
    await post(app, speaker="Mira", history=history)
    await post(app, speaker="Mira", prompt="You are a gull.")
    (tmp_path / "Mira.md").write_text('+++\nname = "Mira"\n+++\nYou are Mira, who has left the canals.\n')
    await post(app, speaker="Mira")
    await post(app, speaker="Wren")
    first, second, third, fourth = (
        "\n".join(f"{message.role}: {message.content}" for message in call["messages"]) for call in text.calls
    )
    assert "Mira of the canals" in first
    assert first.endswith("user: earlier\nassistant: answer\nuser: 你好")
    assert "gull" in second
    assert "canals" not in second
    assert "has left" in third, "the file is read again when it changed"
    assert "Wren" in fourth, "a speaker without a persona is at least told its name"
    assert text.calls[0]["adapter"] == "Mira"
    broken = await post(app, speaker="Lost")
    assert (broken.status_code, broken.json()["error"]["code"]) == (409, "bad_persona")
    assert str(tmp_path) not in broken.text


async def test_base64_needs_no_padding_in_the_middle() -> None:
    events = parse_events((await post(make_app())).text)
    for name, data in events:
        if name == "audio":
            assert base64.b64encode(base64.b64decode(data["audio"])).decode() == data["audio"]


async def test_samples_are_16_bit_and_whole() -> None:
    response = await post(make_app(), {"Accept": "audio/pcm"})
    assert len(np.frombuffer(response.content, "<i2")) % 400 == 0
