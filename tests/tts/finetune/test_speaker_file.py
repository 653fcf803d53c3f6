from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from speakers.speaker import BadSpeaker
from tts.finetune.speaker_file import write_speaker


def keys(folder: Path) -> dict:
    return {
        "gpt_model": folder / "models/voices/X/semantic.ckpt",
        "sovits_model": folder / "models/voices/X/decoder.pth",
        "ref_audio": folder / "elsewhere/reference.wav",
        "ref_text": 'He said: "你好\\". ',
        "ref_language": "zh",
        "target_language": "auto",
    }


def test_a_new_speaker_is_readable_and_names_paths_below_the_models_folder(tmp_path) -> None:
    path = tmp_path / "speakers/X.toml"
    speaker = write_speaker(path, keys(tmp_path), tmp_path / "models")
    assert (speaker.name, speaker.ref_text) == ("X", 'He said: "你好\\".')
    assert speaker.gpt_model == tmp_path / "models/voices/X/semantic.ckpt"
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    assert read["gpt_model"] == "voices/X/semantic.ckpt"
    assert read["ref_audio"] == str(tmp_path / "elsewhere/reference.wav")


def test_a_speaker_that_is_there_keeps_all_but_the_voice(tmp_path) -> None:
    path = tmp_path / "X.toml"
    path.write_text(
        '# Mine.\n# 我的\npersona = "X.md"\nspeed_factor = 1.2\ntop_k = 5\ngpt_model = "old.ckpt"\n'
        'sovits_model = "o.pth"\nref_audio = "o.wav"\nref_language = "en"\ntarget_language = "en"\n'
        '[lexicon]\n"纳西妲" = "na4 xi1 da2"\n[emotions.sad]\nref_audio = "sad.wav"\n',
        encoding="utf-8",
    )
    write_speaker(path, keys(tmp_path), tmp_path / "models")
    speaker = write_speaker(path, keys(tmp_path), tmp_path / "models")
    assert path.read_text(encoding="utf-8").startswith("# Mine.\n# 我的\npersona =")
    assert (speaker.persona, speaker.speed_factor, speaker.top_k) == ("X.md", 1.2, 5)
    assert speaker.gpt_model.name == "semantic.ckpt"
    assert dict(speaker.lexicon) == {"纳西妲": "na4 xi1 da2"}
    assert speaker.emotions["sad"].audio.name == "sad.wav"


def test_usual_keys_are_written_where_the_owner_has_set_none(tmp_path) -> None:
    path = tmp_path / "X.toml"
    usual = {"top_k": 5, "temperature": 0.7}
    write_speaker(path, keys(tmp_path), tmp_path / "models", usual=usual)
    path.write_text(path.read_text(encoding="utf-8").replace("top_k = 5", "top_k = 9"), encoding="utf-8")
    speaker = write_speaker(path, keys(tmp_path), tmp_path / "models", usual=usual)
    assert (speaker.top_k, speaker.temperature) == (9, 0.7)


def test_what_cannot_be_read_is_left_alone(tmp_path) -> None:
    path = tmp_path / "X.toml"
    path.write_text("not toml")
    with pytest.raises(BadSpeaker, match=r"X\.toml: is there already"):
        write_speaker(path, keys(tmp_path), tmp_path / "models")
    path.write_text('colour = "red"')
    with pytest.raises(BadSpeaker, match="colour: unknown key"):
        write_speaker(path, keys(tmp_path), tmp_path / "models")
    assert path.read_text() == 'colour = "red"'
