"""A server with a voice of every model version and of both LoRA kinds, on small random models.

    python -m benchmarks.all_versions

24 requests, one after another and then all at once: the rate in the header of each, as many samples (and so
as many semantic tokens) as alone, and how far any sample is from what it was alone.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import httpx
import numpy as np

from benchmarks.service import serve
from chat2audio.encoding import WAV_HEADER_BYTES
from chat2audio.settings import load_settings
from chat2audio.startup import build
from demo.all_versions import SSL_FOLDER, VOICES, write_voices
from tts.versions import VERSIONS

INPUTS = ("你好", "你喜欢什么？", "Who are you?")
RATE_FIELD = slice(24, 28)


@dataclass(frozen=True)
class Wave:
    """What one client received: the rate its header names, and 16-bit samples."""

    rate: int
    pcm: np.ndarray


def settings_of(folder: Path) -> dict[str, str]:
    """The environment of a server that serves this folder's voices."""
    places = {
        "PATHS__SPEAKERS_DIR": folder,
        "PATHS__MODELS_DIR": folder,
        "TTS__PRETRAINED_DIR": folder,
        "TTS__SSL_MODEL": folder / SSL_FOLDER,
    }
    limits = dict.fromkeys(("SERVER__MAX_CONCURRENT", "LLM__MAX_RUNNING", "TTS__MAX_RUNNING"), 24)
    others = {
        "SERVER__DEFAULT_SPEAKER": "v2",
        "SERVER__REQUEST_TIMEOUT_SEC": 3600,
        "LLM__SAMPLING__MAX_NEW_TOKENS": 16,
    }
    return {f"CHAT2AUDIO_{name}": str(value) for name, value in {**places, **limits, **others}.items()}


async def listen(client: httpx.AsyncClient, url: str, name: str, seed: int) -> Wave:
    """Asks one voice and takes in its WAV stream."""
    body = {"input": INPUTS[seed], "speaker": name, "seed": seed}
    response = await client.post(url, json=body, headers={"Accept": "audio/wav"})
    response.raise_for_status()
    data = response.content
    return Wave(int.from_bytes(data[RATE_FIELD], "little"), np.frombuffer(data[WAV_HEADER_BYTES:], "<i2"))


async def measure(folder: Path) -> None:
    """Compares requests at once with the same ones alone."""
    jobs = [(name, seed) for seed in range(len(INPUTS)) for name in VOICES]
    parts = build(load_settings(environ=settings_of(folder)))
    async with serve(parts, "stream") as (url, _), httpx.AsyncClient(timeout=3600) as client:
        start = time.perf_counter()
        alone = [await listen(client, url, *job) for job in jobs]
        alone_sec = time.perf_counter() - start
        start = time.perf_counter()
        together = await asyncio.gather(*(listen(client, url, *job) for job in jobs))
        together_sec = time.perf_counter() - start
    for name, row in VOICES.items():
        pairs = [(a, b) for job, a, b in zip(jobs, alone, together, strict=True) if job[0] == name]
        rates = {wave.rate for pair in pairs for wave in pair}
        lengths = ", ".join(f"{len(b.pcm) / b.rate:.2f}" for _, b in pairs)
        click.echo(
            f"{name:10} {sorted(rates)} Hz ({VERSIONS[row].sample_rate} expected), {lengths} s, "
            f"{sum(len(a.pcm) == len(b.pcm) for a, b in pairs)} of {len(pairs)} as long as alone, "
            f"largest difference {_largest_difference(pairs)} of 32768"
        )
    click.echo(f"{len(jobs)} requests   one by one {alone_sec:.1f} s, at once {together_sec:.1f} s")


def _largest_difference(pairs: list[tuple[Wave, Wave]]) -> int:
    same = [(a.pcm.astype(int), b.pcm.astype(int)) for a, b in pairs if len(a.pcm) == len(b.pcm)]
    return max((int(np.abs(a - b).max(initial=0)) for a, b in same), default=-1)


@click.command()
def main() -> None:
    """Runs the server and prints one line per voice."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_voices(folder)
        asyncio.run(measure(folder))


if __name__ == "__main__":
    main()
