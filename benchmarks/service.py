"""The server under its own weight, with the built-in models, over loopback.

python -m benchmarks.service concurrency    # 16 streams at once: speed, and whether anybody changed
python -m benchmarks.service disconnects    # 200 clients that leave: what is left behind
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import httpx
import numpy as np

from chat2audio.http_server import HttpServer
from chat2audio.service import Face, create_app
from chat2audio.settings import load_settings
from chat2audio.startup import Parts, build

NUM_STREAMS = 16
INPUTS = ("做个自我介绍吧", "Tell me a story.", "你喜欢什么？", "What do you do?")
ENVIRON = {f"CHAT2AUDIO_{section}": str(NUM_STREAMS) for section in ("LLM__MAX_RUNNING", "TTS__MAX_RUNNING")}


@dataclass(frozen=True)
class Heard:
    """What one client received: words, 16-bit samples, seconds to the first sound and to the end."""

    text: str
    pcm: np.ndarray
    first_sec: float
    total_sec: float


def make_parts() -> Parts:
    return build(load_settings(environ={**ENVIRON, "CHAT2AUDIO_SERVER__MAX_CONCURRENT": str(NUM_STREAMS)}))


@asynccontextmanager
async def serve(parts: Parts, face: Face) -> AsyncIterator[tuple[str, Any]]:
    """Serves one face on a free port of this machine; gives its URL and what its turns share."""
    app = create_app(
        face,
        settings=parts.settings,
        text_engine=parts.text_engine,
        speech_engine=parts.speech_engine,
        catalog=parts.catalog,
        reply_options=parts.reply_options,
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = HttpServer(app, app.state.kitchen, host="127.0.0.1", port=port)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.05)
    try:
        yield f"http://127.0.0.1:{port}/chat2audio", app.state.kitchen
    finally:
        server.should_exit = True
        await serving


async def listen(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> Heard:
    """Sends one request and takes in all of its events."""
    start = time.perf_counter()
    first_sec, text, pcm, name = 0.0, [], bytearray(), ""
    async with client.stream("POST", url, json=body) as response:
        response.raise_for_status()
        async for line in response.aiter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                if name == "text":
                    text.append(data["delta"])
                if name == "audio":
                    first_sec = first_sec or time.perf_counter() - start
                    pcm += base64.b64decode(data["audio"])
                if name == "error":
                    raise click.ClickException(f"{body}: {data}")
    return Heard("".join(text), np.frombuffer(bytes(pcm), "<i2"), first_sec, time.perf_counter() - start)


async def measure_concurrency() -> None:
    """Compares 16 streams at once with the same 16 one after another."""
    parts = make_parts()
    names = parts.catalog.names()
    bodies = [
        {"input": INPUTS[seed % len(INPUTS)], "speaker": names[seed % len(names)], "seed": seed}
        for seed in range(NUM_STREAMS)
    ]
    async with serve(parts, "stream") as (url, _), httpx.AsyncClient(timeout=300) as client:
        for name in names:
            await listen(client, url, {"input": "hi", "speaker": name})
        start = time.perf_counter()
        alone = [await listen(client, url, body) for body in bodies]
        alone_sec = time.perf_counter() - start
        start = time.perf_counter()
        together = await asyncio.gather(*(listen(client, url, body) for body in bodies))
        together_sec = time.perf_counter() - start
    sound_sec = sum(len(heard.pcm) for heard in alone) / 32000
    pairs = list(zip(alone, together, strict=True))
    num_same_text = sum(a.text == b.text for a, b in pairs)
    num_same_length = sum(len(a.pcm) == len(b.pcm) for a, b in pairs)
    same = [(a.pcm.astype(int), b.pcm.astype(int)) for a, b in pairs if len(a.pcm) == len(b.pcm)]
    largest = max((int(np.abs(a - b).max(initial=0)) for a, b in same), default=-1)
    num_equal = sum(bool((a == b).all()) for a, b in same)
    first = sorted(heard.first_sec for heard in together)
    click.echo(f"sound            {sound_sec:.1f} s in all, {len(names)} characters")
    click.echo(f"one by one       {alone_sec:.1f} s, real-time factor {alone_sec / sound_sec:.2f}")
    click.echo(
        f"16 at once       {together_sec:.1f} s, {alone_sec / together_sec:.2f} x as fast; "
        f"first sound after {first[len(first) // 2]:.2f} s (median), {first[-1]:.2f} s (last)"
    )
    click.echo(
        f"alone            first sound after {np.median([heard.first_sec for heard in alone]):.2f} s (median)"
    )
    click.echo(
        f"same as alone    text {num_same_text}, length {num_same_length}, bit-equal {num_equal} "
        f"of {NUM_STREAMS}; largest difference {largest} of 32768"
    )


async def leave_somewhere(url: str, face: Face, rng: random.Random) -> None:
    """Sends a request and hangs up at a random point, from before the answer to well into it."""
    body = {"input": rng.choice(INPUTS), "seed": rng.randrange(1000)}
    timeout = httpx.Timeout(60)
    async with httpx.AsyncClient(timeout=timeout) as client:

        async def stay() -> None:
            async with client.stream("POST", url, json=body) as response:
                async for _ in response.aiter_bytes():
                    pass

        try:
            await asyncio.wait_for(stay(), rng.uniform(0.0, 1.2 if face == "stream" else 1.0))
        except TimeoutError:
            return


def state(kitchen: Any) -> dict[str, int]:
    """What must be back to where it was when everybody has gone."""
    admission = kitchen.admission
    return {
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "file descriptors": len(list(Path("/proc/self/fd").iterdir())),
        "places taken": admission.num_running + admission.num_waiting,
        "text rows": kitchen.text_engine.status()["num_running"],
        "speech rows": kitchen.speech_engine.status()["running"],
    }


async def settle(is_quiet: Callable[[], bool]) -> None:
    for _ in range(400):
        if is_quiet():
            return
        await asyncio.sleep(0.025)


async def measure_disconnects(num: int) -> None:
    """Lets clients leave both faces and compares before with after."""
    rng = random.Random(1)
    parts = make_parts()
    for face in ("stream", "file"):
        async with serve(parts, face) as (url, kitchen):
            for _ in range(8):
                await leave_somewhere(url, face, rng)
            await settle(lambda k=kitchen: not any(list(state(k).values())[3:]))
            before = state(kitchen)
            overrun = []
            for _ in range(num // 2):
                await leave_somewhere(url, face, rng)
                await asyncio.sleep(0.02)  # the server's side of the hang-up
                text, speech = parts.text_engine.status()["num_steps"], parts.speech_engine.status()["steps"]
                await settle(lambda k=kitchen: k.admission.is_idle)
                await asyncio.sleep(0.05)
                overrun.append(
                    parts.text_engine.status()["num_steps"]
                    - text
                    + parts.speech_engine.status()["steps"]
                    - speech
                )
            await settle(lambda k=kitchen, b=before: state(k) == b)
            click.echo(f"{face}: {num // 2} clients left; steps begun after that: at most {max(overrun)}")
            for key, value in state(kitchen).items():
                click.echo(f"  {key:<17} {before[key]} -> {value}")
        parts = make_parts()


@click.group()
def main() -> None:
    """Measures the server with the built-in models."""


@main.command()
def concurrency() -> None:
    """Compares 16 streams at once with the same 16 one after another."""
    asyncio.run(measure_concurrency())


@main.command()
@click.option("--num", default=200, show_default=True, help="Clients, half of them on each face.")
def disconnects(num: int) -> None:
    """Lets clients leave both faces and compares before with after."""
    asyncio.run(measure_disconnects(num))


if __name__ == "__main__":
    main()
