"""Speakers: the classic dict works, every fault names its place and what is valid, paths stay inside."""

import math
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from speakers.languages import LANGUAGE_CODES, language_code
from speakers.speaker import BadSpeaker, Reference, Speaker

CLASSIC: dict[str, Any] = {
    "gpt_model": "GPT_weights_v2/Mei-e15.ckpt",
    "sovits_model": "SoVITS_weights_v2/Mei_e8_s200.pth",
    "ref_audio": "refs/mei.wav",
    "ref_text": "今天天气真好。",
    "ref_language": "中文",
    "target_language": "中英混合",
    "speed_factor": 1.0,
    "top_k": 15,
    "top_p": 1,
    "temperature": 1,
}


def read(change: dict[str, Any] | None = None, **options: Any) -> Speaker:
    data = {**CLASSIC, **(change or {})}
    return Speaker.from_dict({k: v for k, v in data.items() if v is not ...}, **{"name": "Mei", **options})


def test_the_classic_dict_works_as_it_is(tmp_path: Path) -> None:
    speaker = read(models_dir=tmp_path)
    assert speaker.name == "Mei"
    assert speaker.gpt_model == tmp_path / "GPT_weights_v2/Mei-e15.ckpt"
    assert (speaker.ref_language, speaker.target_language) == ("all_zh", "zh")
    assert (speaker.speed_factor, speaker.top_k, speaker.top_p, speaker.temperature) == (1.0, 15, 1.0, 1.0)
    assert (speaker.repetition_penalty, speaker.persona, speaker.lora) == (1.35, None, None)
    assert speaker.language == "zh"


def test_a_speaker_is_frozen_and_can_be_a_key() -> None:
    speaker = read({"emotions": {"happy": {"ref_audio": "h.wav"}}, "lexicon": {"重庆": "chong2 qing4"}})
    assert {speaker: 1}[read({"emotions": speaker_emotions(), "lexicon": {"重庆": "chong2 qing4"}})] == 1
    with pytest.raises(FrozenInstanceError):
        speaker.top_k = 1  # type: ignore[misc]
    with pytest.raises(TypeError):
        speaker.lexicon["a"] = "b"  # type: ignore[index]


def speaker_emotions() -> dict[str, Any]:
    return {"happy": {"ref_audio": "h.wav"}}


def test_optional_keys(tmp_path: Path) -> None:
    speaker = read(
        {
            "name": "Mei Mei",
            "description": "a florist",
            "target_language": "EN",
            "persona": "mei.md",
            "lora": "mei",
            "version": "V2PRO",
            "sample_steps": 8,
            "repetition_penalty": 1.2,
            "aux_ref_audios": ["a.wav", "b.wav"],
            "splitter": {"first_min": 4, "ratio": 0.5},
            "lexicon": {"重庆": "chong2 qing4", "ja": {"東雲": " シノノメ "}},
            "ssl_model": "hubert",
            "sovits_base": "s2Gv3.pth",
        },
        folder=tmp_path,
    )
    assert (speaker.name, speaker.language, speaker.version) == ("Mei Mei", "en", "v2Pro")
    assert speaker.aux_ref_audios == (tmp_path / "a.wav", tmp_path / "b.wav")
    assert dict(speaker.splitter) == {"first_min": 4, "ratio": 0.5}
    assert dict(speaker.lexicon) == {"重庆": "chong2 qing4", "ja": {"東雲": "シノノメ"}}
    assert speaker.ssl_model == tmp_path / "hubert"
    assert speaker.sovits_base == tmp_path / "s2Gv3.pth"
    assert speaker.sovits_base in speaker.files()
    assert speaker.sample_steps == 8


def test_emotions_are_references() -> None:
    speaker = read({"emotions": {"happy": {"ref_audio": "h.wav", "ref_text": "哈", "ref_language": "日文"}}})
    assert speaker.reference("happy") == Reference(Path("h.wav").resolve(), "哈", "all_ja")
    own = Reference(speaker.ref_audio, "今天天气真好。", "all_zh")
    assert [speaker.reference(name) for name in (None, "", "default")] == [own] * 3
    with pytest.raises(BadSpeaker, match="no emotion 'sad'; it has: default, happy"):
        speaker.reference("sad")
    redefined = read({"emotions": {"default": {"ref_audio": "d.wav"}}})
    assert redefined.reference().audio.name == "d.wav"
    assert redefined.emotion_names() == ("default",)


