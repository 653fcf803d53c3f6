"""Engines without models, and everything else it takes to run the service in a test."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI

from chat2audio.http_server import HttpServer
from chat2audio.service import create_app
from chat2audio.settings import Settings
from llm.pieces import CutShort
from speakers.catalog import UnknownSpeaker
from speakers.speaker import Speaker
from tts.audio import AudioChunk
from tts.errors import BadVoice

RATE = 8000
SAMPLES_PER_CHAR = 400
TEXT = "你好，旅行者。今天的风很舒服（微笑），我们一起去海边走走吧！“好呀”他说。然后没有标点的结尾"


class FakeTextEngine:
    """Says `text` in pieces of three characters, `delay_sec` apart.

    Args:
        error: raised in place of piece number `error_at`; "start" means before anything else.
        is_cut_short: ends as at a limit of tokens.
    """

    def __init__(
        self,
        text: str = TEXT,
        *,
        delay_sec: float = 0.0,
        error: BaseException | None = None,
        error_at: int = 0,
        is_cut_short: bool = False,
    ) -> None:
        self.text, self.delay_sec, self.error, self.error_at = text, delay_sec, error, error_at
        self.is_cut_short = is_cut_short
        self.is_ready = False
        self.num_open = 0
        self.num_pieces = 0
        self.calls: list[dict[str, Any]] = []

    async def start(self) -> None:
        self.is_ready = True

    async def stop(self) -> None:
        self.is_ready = False

    def status(self) -> dict[str, Any]:
        return {"heartbeat_age_sec": 0.0}

    async def stream(self, messages: Any, **options: Any) -> AsyncGenerator[str, None]:
        self.calls.append({"messages": messages, **options})
        self.num_open += 1
        try:
            for number, start in enumerate(range(0, len(self.text), 3)):
                if self.error is not None and number == self.error_at:
                    raise self.error
                await asyncio.sleep(self.delay_sec)
                self.num_pieces += 1
                yield self.text[start : start + 3]
            if self.is_cut_short:
                yield CutShort()
        finally:
            self.num_open -= 1


class FakeSpeechEngine:
    """Speaks noise that depends on speaker, text and seed, in chunks of a tenth of a second.

    Args:
        error: raised after the first chunk of sentence number `error_at`.
        voice_error: raised instead of making a voice.
    """

    def __init__(
        self,
        *,
        delay_sec: float = 0.0,
        rate: int = RATE,
        chunk_sec: float = 0.1,
        error: BaseException | None = None,
        error_at: int = 0,
        voice_error: BaseException | None = None,
        bad_samples: bool = False,
    ) -> None:
        self.delay_sec, self.rate, self.chunk_sec = delay_sec, rate, chunk_sec
        self.error, self.error_at, self.voice_error = error, error_at, voice_error
        self.bad_samples = bad_samples
        self.is_ready = False
        self.num_open = 0
        self.num_chunks = 0
        self.voice_calls: list[str] = []

    async def start(self) -> None:
        self.is_ready = True

    async def stop(self) -> None:
        self.is_ready = False

    def status(self) -> dict[str, Any]:
        return {"heartbeat_age_sec": 0.0}

    async def voice(self, speaker: Speaker) -> Any:
        self.voice_calls.append(speaker.name)
        await asyncio.sleep(self.delay_sec)
        if self.voice_error is not None:
            raise self.voice_error
        if speaker.name == "Broken":
            raise BadVoice("/secret/path/broken.ckpt: no such file")
        return SimpleNamespace(name=speaker.name, sample_rate=self.rate)

    async def speak(
        self, text: str, voice: Any, *, seed: int, sentence_index: int = 0, deadline: float | None = None
    ) -> AsyncGenerator[AudioChunk, None]:
        self.num_open += 1
        try:
            samples = self.samples(voice.name, text, seed)
            step = int(self.chunk_sec * self.rate)
            for start in range(0, len(samples), step):
                await asyncio.sleep(self.delay_sec)
                if start and self.error is not None and sentence_index == self.error_at:
                    raise self.error
                self.num_chunks += 1
                yield AudioChunk(samples[start : start + step], self.rate, sentence_index)
        finally:
            self.num_open -= 1

    def samples(self, speaker: str, text: str, seed: int) -> np.ndarray:
        """What `speak` says: float32 (SAMPLES_PER_CHAR * characters,)."""
        if self.bad_samples:
            return np.full(SAMPLES_PER_CHAR * len(text), np.nan, np.float32)
        digest = hashlib.sha256(f"{speaker}|{text}|{seed}".encode()).digest()
        rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        return rng.uniform(-0.5, 0.5, SAMPLES_PER_CHAR * len(text)).astype(np.float32)


class FakeCatalog:
    """Three speakers, two of them usable."""

    def __init__(self, names: tuple[str, ...] = ("Qinglan", "Wren", "Broken")) -> None:
        self._speakers = {name.lower(): make_speaker(name) for name in names}

    def get(self, name: str) -> Speaker:
        try:
            return self._speakers[name.lower()]
        except KeyError:
            raise UnknownSpeaker(f"unknown speaker {name!r}; known: ...") from None

    def names(self) -> list[str]:
        return [speaker.name for speaker in self._speakers.values()]

    def describe(self) -> list[dict[str, str]]:
        return [{"name": name, "language": "zh", "description": ""} for name in self.names()]

    def problems(self) -> dict[str, str]:
        return {}


def make_speaker(name: str, **extra: Any) -> Speaker:
    data = {
        "gpt_model": "a.ckpt",
        "sovits_model": "b.pth",
        "ref_audio": "c.wav",
        "ref_language": "zh",
        "target_language": "zh",
        **extra,
    }
    return Speaker.from_dict(data, name=name)


def make_app(
    face: str = "stream",
    text: Any = None,
    speech: Any = None,
    catalog: Any = None,
    prompts_dir: Any = "prompts",
    **server: Any,
) -> FastAPI:
    """An app on fakes; `server` are settings of `[server]`. The fakes count as started."""
    text, speech = text or FakeTextEngine(), speech or FakeSpeechEngine()
    text.is_ready = speech.is_ready = True
    return create_app(
        face,  # type: ignore[arg-type]
        settings=Settings.model_validate({"server": server, "paths": {"prompts_dir": prompts_dir}}),
        text_engine=text,
        speech_engine=speech,
        catalog=catalog or FakeCatalog(),  # type: ignore[arg-type]
    )


def client_of(app: FastAPI, **options: Any) -> httpx.AsyncClient:
    """A client that calls the app without a network. Its answers come whole."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test", **options)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serves the app on a port of this machine, on this event loop; gives the URL."""
    port = free_port()
    server = HttpServer(app, app.state.kitchen, host="127.0.0.1", port=port)
    serving = asyncio.create_task(server.serve(), name="test server")
    try:
        while not server.started:
            assert not serving.done(), "the server ended at once"
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(serving, 10)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def parse_events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events -> (name, data), read as simple clients do: a block ends with an empty line."""
    events = []
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            fields = dict(line.split(": ", 1) for line in lines)
            events.append((fields["event"], json.loads(fields["data"])))
    return events


def audio_of(events: list[tuple[str, Any]]) -> bytes:
    """The decoded `audio` fields, joined."""
    return b"".join(base64.b64decode(data["audio"]) for name, data in events if name == "audio")
