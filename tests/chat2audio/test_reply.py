"""The laws of the one data path, on fakes: order, one last event, closing stops both engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chat2audio.events import AudioDelta, Done, Failed, Meta, SentenceError, TextDelta
from chat2audio.reply import Reply, Turn
from prompts.persona import Persona
from runtime.step_loop import DeadlineExceeded, EngineDied, Overloaded
from tts.audio import AudioChunk
from tts.errors import BadVoice, SentenceFailed

RATE = 1000
TEXT = "你好，旅行者。今天的风很舒服（微笑），我们一起去海边走走吧！“好呀”他说。然后没有标点的结尾"


class Words:
    """Writes a text in pieces of three characters; counts its steps and knows when it was closed."""

    def __init__(self, text: str = TEXT, *, error: BaseException | None = None, after: int = 0) -> None:
        self.text, self.error, self.after = text, error, after
        self.num_pieces = 0
        self.is_closed = False
        self.calls: list[dict[str, Any]] = []

    async def stream(self, messages, **options) -> AsyncGenerator[str, None]:
        self.calls.append({"messages": messages, **options})
        try:
            for start in range(0, len(self.text), 3):
                if self.error is not None and self.num_pieces == self.after:
                    raise self.error
                await asyncio.sleep(0)
                self.num_pieces += 1
                yield self.text[start : start + 3]
            if self.error is not None:
                raise self.error
        finally:
            self.is_closed = True


class Sounds:
    """Speaks ten samples a character, in chunks of 50; the seed is the value of the samples."""

    def __init__(self, *, errors: dict[int, BaseException] | None = None) -> None:
        self.errors = errors or {}
        self.spoken: list[str] = []
        self.seeds: list[int] = []
        self.num_open = 0

    async def voice(self, speaker) -> Any:
        if speaker.name == "Nobody":
            raise BadVoice("speaker Nobody: no such file")
        return SimpleNamespace(sample_rate=RATE)

    async def speak(self, text, voice, *, seed, sentence_index, deadline) -> AsyncGenerator[AudioChunk, None]:
        self.num_open += 1
        try:
            self.spoken.append(text)
            self.seeds.append(seed)
            samples = np.full(10 * len(text), sentence_index, np.float32)
            for start in range(0, len(samples), 50):
                await asyncio.sleep(0)
                if start and sentence_index in self.errors:
                    raise self.errors[sentence_index]
                yield AudioChunk(samples[start : start + 50], RATE, sentence_index)
        finally:
            self.num_open -= 1


@dataclass
class Stage:
    words: Any
    sounds: Any
    speaker: str = "Mira"
    seed: int = 5
    splitter: dict[str, float] = field(default_factory=dict)

    def reply(self) -> Reply:
        turn = Turn(
            id="t1",
            text="你好",
            speaker=SimpleNamespace(name=self.speaker, lora="Mira", splitter=self.splitter),  # type: ignore[arg-type]
            persona=Persona.from_prompt("Mira", "你是米拉。", "zh"),
            seed=self.seed,
        )
        return Reply(turn, self.words, self.sounds)

    async def events(self) -> list[Any]:
        async with asyncio.timeout(5), self.reply() as reply:
            return [event async for event in reply]


async def test_a_reply_is_meta_then_text_before_its_sound_then_done() -> None:
    stage = Stage(Words(), Sounds())
    events = await stage.events()
    assert events[0] == Meta("t1", "Mira", RATE, 5)
    assert isinstance(events[-1], Done)
    assert sum(isinstance(event, Done | Failed) for event in events) == 1
    announced: set[int] = set()
    for event in events:
        if isinstance(event, TextDelta):
            announced.add(event.seq)
        if isinstance(event, AudioDelta):
            assert event.seq in announced
    audio = [event for event in events if isinstance(event, AudioDelta)]
    assert [event.seq for event in audio] == sorted(event.seq for event in audio)
    assert "".join(event.delta for event in events if isinstance(event, TextDelta)) == TEXT
    assert events[-1].text == TEXT
    assert stage.words.calls[0]["adapter"] == "Mira"


async def test_the_sound_adds_up() -> None:
    events = await Stage(Words(), Sounds()).events()
    audio = [event for event in events if isinstance(event, AudioDelta)]
    position_ms = 0
    for event in audio:
        assert event.start_ms == position_ms
        position_ms += event.duration_ms
    assert events[-1].audio_ms == position_ms > 0


async def test_tail_and_quotes_are_spoken_and_stage_directions_are_not() -> None:
    stage = Stage(Words(), Sounds())
    await stage.events()
    spoken = "".join(stage.sounds.spoken)
    assert "微笑" not in spoken
    assert "好呀" in spoken
    assert "没有标点的结尾" in spoken


async def test_the_first_sound_comes_before_the_last_text() -> None:
    events = await Stage(Words(TEXT * 5), Sounds()).events()
    kinds = [type(event) for event in events]
    last_text = max(i for i, kind in enumerate(kinds) if kind is TextDelta)
    assert kinds.index(AudioDelta) < last_text


async def test_every_sentence_has_a_seed_of_its_own_and_it_repeats() -> None:
    first, again, other = Stage(Words(), Sounds()), Stage(Words(), Sounds()), Stage(Words(), Sounds(), seed=6)
    for stage in (first, again, other):
        await stage.events()
    assert first.sounds.seeds == again.sounds.seeds
    assert len(set(first.sounds.seeds)) == len(first.sounds.seeds) > 1
    assert not set(first.sounds.seeds) & set(other.sounds.seeds)


@pytest.mark.parametrize("text", ["", "……", "（微笑）", "😀🎉"])
async def test_nothing_to_say_is_not_an_error(text: str) -> None:
    stage = Stage(Words(text), Sounds())
    events = await stage.events()
    assert isinstance(events[-1], Done)
    assert events[-1].audio_ms == 0
    assert stage.sounds.spoken == []
    assert events[-1].text == text


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RuntimeError("/secret/path"), "internal_error"),
        (DeadlineExceeded("late"), "timeout"),
        (Overloaded("full"), "overloaded"),
        (EngineDied("speech failed"), "engine_failed"),
    ],
)
@pytest.mark.parametrize("after", [0, 8])
async def test_a_failing_writer_ends_the_reply_with_one_error(error, code, after, caplog) -> None:
    stage = Stage(Words(error=error, after=after), Sounds())
    events = await stage.events()
    assert sum(isinstance(event, Done | Failed) for event in events) == 1
    assert isinstance(events[-1], Failed)
    assert events[-1].code == code
    assert "secret" not in events[-1].message
    assert stage.sounds.num_open == 0
    (record,) = caplog.records
    assert str(error) in record.getMessage()
    assert bool(record.exc_info) == (code == "internal_error"), (
        "the way to it is told of unforeseen ones only"
    )


async def test_a_failing_voice_ends_the_reply_with_one_error_and_stops_the_writer() -> None:
    stage = Stage(Words(TEXT * 50), Sounds(errors={1: ZeroDivisionError("oops")}))
    events = await stage.events()
    assert isinstance(events[-1], Failed)
    assert stage.words.is_closed
    assert stage.words.num_pieces < 100, "the writer did not go on to the end of the text"


async def test_one_unusable_sentence_does_not_end_the_reply() -> None:
    stage = Stage(Words(), Sounds(errors={1: SentenceFailed("values that are no numbers")}))
    events = await stage.events()
    assert [event for event in events if isinstance(event, SentenceError)] == [
        SentenceError(1, "values that are no numbers")
    ]
    assert isinstance(events[-1], Done)
    assert max(event.seq for event in events if isinstance(event, AudioDelta)) > 1


async def test_a_speaker_of_no_use_is_told_before_anything_is_computed() -> None:
    stage = Stage(Words(), Sounds(), speaker="Nobody")
    with pytest.raises(BadVoice, match="Nobody"):
        await stage.events()
    assert stage.words.calls == []


async def test_a_speaker_has_limits_of_its_own() -> None:
    usual, short = (
        Stage(Words(), Sounds()),
        Stage(Words(), Sounds(), splitter={"first_max": 5, "later_max": 8}),
    )
    for stage in (usual, short):
        await stage.events()
    assert len(short.sounds.spoken) > len(usual.sounds.spoken)
    with pytest.raises(BadVoice, match="first_max"):
        await Stage(Words(), Sounds(), splitter={"first_max": 1}).events()


async def test_a_slow_client_holds_up_its_own_writer() -> None:
    stage = Stage(Words(TEXT * 50), Sounds())
    async with stage.reply() as reply:
        events = aiter(reply)
        await anext(events)
        await asyncio.sleep(0.05)
        written = stage.words.num_pieces
        assert written < 60, "bounded: the text is 800 pieces long"
        await asyncio.sleep(0.05)
        assert stage.words.num_pieces == written


@pytest.mark.parametrize("num_events", range(0, 40, 3))
async def test_leaving_after_any_event_stops_both_engines(num_events: int) -> None:
    stage = Stage(Words(TEXT * 50), Sounds())
    tasks = len(asyncio.all_tasks())
    async with stage.reply() as reply:
        events = aiter(reply)
        for _ in range(num_events):
            await anext(events)
    written = stage.words.num_pieces
    await asyncio.sleep(0.01)
    assert stage.words.num_pieces == written
    assert stage.words.is_closed or not stage.words.calls
    assert stage.sounds.num_open == 0
    assert len(asyncio.all_tasks()) == tasks