def test_a_speaker_takes_on_an_emotion() -> None:
    speaker = read({"emotions": {"happy": {"ref_audio": "h.wav", "ref_text": "哈", "ref_language": "日文"}}})
    happy = speaker.with_emotion("happy")
    assert (happy.ref_audio.name, happy.ref_text, happy.ref_language) == ("h.wav", "哈", "all_ja")
    assert happy.reference("happy") == speaker.reference("happy")
    assert (happy.name, happy.gpt_model) == (speaker.name, speaker.gpt_model)
    assert speaker.with_emotion() == speaker.with_emotion("default") == speaker != happy
    with pytest.raises(BadSpeaker, match="it has: default, happy"):
        speaker.with_emotion("sad")


def test_missing_files_are_told_each_once(tmp_path: Path) -> None:
    speaker = read({"aux_ref_audios": ["refs/mei.wav"], "ssl_model": "hubert"}, models_dir=tmp_path)
    assert [path.name for path in speaker.missing_files()] == [
        "Mei-e15.ckpt",
        "Mei_e8_s200.pth",
        "mei.wav",
        "hubert",
    ]
    (tmp_path / "refs").mkdir()
    (tmp_path / "refs/mei.wav").touch()
    assert "mei.wav" not in [path.name for path in speaker.missing_files()]


def test_a_missing_emotion_is_missing_to_that_emotion_only(tmp_path: Path) -> None:
    emotions = {"happy": {"ref_audio": "happy.wav"}, "sad": {"ref_audio": "sad.wav"}}
    (tmp_path / "happy.wav").touch()
    speaker = read({"emotions": emotions}, models_dir=tmp_path)
    assert {name: path.name for name, path in speaker.missing_emotions().items()} == {"sad": "sad.wav"}
    for one, is_missing in ((speaker, False), (speaker.with_emotion("happy"), False)):
        assert ("sad.wav" in [path.name for path in one.missing_files()]) is is_missing
    assert "sad.wav" in [path.name for path in speaker.with_emotion("sad").missing_files()]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"top_kk": 5}, "mei.toml: top_kk: unknown key (did you mean top_k?); valid keys: name, gpt_model, "),
        ({"gpt_model": ...}, "mei.toml: gpt_model: required, but not given"),
        ({"target_language": ...}, "target_language: required"),
        ({"gpt_model": ""}, "gpt_model: must be the path of a file"),
        ({"gpt_model": 3}, "gpt_model: must be the path of a file, not 3"),
        ({"ref_audio": "a\x00b"}, "ref_audio: must be the path of a file"),
        ({"ref_language": "Klingon"}, "ref_language: unknown language 'Klingon'; valid: zh, en, ja"),
        ({"ref_language": 1}, "ref_language: must be a language name, not 1"),
        ({"ref_text": ["a"]}, "ref_text: must be text"),
        ({"ref_text": "字" * 501}, "ref_text: has 501 characters; the limit is 500"),
        ({"name": "a\nb"}, "name: must be one line"),
        ({"name": "  "}, "name: must not be empty"),
        ({"speed_factor": math.nan}, "speed_factor: must be a number from 0.25 to 4"),
        ({"speed_factor": math.inf}, "speed_factor: must be a number from 0.25 to 4"),
        ({"speed_factor": 0}, "speed_factor: must be a number from 0.25 to 4"),
        ({"speed_factor": 10**400}, "speed_factor: must be a number from 0.25 to 4"),
        ({"speed_factor": "fast"}, "speed_factor: must be a number from 0.25 to 4, not 'fast'"),
        ({"top_k": True}, "top_k: must be a number from 1 to 1025, not True"),
        ({"top_k": 1.5}, "top_k: must be a whole number from 1 to 1025, not 1.5"),
        ({"top_p": 0}, "top_p: must be a number from 0.01 to 1"),
        ({"temperature": -1}, "temperature: must be a number from 0.01 to 2"),
        ({"persona": "../secrets.md"}, "persona: must be a name inside its folder"),
        ({"lora": "/etc"}, "lora: must be a name inside its folder"),
        ({"lora": "C:\\x"}, "lora: must be a name inside its folder"),
        ({"language": "fr"}, "language: must be one of zh, en, not 'fr'"),
        ({"version": "v9"}, "version: must be one of v1, v2, v2Pro, v2ProPlus, v3, v4, not 'v9'"),
        ({"emotions": ["happy"]}, "emotions: must be a table of names and values"),
        ({"emotions": {"happy": "h.wav"}}, "emotions.happy must be a table of keys and values"),
        ({"emotions": {"happy": {"audio": "h.wav"}}}, "emotions.happy.audio: unknown key"),
        ({"emotions": {"happy": {}}}, "emotions.happy.ref_audio: required"),
        ({"aux_ref_audios": "a.wav"}, "aux_ref_audios: must be a list of at most 16 paths"),
        ({"splitter": {"first_min": "4"}}, "splitter.first_min: must be a number"),
        ({"lexicon": {"重庆": 3}}, "lexicon.重庆: must be text"),
        ({"lexicon": {"ja": {"東雲": 3}}}, "lexicon.ja.東雲: must be text"),
        (
            {"lexicon": {"jp": {"東雲": "シノノメ"}}},
            "lexicon.jp: is no language with words of its own; valid: zh, en, ja, ko, yue",
        ),
    ],
)
def test_a_fault_names_source_key_and_what_is_valid(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadSpeaker) as caught:
        read(change, source="mei.toml")
    assert str(caught.value).startswith("mei.toml: ")
    assert reason in str(caught.value)


