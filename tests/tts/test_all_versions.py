"""One engine, a voice of every version and of both LoRA kinds: each speaks as alone, at its own rate."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from demo.make_acoustic_checkpoint import (
    write_acoustic_model,
    write_hubert,
    write_reference,
    write_speaker_net,
)
from demo.make_flow_checkpoint import write_flow_lora, write_flow_model, write_vocoder
from demo.make_semantic_checkpoint import make_semantic
from speakers.speaker import Speaker
from tts.audio import to_pcm16
from tts.errors import BadVoice
from tts.pretrained import SPEAKER_NET, PretrainedModels
from tts.synthesis import ChunkSizes
from tts.synthesizer import Synthesizer, SynthesizerOptions
from tts.versions import VERSIONS
from tts.voice import VoiceLoader

RATES = {
    "v1": 32000,
    "v2": 32000,
    "v2Pro": 32000,
    "v2ProPlus": 32000,
    "v3": 24000,
    "v4": 48000,
    "v3_lora": 24000,
    "v4_lora": 48000,
}
SENTENCES = ("你好呀！", "Good morning.", "走吧，")
MAX_PCM_STEPS = 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Weights of all versions, and the parts they need in upstream's layout."""
    made = tmp_path_factory.mktemp("voices")
    models = PretrainedModels(made)
    write_hubert(made / "ssl")
    write_reference(made / "ref.wav", seconds=3.2)
    make_semantic(made / "old.ckpt", seed=1, eos="likely")
    (made / "sv").mkdir()
    write_speaker_net(models.place(SPEAKER_NET))
    for seed, (name, version) in enumerate(VERSIONS.items()):
        if version.flow is None:
            write_acoustic_model(made / f"{name}.pth", version, seed=seed)
        else:
            base = models.place(f"acoustic-{name}")
            base.parent.mkdir(exist_ok=True)
            write_flow_model(base, version, seed=seed)
            (made / f"{name}.pth").symlink_to(base)
            write_flow_lora(made / f"{name}_lora.pth", version, seed=seed)
            write_vocoder(models.place(f"vocoder-{version.vocoder}"), version)
    return made


def speaker(folder: Path, name: str, **changed: object) -> Speaker:
    return Speaker.from_dict(
        {
            "gpt_model": "old.ckpt",
            "sovits_model": f"{name}.pth",
            "ref_audio": "ref.wav",
            "ref_text": "你好，很高兴见到你。",
            "ref_language": "zh",
            "target_language": "zh",
            "sample_steps": 2,
            **changed,
        },
        name=name,
        folder=folder,
    )


def make(folder: Path) -> Synthesizer:
    loader = VoiceLoader(ssl_model=folder / "ssl", pretrained=PretrainedModels(folder))
    return Synthesizer(loader, SynthesizerOptions(chunk_sizes=ChunkSizes(0.1, 0.3), pause_sec=0.1))


async def speak(engine: Synthesizer, who: Speaker, text: str, seed: int) -> tuple[set[int], np.ndarray]:
    voice = await engine.voice(who)
    chunks = [chunk async for chunk in engine.speak(text, voice, seed=seed)]
    assert all(len(chunk.samples) for chunk in chunks), "no empty chunks"
    return {chunk.sample_rate for chunk in chunks}, np.concatenate([chunk.samples for chunk in chunks])


async def test_twenty_four_at_once_over_all_versions_sound_as_they_do_alone(folder) -> None:
    engine = make(folder)
    await engine.start()
    jobs = [(name, text, seed) for seed, text in enumerate(SENTENCES) for name in RATES]
    who = {name: speaker(folder, name) for name in RATES}
    alone = [await speak(engine, who[name], text, seed) for name, text, seed in jobs]
    together = await asyncio.gather(*(speak(engine, who[name], text, seed) for name, text, seed in jobs))
    await engine.stop()
    for (name, _, _), (rates, want), (got_rates, got) in zip(jobs, alone, together, strict=True):
        assert rates == got_rates == {RATES[name]}
        assert got.shape == want.shape, "as many semantic tokens"
        assert np.abs(to_pcm16(got).astype(int) - to_pcm16(want).astype(int)).max() <= MAX_PCM_STEPS
        pause = round(0.1 * RATES[name])
        assert got[:-pause].std() > 1e-3
        assert not got[-pause:].any()
    assert len({want.tobytes() for _, want in alone}) == len(jobs), "the voices differ"


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
        await engine.voice(speaker(folder, "short", sovits_model=str(tmp_path / "short.pth")))
    await engine.stop()
