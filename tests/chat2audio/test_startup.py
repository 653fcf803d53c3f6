"""What a server says of its speakers when it starts, and how many threads it takes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from chat2audio import startup
from chat2audio.settings import load_settings
from chat2audio.startup import build, problems
from speakers.catalog import SpeakerCatalog

SPEAKER = """
gpt_model = "s1.ckpt"
sovits_model = "s2.pth"
ref_audio = "ref.wav"
ref_language = "en"
target_language = "en"
"""


def test_missing_files_are_named_and_those_of_emotions_as_theirs(tmp_path: Path) -> None:
    for name in ("s1.ckpt", "s2.pth", "ref.wav", "happy.wav"):
        (tmp_path / name).touch()
    emotions = '[emotions.happy]\nref_audio = "happy.wav"\n[emotions.sad]\nref_audio = "sad.wav"\n'
    (tmp_path / "Mei.toml").write_text(SPEAKER + emotions)
    (tmp_path / "Odd.toml").write_text(SPEAKER.replace("s2.pth", "gone.pth"))
    (tmp_path / "Bad.toml").write_text("gpt_model = 3")
    bad, emotion, missing = problems(SpeakerCatalog(tmp_path))
    assert bad.startswith("Bad.toml: ")
    assert emotion == (
        f"speaker Mei, emotion sad (the others can be used): no such file: {tmp_path / 'sad.wav'}"
    )
    assert missing == f"speaker Odd: no such file: {tmp_path / 'gone.pth'}"


@pytest.mark.parametrize(("asked", "taken"), [("0", 5), ("1", 1), ("3", 3)])
def test_a_model_step_takes_as_many_threads_as_are_set_or_all_but_one(monkeypatch, asked, taken) -> None:
    told: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    monkeypatch.setattr(startup, "USUAL_THREADS", 5)
    build(load_settings(environ={"CHAT2AUDIO_TTS__THREADS": asked}))
    assert told == [taken]
