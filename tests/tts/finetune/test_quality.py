"""Bad data is named, with file and reason, before anything is trained on it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.tts.finetune.recordings import RATE, hum, record
from tts.finetune.clips import Clip
from tts.finetune.language_labels import label_fault
from tts.finetune.quality import as_dict, as_text, check_clips
from tts.finetune.reading import ClipReader
from tts.finetune.sound_measures import clipped_share, measure_sound

TEXT = "The little boat came home before the storm, and nobody asked why."  # about 45 phones

# The kinds of problems of each clip.
WANTED = {
    "silent": ["silent"],
    "clipped": ["clipped"],
    "abit": ["clipped"],
    "wordless": ["no-text"],
    "marks": ["no-text"],
    "chinese": ["wrong-language"],
    "english": ["wrong-language"],
    "toomuch": ["text-mismatch"],
    "toolittle": ["text-mismatch"],
    "tiny": ["too-short"],
    "giant": ["too-long"],
    "once": [],
    "twice": ["duplicate"],
    "noisy": ["noisy"],
    "pause": ["mostly-silence"],
    "faint": ["quiet"],
    "fast": ["unusual-speed"],
    "gone": ["unreadable"],
    "text": ["unreadable"],
}
# How the report says some of them.
REASONS = {
    "silent": "silent: nothing in it is louder than -120 dB",
    "clipped": "clipped: ",
    "chinese": "labelled en, but its letters are han (12): the label may have to be zh",
    "wordless": "no text: write the words into the list",
    "toomuch": "the text does not match the sound: 3",
    "twice": "the same sound as once.wav",
    "gone": "there is no such file",
    "text": "not a readable WAV, FLAC or OGG file",
    "giant": "55.0 s long; cut it to at most 54 s",
}


@pytest.fixture(scope="module")
def reader() -> ClipReader:
    return ClipReader()


def clip(folder: Path, name: str, samples: np.ndarray, text: str = TEXT, language: str = "en") -> Clip:
    return Clip(record(folder / f"{name}.wav", samples), "x", language, text)


def kinds(report, name: str) -> list[str]:
    return [p.kind for r in report.clips if r.clip.path.stem == name for p in r.problems]


def test_a_good_set_has_nothing_to_say(tmp_path, reader) -> None:
    clips = [clip(tmp_path, f"{i}", hum(4, seed=i)) for i in range(16)]
    told = []
    report = check_clips(clips, reader, told=lambda *counts: told.append(counts))
    assert [r.problems for r in report.clips] == [[]] * 16
    assert report.refusal is None
    assert report.remarks == []
    assert told == [(number, 16) for number in range(1, 17)]
    assert as_text(report).startswith("16 clips, 1.1 min; 16 good, 1.1 min\nlength 4.0 to 4.0 s, phones a")


def test_every_kind_of_bad_clip_is_named_with_its_reason(tmp_path, reader) -> None:
    good = hum(4, seed=50)
    clips = [
        *(clip(tmp_path, f"good{i}", hum(4, seed=i)) for i in range(16)),
        clip(tmp_path, "silent", np.zeros(4 * RATE)),
        clip(tmp_path, "clipped", np.clip(8 * hum(4, seed=20), -0.9, 0.9)),
        clip(tmp_path, "abit", np.clip(hum(4, seed=21), -2, 0.85 * hum(4, seed=21).max())),
        clip(tmp_path, "wordless", hum(4, seed=22), ""),
        clip(tmp_path, "marks", hum(4, seed=23), "..."),
        clip(tmp_path, "chinese", hum(4, seed=24), "今天的风很舒服，我们走走吧。"),
        clip(tmp_path, "english", hum(4, seed=25), TEXT, "zh"),
        clip(tmp_path, "toomuch", hum(4, seed=26), TEXT * 3),
        clip(tmp_path, "toolittle", hum(4, seed=27), "No."),
        clip(tmp_path, "tiny", hum(0.3, seed=28), "No."),
        clip(tmp_path, "giant", hum(55, seed=29), TEXT * 12),
        clip(tmp_path, "once", good),
        clip(tmp_path, "twice", good),
        clip(tmp_path, "noisy", hum(4, seed=30) + 0.1 * np.random.default_rng(0).standard_normal(4 * RATE)),
        clip(tmp_path, "pause", np.concatenate([hum(4, seed=31), np.zeros(9 * RATE)])),
        clip(tmp_path, "faint", 0.01 * hum(4, seed=32)),
        clip(tmp_path, "fast", hum(4, seed=33), TEXT + " " + TEXT),
        Clip(tmp_path / "gone.wav", "x", "en", TEXT),
        Clip(tmp_path / "text.wav", "x", "en", TEXT),
    ]
    (tmp_path / "text.wav").write_text("no sound")
    report = check_clips(clips, reader)
    assert not [r for r in report.clips if r.clip.path.stem.startswith("good") and r.problems]
    assert {name: kinds(report, name) for name in WANTED} == WANTED
    harmless = {"abit", "once", "noisy", "pause", "faint", "fast"}
    assert {r.clip.path.stem for r in report.good if not r.clip.path.stem.startswith("good")} == harmless
    text = as_text(report)
    for name, reason in REASONS.items():
        assert f"  {name}.wav: {reason}" in text
    left_out, worth_a_look = text.split("worth a look:")
    assert "silent.wav" in left_out
    assert "abit.wav" in worth_a_look
    assert json.loads(json.dumps(as_dict(report)))["num_good"] == len(report.good)


def test_three_seconds_are_refused_with_what_to_do_instead(tmp_path, reader) -> None:
    report = check_clips([clip(tmp_path, "a", hum(3), "The little boat came home.")], reader)
    assert report.refusal is not None
    assert "only 3 s can be trained on" in report.refusal
    assert "zero-shot" in report.refusal
    assert "(--anyway" in as_text(report)


class NoReader(ClipReader):
    """Saves loading the Mandarin dictionaries."""

    def can_read(self, language: str) -> bool:
        return False


def test_the_oldest_models_do_not_speak_korean_nor_cantonese(tmp_path) -> None:
    report = check_clips([clip(tmp_path, "a", hum(2), "배가 돌아왔어요.", "ko")], ClipReader("v1"))
    assert "these models do not speak ko; they speak zh, ja, en" in as_text(report)


def test_a_mixed_set_is_remarked_on(tmp_path) -> None:
    clips = [
        clip(tmp_path, "a", hum(2, seed=1), "我们用Python吧，好不好？", "zh"),
        Clip(clip(tmp_path, "b", hum(2, seed=2)).path, "someone else", "en", "The little boat."),
    ]
    report = check_clips(clips, NoReader())
    remarks = "\n".join(report.remarks)
    assert kinds(report, "a") == ["unreadable-language"]
    assert "several speakers (x 1, someone else 1)" in remarks
    assert "several languages: zh 1, en 1" in remarks
    assert "1 clips mix Latin letters" in remarks
    assert "no good clip is 3 to 10 s long" in remarks


@pytest.mark.parametrize(
    ("text", "language", "likely"),
    [
        ("今天的风很舒服", "en", "zh"),
        ("Good morning, all", "zh", "en"),
        ("おはようございます", "zh", "ja"),
        ("今日はいい天気ですね", "yue", "ja"),
        ("안녕하세요 여러분", "ja", "ko"),
        ("今天的天气真的好得很", "ja", "zh"),
        ("привет всем", "en", "other"),
    ],
)
def test_wrong_labels_are_seen_in_the_letters(text, language, likely) -> None:
    fault = label_fault(text, language)
    assert fault is not None
    assert fault.startswith(f"labelled {language}")
    assert likely in fault


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("OK", "zh"),
        ("我们用Python写", "zh"),
        ("今日はいい天気ですね", "ja"),
        ("東京", "ja"),
        ("안녕하세요 OK", "ko"),
        ("naïve café", "en"),
        ("1234", "en"),
        ("我哋去邊度呀", "yue"),
    ],
)
def test_right_labels_are_left_alone(text, language) -> None:
    assert label_fault(text, language) is None


def test_clipping_is_told_from_round_waves() -> None:
    wave = np.sin(2 * np.pi * 100 * np.arange(32_000) / 32_000)
    assert clipped_share(wave) == 0
    assert clipped_share(np.clip(2 * wave, -1, 1)) > 0.5
    assert clipped_share(np.clip(wave, -2, 0.7)) > 0.2, "one side alone"
    assert clipped_share(np.zeros(100)) == clipped_share(np.zeros(0)) == 0


def test_measures_of_a_known_sound() -> None:
    sound = measure_sound(np.concatenate([0.5 * np.ones(RATE), np.full(RATE, 0.005)]), RATE)
    assert sound.duration_sec == 2
    assert sound.peak_db == pytest.approx(-6.02, abs=0.01)
    assert sound.snr_db == pytest.approx(40, abs=0.5)
    assert sound.silence_share == pytest.approx(0.5, abs=0.02)
    assert measure_sound(np.zeros(0), RATE).duration_sec == 0
