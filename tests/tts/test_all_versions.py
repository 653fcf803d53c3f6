"""One engine, a voice of every version and of both LoRA kinds: each speaks as alone, at its own rate."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from demo.all_versions import SSL_FOLDER, VOICES, write_voices
from demo.all_versions import speaker as demo_speaker
from speakers.speaker import Speaker
from tts.audio import to_pcm16
from tts.errors import BadVoice
from tts.pretrained import PretrainedModels
from tts.synthesis import ChunkSizes
from tts.synthesizer import Synthesizer, SynthesizerOptions
from tts.versions import VERSIONS
from tts.voice import VoiceLoader

RATES = {name: VERSIONS[row].sample_rate for name, row in VOICES.items()}
# English, whose dictionaries are read ten times sooner than the Chinese ones.
SENTENCE = "Off we go!"
ENGLISH = {"ref_text": "Nice to meet you.", "ref_language": "en", "target_language": "en"}
MAX_PCM_STEPS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("voices")
    write_voices(made)
    return made


def speaker(folder: Path, name: str, **changed: object) -> Speaker:
    return demo_speaker(folder, name, **{**ENGLISH, **changed})


def make(folder: Path) -> Synthesizer:
    loader = VoiceLoader(ssl_model=folder / SSL_FOLDER, pretrained=PretrainedModels(folder))
    return Synthesizer(loader, SynthesizerOptions(chunk_sizes=ChunkSizes(0.1, 0.3), pause_sec=0.1))


async def speak(engine: Synthesizer, who: Speaker, seed: int) -> tuple[set[int], np.ndarray]:
    voice = await engine.voice(who)
    chunks = [chunk async for chunk in engine.speak(SENTENCE, voice, seed=seed)]
    assert all(len(chunk.samples) for chunk in chunks), "no empty chunks"
    return {chunk.sample_rate for chunk in chunks}, np.concatenate([chunk.samples for chunk in chunks])


def test_the_voices_have_the_rates_of_the_published_models() -> None:
    assert RATES["v3"] == RATES["v3_lora"] == 24000
    assert RATES["v4"] == RATES["v4_lora"] == 48000
    assert {RATES[name] for name in ("v1", "v2", "v2Pro", "v2ProPlus")} == {32000}


async def test_all_versions_at_once_sound_as_each_does_alone(folder) -> None:
    engine = make(folder)
    await engine.start()
    who = [speaker(folder, name) for name in VOICES]
    alone = [await speak(engine, one, seed) for seed, one in enumerate(who)]
    together = await asyncio.gather(*(speak(engine, one, seed) for seed, one in enumerate(who)))
    await engine.stop()
    for name, (rates, want), (got_rates, got) in zip(VOICES, alone, together, strict=True):
        assert rates == got_rates == {RATES[name]}
        assert got.shape == want.shape, "as many semantic tokens"
        assert np.abs(to_pcm16(got).astype(int) - to_pcm16(want).astype(int)).max() <= MAX_PCM_STEPS
        pause = round(0.1 * RATES[name])
        assert got[:-pause].std() > 1e-3
        assert not got[-pause:].any()
    assert len({want.tobytes() for _, want in alone}) == len(VOICES), "the voices differ"


@pytest.mark.parametrize(
    ("name", "changed", "gone", "match"),
    [
        (
            "v3_lora",
            {},
            "s2Gv3.pth",
            r"speaker v3_lora: .*v3_lora\.pth is a LoRA file.*s2Gv3\.pth.*sovits_base",
        ),
        ("v3_lora", {"sovits_base": "v4.pth"}, None, r"v4\.pth: is a v4 file.*needs the v3 base model"),
        ("v3", {"version": "v4"}, None, r"v3\.pth: it says itself that it is a v3 file.*take that away"),
        (
            "v4",
            {},
            "gsv-v4-pretrained/vocoder.pth",
            r"v4\.pth is a v4 model.*vocoder\.pth.*python -m tts\.fetch",
        ),
        (
            "v4",
            {"ref_text": ""},
            None,
            r"speaker v4: a v4 voice needs the words of its reference: give ref_text",
        ),
        (
            "v2Pro",
            {},
            "sv/pretrained_eres2netv2w24s4ep4.ckpt",
            r"speaker v2Pro: .*eres2netv2.*python -m tts\.fetch",
        ),
    ],
)
async def test_what_is_missing_is_named_and_nobody_else_is_disturbed(
    folder, name, changed, gone, match
) -> None:
    engine = make(folder)
    hidden = None if gone is None else folder / (gone + ".hidden")
    if hidden is not None:
        (folder / gone).rename(hidden)
    try:
        with pytest.raises(BadVoice, match=match):
            await engine.voice(speaker(folder, name, **changed))
        assert (await engine.voice(speaker(folder, "v2"))).sample_rate == 32000
    finally:
        if hidden is not None:
            hidden.rename(folder / gone)
    assert (await engine.voice(speaker(folder, name))).sample_rate == RATES[name], (
        "as soon as it is put right"
    )
    await engine.stop()


async def test_a_file_that_is_cut_short_is_named(folder, tmp_path) -> None:
    engine = make(folder)
    (tmp_path / "short.pth").write_bytes((folder / "v4.pth").read_bytes()[:100_000])
    with pytest.raises(BadVoice, match=r"speaker short: .*short\.pth"):
        await engine.voice(replace(speaker(folder, "v4"), name="short", sovits_model=tmp_path / "short.pth"))
    await engine.stop()
