"""The bank on voices that are only weights: one load each, a budget in bytes, nobody ends another's load."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from torch import nn

from runtime.workers import Workers
from speakers.speaker import Reference, Speaker
from tts.errors import BadVoice
from tts.voice_bank import VoiceBank

WEIGHT_BYTES = 4 * (10 * 10 + 10)


def make_speaker(folder: Path, name: str) -> Speaker:
    for file in ("s1.ckpt", "s2.pth", "ref.wav"):
        (folder / f"{name}-{file}").write_bytes(b"x")
    return Speaker.from_dict(
        {
            "gpt_model": f"{name}-s1.ckpt",
            "sovits_model": f"{name}-s2.pth",
            "ref_audio": f"{name}-ref.wav",
            "ref_language": "zh",
            "target_language": "zh",
        },
        name=name,
        folder=folder,
    )


class Loader:
    """Counts loads; every voice owns two modules of `WEIGHT_BYTES`."""

    def __init__(self) -> None:
        self.loads: Counter[str] = Counter()
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, speaker: Speaker) -> Any:
        self.gate.wait(5)
        self.loads[speaker.name] += 1
        if speaker.name == "broken":
            raise BadVoice("speaker broken: of no use")
        return SimpleNamespace(
            speaker=speaker,
            semantic=nn.Linear(10, 10),
            decoder=SimpleNamespace(modules=(nn.Linear(10, 10),)),
            reference=SimpleNamespace(bert=np.zeros(0, np.float32)),
        )


@pytest.fixture
def loader() -> Loader:
    return Loader()


@pytest.fixture
def workers() -> Iterator[Workers]:
    pool = Workers("test", 2)
    yield pool
    pool.stop()


async def test_a_voice_is_loaded_once_however_many_ask_at_once(tmp_path, loader, workers) -> None:
    bank = VoiceBank(loader, workers, budget_bytes=1 << 20)
    speaker = make_speaker(tmp_path, "a")
    voices = await asyncio.gather(*(bank.get(speaker) for _ in range(20)))
    assert loader.loads == {"a": 1}
    assert len(set(map(id, voices))) == 1
    assert await bank.get(make_speaker(tmp_path, "a")) is not None


async def test_the_least_recently_used_leave_when_the_budget_is_spent(tmp_path, loader, workers) -> None:
    bank = VoiceBank(loader, workers, budget_bytes=4 * WEIGHT_BYTES)
    a, b, c = (make_speaker(tmp_path, name) for name in "abc")
    await bank.get(a)
    await bank.get(b)
    assert bank.num_bytes == 4 * WEIGHT_BYTES
    await bank.get(a)
    await bank.get(c)
    assert bank.names() == ["a", "c"]
    await bank.get(b)
    assert loader.loads == {"a": 1, "b": 2, "c": 1}
    assert bank.num_bytes == 4 * WEIGHT_BYTES


async def test_one_voice_above_the_budget_is_kept(tmp_path, loader, workers) -> None:
    bank = VoiceBank(loader, workers, budget_bytes=1)
    await bank.get(make_speaker(tmp_path, "a"))
    assert bank.names() == ["a"]


async def test_a_changed_file_makes_another_voice(tmp_path, loader, workers) -> None:
    bank = VoiceBank(loader, workers, budget_bytes=1 << 20)
    speaker = make_speaker(tmp_path, "a")
    first = await bank.get(speaker)
    speaker.gpt_model.write_bytes(b"trained anew")
    assert await bank.get(speaker) is not first


async def test_a_caller_that_leaves_does_not_end_the_load_for_others(tmp_path, loader, workers) -> None:
    bank = VoiceBank(loader, workers, budget_bytes=1 << 20)
    speaker = make_speaker(tmp_path, "a")
    loader.gate.clear()
    leaving, staying = (asyncio.create_task(bank.get(speaker)) for _ in range(2))
    await asyncio.sleep(0.01)
    leaving.cancel()
    loader.gate.set()
    assert (await staying).speaker.name == "a"
    assert loader.loads == {"a": 1}


async def test_a_failed_load_is_told_to_all_and_tried_again_later(tmp_path, loader, workers) -> None:
    bank = VoiceBank(loader, workers, budget_bytes=1 << 20)
    speaker = make_speaker(tmp_path, "broken")
    results = await asyncio.gather(*(bank.get(speaker) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["speaker broken: of no use"] * 3
    with pytest.raises(BadVoice):
        await bank.get(speaker)
    assert loader.loads == {"broken": 2}
    assert bank.names() == []


async def test_missing_files_are_named(tmp_path, loader, workers) -> None:
    bank = VoiceBank(loader, workers, budget_bytes=1 << 20)
    speaker = make_speaker(tmp_path, "a")
    speaker.sovits_model.unlink()
    with pytest.raises(BadVoice, match=r"a-s2\.pth"):
        await bank.get(speaker)


async def test_a_missing_emotion_leaves_the_others_alone(tmp_path, loader, workers) -> None:
    bank = VoiceBank(loader, workers, budget_bytes=1 << 20)
    plain = make_speaker(tmp_path, "a")
    (tmp_path / "happy.wav").write_bytes(b"happy")
    emotions = {name: Reference(tmp_path / f"{name}.wav", "", "en") for name in ("happy", "sad")}
    speaker = replace(plain, emotions=emotions)
    assert (await bank.get(speaker)).speaker is speaker
    assert (await bank.get(speaker.with_emotion("happy"))).speaker.ref_audio.name == "happy.wav"
    with pytest.raises(BadVoice, match=r"speaker a: cannot read .*sad\.wav"):
        await bank.get(speaker.with_emotion("sad"))