def test_a_speaker_that_is_no_table() -> None:
    with pytest.raises(BadSpeaker, match="must be a table"):
        Speaker.from_dict(["gpt_model"])  # type: ignore[arg-type]


def test_relative_paths_are_looked_for_beside_the_file_then_among_the_models(tmp_path: Path) -> None:
    folder, models = tmp_path / "speakers", tmp_path / "models"
    for base in (folder, models):
        (base / "refs").mkdir(parents=True)
    (models / "refs/mei.wav").touch()
    assert read(folder=folder, models_dir=models).ref_audio == models / "refs/mei.wav"
    (folder / "refs/mei.wav").touch()
    assert read(folder=folder, models_dir=models).ref_audio == folder / "refs/mei.wav"
    assert read({"ref_audio": "refs\\mei.wav"}, folder=folder).ref_audio == folder / "refs/mei.wav"
    assert read({"ref_audio": "no.wav"}, folder=folder, models_dir=models).ref_audio == models / "no.wav"


def test_paths_stay_inside_the_roots_if_there_are_any(tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (tmp_path / "outside.wav").touch()
    (models / "link.wav").symlink_to(tmp_path / "outside.wav")
    options: dict[str, Any] = {"models_dir": models, "roots": [models]}
    assert read(**options).gpt_model.is_relative_to(models)
    for escape in ("../outside.wav", str(tmp_path / "outside.wav"), "link.wav", "a/../../outside.wav"):
        with pytest.raises(BadSpeaker, match=r"ref_audio: .* lies outside the folders allowed for voices"):
            read({"ref_audio": escape}, **options)
        assert read({"ref_audio": escape}, models_dir=models).ref_audio == tmp_path / "outside.wav"
    with pytest.raises(BadSpeaker, match=r"emotions\.sad\.ref_audio: .* lies outside"):
        read({"emotions": {"sad": {"ref_audio": "../outside.wav"}}}, **options)


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("zh", "zh"),
        ("ZH-CN", "zh"),
        ("en_US", "en"),
        ("Chinese", "all_zh"),
        ("中文", "all_zh"),
        ("英文", "en"),
        ("日文", "all_ja"),
        ("粤语", "all_yue"),
        ("韩文", "all_ko"),
        ("中英混合", "zh"),
        ("日英混合", "ja"),
        ("粤英混合", "yue"),
        ("韩英混合", "ko"),
        ("多语种混合", "auto"),
        ("多语种混合(粤语)", "auto_yue"),
        (" All_JA ", "all_ja"),
    ],
)
def test_language_labels(label: str, code: str) -> None:
    assert language_code(label) == code


def test_every_language_code_means_itself() -> None:
    assert [language_code(code) for code in LANGUAGE_CODES] == list(LANGUAGE_CODES)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*Speaker.__dataclass_fields__, "other"]), VALUES, max_size=4))
def test_any_values_make_a_speaker_or_a_bad_speaker(change: dict[str, Any]) -> None:
    try:
        speaker = read(change)
    except BadSpeaker:
        return
    assert 0.25 <= speaker.speed_factor <= 4
    assert speaker.missing_files() is not None
