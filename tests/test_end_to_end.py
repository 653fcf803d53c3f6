"""The whole of it, with the built-in models: language model, splitter, voices, HTTP."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from chat2audio.service import create_app
from chat2audio.settings import load_settings
from chat2audio.startup import Parts, banner, build
from demo.make_acoustic_checkpoint import write_acoustic_model, write_hubert, write_reference
from demo.make_semantic_checkpoint import SMALL_BY_TABLE, make_semantic
from tts.versions import VERSIONS

ROOT = Path(__file__).parents[1]
EXTRA_SPEAKERS = {"Third": ("v1", "Wren"), "Fourth": ("v2", "Qinglan")}
SPEAKERS = ("Qinglan", "Wren", "Third", "Fourth")
LONG = {"input": "做个自我介绍吧", "speaker": "Qinglan"}
LONG_SENTENCES = 5
MAX_PCM_STEPS = 2


@pytest.fixture(scope="session")
def speakers_dir(tmp_path_factory) -> Path:
    """The built-in speakers and two more with weights of their own."""
    folder = tmp_path_factory.mktemp("speakers")
    write_hubert(folder / "ssl")
    for name in ("Qinglan", "Wren"):
        text = (ROOT / "speakers" / f"{name}.toml").read_text(encoding="utf-8")
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    for seed, (name, (version, model)) in enumerate(EXTRA_SPEAKERS.items(), start=50):
        sizes = SMALL_BY_TABLE[VERSIONS[version].symbols]
        make_semantic(folder / f"{name}.ckpt", sizes, seed=seed, eos="likely")
        write_acoustic_model(folder / f"{name}.pth", VERSIONS[version], seed=seed)
        write_reference(folder / f"{name}.wav", seed=seed)
        text = (ROOT / "speakers" / f"{model}.toml").read_text(encoding="utf-8")
        text = re.sub(r'"demo/(?:base|voices/\w+)/\w+(\.\w+)"', lambda m, n=name: f'"{n}{m[1]}"', text)
        text = text.replace('"demo/ssl"', '"ssl"')
        text = re.sub(r'name = "\w+"', f'name = "{name}"', text)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
async def parts(speakers_dir: Path) -> AsyncIterator[Parts]:
    environ = {
        "CHAT2AUDIO_PATHS__SPEAKERS_DIR": str(speakers_dir),
        "CHAT2AUDIO_SERVER__MAX_CONCURRENT": "16",
        "CHAT2AUDIO_LLM__MAX_RUNNING": "16",
        "CHAT2AUDIO_TTS__MAX_RUNNING": "16",
    }
    made = build(load_settings(environ=environ))
    await made.text_engine.start()
    await made.speech_engine.start()
    yield made
    await made.speech_engine.stop()
    await made.text_engine.stop()


def app_of(parts: Parts, face) -> FastAPI:
    return create_app(
        face,
        settings=parts.settings,
        text_engine=parts.text_engine,
        speech_engine=parts.speech_engine,
        catalog=parts.catalog,
        reply_options=parts.reply_options,
    )


async def post(app: FastAPI, body: dict) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=120) as client:
        return await client.post("/chat2audio", json=body)


def events_of(response: httpx.Response) -> list[tuple[str, dict]]:
    found = re.findall(r"event: (\w+)\ndata: (.*)\n", response.text)
    return [(name, json.loads(data)) for name, data in found]


def pcm_of(events: list[tuple[str, dict]]) -> np.ndarray:
    data = b"".join(base64.b64decode(data["audio"]) for name, data in events if name == "audio")
    return np.frombuffer(data, "<i2")


def text_of(events: list[tuple[str, dict]]) -> str:
    return "".join(data["delta"] for name, data in events if name == "text")


async def long_reply(app: FastAPI) -> tuple[int, list[tuple[str, dict]]]:
    """A reply of several sentences and the seed that gives it: not every seed does."""
    for seed in range(12):
        response = await post(app, {**LONG, "seed": seed})
        assert response.status_code == 200
        events = events_of(response)
        if sum(name == "text" for name, _ in events) >= LONG_SENTENCES:
            return seed, events
    pytest.fail("the demo model has no long replies any more")


async def test_a_character_answers_in_words_and_sound_while_it_still_writes(parts) -> None:
    _, events = await long_reply(app_of(parts, "stream"))
    names = [name for name, _ in events]
    assert names[0] == "meta"
    assert names[-1] == "done"
    last_text = max(index for index, name in enumerate(names) if name == "text")
    assert names.index("audio") < last_text, "the first sound comes before the last words"
    assert len(re.findall(r"[一-鿿]", text_of(events))) > 10
    done = events[-1][1]
    assert done["text"] == text_of(events)
    assert done["audio_ms"] == pytest.approx(1000 * len(pcm_of(events)) / 32000, abs=2)
    assert pcm_of(events).std() > 100, "it is not silence"


async def test_the_file_is_the_joined_stream(parts) -> None:
    seed, events = await long_reply(app_of(parts, "stream"))
    stream = pcm_of(events)
    file = await post(app_of(parts, "file"), {**LONG, "seed": seed})
    assert file.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(file.content)) as wav:
        assert (wav.getframerate(), wav.getnchannels()) == (32000, 1)
        samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
    np.testing.assert_array_equal(samples, stream)


async def test_sixteen_streams_over_four_speakers_are_what_each_is_alone(parts) -> None:
    app = app_of(parts, "stream")
    inputs = ("你好", "Who are you?", "做个自我介绍吧", "What do you like?")
    bodies = [
        {"input": text, "speaker": name, "seed": seed}
        for seed, text in enumerate(inputs)
        for name in SPEAKERS
    ]
    alone = [events_of(await post(app, body)) for body in bodies]
    together = await asyncio.gather(*(post(app, body) for body in bodies))
    for body, want, response in zip(bodies, alone, together, strict=True):
        got = events_of(response)
        assert [name for name, _ in got][-1] == "done"
        assert got[0][1]["speaker"] == body["speaker"]
        assert text_of(got) == text_of(want)
        assert len(pcm_of(got)) == len(pcm_of(want)), "as many semantic tokens"
        steps = pcm_of(got).astype(int) - pcm_of(want).astype(int)
        assert np.abs(steps).max(initial=0) <= MAX_PCM_STEPS


def test_the_banner_names_what_is_loaded_and_a_line_to_try() -> None:
    made = build(load_settings(environ={}))
    text = banner(made, "http://127.0.0.1:8000")
    assert "Qinglan, Wren" in text
    assert "curl -N http://127.0.0.1:8000/chat2audio" in text
