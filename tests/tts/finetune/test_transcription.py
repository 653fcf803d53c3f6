from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.tts.finetune.recordings import hum, record
from tts.finetune import transcription
from tts.finetune.clips import Clip
from tts.finetune.errors import NoTranscriber
from tts.finetune.transcription import Transcript, find_transcriber, write_down


class Parrot:
    """Hears the same, whatever is said."""

    def __init__(self, text: str = "  hello | there ", language: str = "en") -> None:
        self.heard = Transcript(text, language)
        self.asked: list[tuple[int, str]] = []

    def transcribe(self, samples: np.ndarray, language: str) -> Transcript:
        self.asked.append((len(samples), language))
        return self.heard


def install(monkeypatch, **modules: ModuleType) -> None:
    """Makes the named recognisers, and no others, look installed."""
    monkeypatch.setattr(
        transcription.importlib.util, "find_spec", lambda name: object() if name in modules else None
    )
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)


def test_only_clips_without_words_are_listened_to(tmp_path) -> None:
    path = record(tmp_path / "a.wav", hum(2), 32_000)
    clips = [
        Clip(path, "x", "zh", ""),
        Clip(path, "x", "zh", "已经有了"),
        Clip(tmp_path / "gone.wav", "x", "zh", ""),
    ]
    parrot, told = Parrot(), []
    written = write_down(clips, parrot, "auto", told=lambda *counts: told.append(counts))
    assert [(clip.text, clip.language) for clip in written] == [
        ("hello there", "en"),
        ("已经有了", "zh"),
        ("", "zh"),
    ]
    assert parrot.asked == [(16_000, "auto")], "at 16 kHz"
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert write_down(clips[:1], Parrot("ça va", "fr"), "auto")[0].language == "zh", "no language of ours"


def test_without_a_recogniser_the_list_must_bring_the_words(tmp_path) -> None:
    clips = [Clip(tmp_path / "a.wav", "x", "zh", "你好"), Clip(tmp_path / "b.wav", "x", "zh", "")]
    assert write_down(clips, None, "zh") == clips
    with pytest.raises(NoTranscriber, match=r"put a \.list file .* or install faster-whisper"):
        write_down(clips[1:], None, "zh")


def test_what_is_installed_decides_who_listens(monkeypatch) -> None:
    install(monkeypatch)
    assert find_transcriber("zh") is None
    whisper: Any = ModuleType("faster_whisper")
    asked = {}

    class WhisperModel:
        def __init__(self, model: str, **options) -> None:
            asked.update(options, model=model)

        def transcribe(self, samples: np.ndarray, **options):
            asked.update(options)
            return [SimpleNamespace(text=" Good"), SimpleNamespace(text=" morning. ")], SimpleNamespace(
                language="en"
            )

    whisper.WhisperModel = WhisperModel
    install(monkeypatch, faster_whisper=whisper)
    found = find_transcriber("zh", model="some/folder")
    assert found is not None
    assert found.transcribe(np.zeros(16), "auto") == Transcript("Good morning.", "en")
    assert (asked["model"], asked["device"], asked["language"]) == ("some/folder", "cpu", None)
    assert found.transcribe(np.zeros(16), "ja").language == "ja"
    assert asked["language"] == "ja"


def test_funasr_is_asked_for_chinese(monkeypatch) -> None:
    funasr: Any = ModuleType("funasr")
    tools: Any = ModuleType("funasr.utils.postprocess_utils")
    funasr.AutoModel = lambda **options: SimpleNamespace(
        generate=lambda **asked: [{"text": f"<|{asked['language']}|>你好。"}]
    )
    tools.rich_transcription_postprocess = lambda text: text.split("|>")[-1]
    monkeypatch.setitem(sys.modules, "funasr.utils.postprocess_utils", tools)
    install(monkeypatch, funasr=funasr)
    found = find_transcriber("zh")
    assert found is not None
    assert found.transcribe(np.zeros(16), "zh") == Transcript("你好。", "zh")
    assert find_transcriber("en") is None
