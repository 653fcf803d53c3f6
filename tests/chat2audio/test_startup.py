"""What is wrong with speakers is said when the server starts, and no more of it than is wrong."""

from __future__ import annotations

from pathlib import Path

from chat2audio.startup import problems
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
