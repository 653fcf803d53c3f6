"""The speech engine on small random voices: a sentence sounds the same, whoever else is speaking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import numpy as np
import pytest

from demo.make_acoustic_checkpoint import write_acoustic_model, write_hubert, write_reference
from demo.make_semantic_checkpoint import SMALL_BY_TABLE, make_semantic
from speakers.speaker import Speaker
from tts.audio import to_pcm16
from tts.errors import BadVoice
from tts.synthesis import ChunkSizes, token_budget
from tts.synthesizer import Synthesizer, SynthesizerOptions
from tts.text.front_end import FrontEnd
from tts.versions import VERSIONS
from tts.voice import VoiceLoader

VERSION_OF = {"Ann": "v2", "Bo": "v1", "Cy": "v2", "Di": "v2"}
SENTENCES = ("今天的风很舒服。", "你好呀！", "我们去海边走走吧，", "Good morning.")
MAX_PCM_STEPS = 2


@pytest.fixture(scope="session")
def speakers(tmp_path_factory) -> dict[str, Speaker]:
    folder = tmp_path_factory.mktemp("voices")
    write_hubert(folder / "ssl")
    made = {}
    for seed, (name, version) in enumerate(VERSION_OF.items()):
        sizes = SMALL_BY_TABLE[VERSIONS[version].symbols]
        make_semantic(folder / f"{name}.ckpt", sizes, seed=seed, eos="likely")
        write_acoustic_model(folder / f"{name}.pth", VERSIONS[version], seed=seed)
        write_reference(folder / f"{name}.wav", seed=seed)
        made[name] = Speaker.from_dict(
            {
                "gpt_model": f"{name}.ckpt",
                "sovits_model": f"{name}.pth",
                "ref_audio": f"{name}.wav",
                "ref_text": "你好，很高兴见到你。" if name == "Ann" else "",
                "ref_language": "zh",
                "target_language": "zh",
            },
            name=name,
            folder=folder,
        )
    return made


@pytest.fixture(scope="session")
def loader(speakers) -> Iterator[VoiceLoader]:
    """Holds the voices, so that every engine of these tests shares the weights."""
    voice_loader = VoiceLoader(ssl_model=speakers["Ann"].gpt_model.parent / "ssl")
    voices = [voice_loader.load(speaker) for speaker in speakers.values()]
    yield voice_loader
    voices.clear()


def test_a_pair_of_other_phones_is_refused(loader, speakers) -> None:
    with pytest.raises(BadVoice, match=r"speaker Bo: .*Ann\.ckpt: knows 732 phones .*of 512 phones"):
        loader.load(replace(speakers["Bo"], gpt_model=speakers["Ann"].gpt_model))


def test_a_voice_loads_the_languages_of_its_speaker_only(loader, speakers, monkeypatch) -> None:
    warmed = []
    monkeypatch.setattr(FrontEnd, "warm", lambda self, *languages: warmed.append(languages))
    loader.load(replace(speakers["Bo"], target_language="en", ref_language="ja"))  # its words are not known
    loader.load(replace(speakers["Ann"], target_language="en"))
    assert warmed == [("en",), ("en", "zh")]


def test_a_voice_of_the_first_version_speaks_no_korean(loader, speakers) -> None:
    with pytest.raises(
        BadVoice, match="speaker Bo: these models do not speak the language 'ko'; valid: auto, en"
    ):
        loader.load(replace(speakers["Bo"], target_language="ko"))


@pytest.fixture
async def synthesizer(loader) -> AsyncIterator[Synthesizer]:
    engine = make(loader)
    await engine.start()
    yield engine
    await engine.stop()


def make(loader: VoiceLoader, **options) -> Synthesizer:
    defaults = {"chunk_sizes": ChunkSizes(first_sec=0.1, later_sec=0.2), "pause_sec": 0.1}
    return Synthesizer(loader, SynthesizerOptions(**(defaults | options)))


async def speak(engine: Synthesizer, speaker: Speaker, text: str, seed: int = 7) -> list[np.ndarray]:
    voice = await engine.voice(speaker)
    return [chunk.samples async for chunk in engine.speak(text, voice, seed=seed)]


async def test_a_sentence_comes_in_chunks_with_a_pause_behind_it(synthesizer, speakers) -> None:
    voice = await synthesizer.voice(speakers["Ann"])
    chunks = [c async for c in synthesizer.speak("今天的风很舒服。", voice, seed=1, sentence_index=3)]
    assert voice.sample_rate == 32000
    assert {(chunk.sample_rate, chunk.sentence_index) for chunk in chunks} == {(32000, 3)}
    assert len(chunks) > 2
    assert len(chunks[0].samples) == round(0.1 * 32000), "the first one is short"
    assert {len(chunk.samples) for chunk in chunks[1:-1]} == {round(0.2 * 32000)}
    joined = np.concatenate([chunk.samples for chunk in chunks])
    assert not joined[-3200:].any()
    assert joined[:-3200].std() > 0.01


async def test_same_seed_same_sound_another_seed_another(synthesizer, speakers) -> None:
    first = np.concatenate(await speak(synthesizer, speakers["Ann"], "你好呀！"))
    again = np.concatenate(await speak(synthesizer, speakers["Ann"], "你好呀！"))
    other = np.concatenate(await speak(synthesizer, speakers["Ann"], "你好呀！", seed=8))
    np.testing.assert_array_equal(first, again)
    assert len(first) != len(other) or not np.array_equal(first, other)


async def test_sixteen_at_once_over_four_voices_sound_as_they_do_alone(synthesizer, speakers) -> None:
    jobs = [(name, text, seed) for seed, text in enumerate(SENTENCES) for name in VERSION_OF]
    alone = [np.concatenate(await speak(synthesizer, speakers[n], text, seed)) for n, text, seed in jobs]
    together = await asyncio.gather(*(speak(synthesizer, speakers[n], text, seed) for n, text, seed in jobs))
    for want, chunks in zip(alone, together, strict=True):
        got = np.concatenate(chunks)
        assert got.shape == want.shape, "as many semantic tokens"
        steps = to_pcm16(got).astype(int) - to_pcm16(want).astype(int)
        assert np.abs(steps).max() <= MAX_PCM_STEPS
    assert len({want.tobytes() for want in alone}) == len(jobs), "the voices differ"


async def test_batch_invariant_sound_is_equal_to_the_bit(loader, speakers) -> None:
    engine = make(loader, batch_invariant=True)
    await engine.start()
    jobs = [("Ann", text, seed) for seed, text in enumerate(SENTENCES)]
    alone = [np.concatenate(await speak(engine, speakers[n], text, seed)) for n, text, seed in jobs]
    together = await asyncio.gather(*(speak(engine, speakers[n], text, seed) for n, text, seed in jobs))
    await engine.stop()
    for want, chunks in zip(alone, together, strict=True):
        np.testing.assert_array_equal(np.concatenate(chunks), want)


async def test_chunk_sizes_do_not_change_the_sound(synthesizer, loader, speakers) -> None:
    whole = make(loader, chunk_sizes=ChunkSizes(60.0, 60.0))
    await whole.start()
    (want,) = await speak(whole, speakers["Bo"], "我们去海边走走吧，")
    await whole.stop()
    chunks = await speak(synthesizer, speakers["Bo"], "我们去海边走走吧，")
    assert len(chunks) > 1
    np.testing.assert_array_equal(np.concatenate(chunks), want)


@pytest.mark.parametrize("text", ["", "  ", "……", "🎉", "（"])
async def test_nothing_to_pronounce_is_no_sound(synthesizer, speakers, text: str) -> None:
    assert await speak(synthesizer, speakers["Ann"], text) == []


async def test_leaving_stops_the_engine_within_a_step(synthesizer, speakers) -> None:
    voice = await synthesizer.voice(speakers["Ann"])
    sound = synthesizer.speak("今天的风很舒服，我们一起去海边走走吧。" * 3, voice, seed=1)
    await anext(sound)
    await sound.aclose()
    steps = synthesizer.num_steps
    await asyncio.sleep(0.1)
    assert synthesizer.num_steps - steps <= 1
    assert synthesizer.status()["running"] == 0


async def test_broken_files_are_named_and_disturb_nobody(synthesizer, speakers, tmp_path) -> None:
    good = asyncio.create_task(speak(synthesizer, speakers["Ann"], SENTENCES[0]))
    ann = speakers["Ann"]
    for key, content, reason in [
        ("gpt_model", ann.gpt_model.read_bytes()[:5000], "bad.bin"),
        ("sovits_model", b"not a checkpoint", "bad.bin"),
        ("ref_audio", b"not audio", "bad.bin"),
    ]:
        (tmp_path / "bad.bin").write_bytes(content)
        data = {
            "gpt_model": str(ann.gpt_model),
            "sovits_model": str(ann.sovits_model),
            "ref_audio": str(ann.ref_audio),
            "ref_language": "zh",
            "target_language": "zh",
            key: str(tmp_path / "bad.bin"),
        }
        with pytest.raises(BadVoice, match=reason):
            await synthesizer.voice(Speaker.from_dict(data, name="Bad", folder=tmp_path))
    assert await good


async def test_a_voice_without_an_end_stops_at_its_budget(synthesizer, speakers, tmp_path) -> None:
    ann = speakers["Ann"]
    make_semantic(tmp_path / "endless.ckpt", eos="never")
    endless = Speaker.from_dict(
        {
            "gpt_model": str(tmp_path / "endless.ckpt"),
            "sovits_model": str(ann.sovits_model),
            "ref_audio": str(ann.ref_audio),
            "ref_language": "zh",
            "target_language": "zh",
        },
        name="Endless",
        folder=tmp_path,
    )
    voice = await synthesizer.voice(endless)
    num_phones = len(voice.reader.read_target("你好。", "zh").phones)
    samples = np.concatenate(await speak(synthesizer, endless, "你好。"))
    assert len(samples) == token_budget(num_phones) * 1280 + 3200


@pytest.mark.parametrize(("num_phones", "tokens"), [(0, 25), (10, 100), (10**6, 1500)])
def test_the_budget_grows_with_the_text_and_has_a_ceiling(num_phones: int, tokens: int) -> None:
    assert token_budget(num_phones) == tokens
