"""The programs say what they are given and tell where; skipped where they are not installed."""

import ctypes.util
import shutil

import numpy as np
import pytest

from demo.speech.corpus import Line
from demo.speech.espeak import Espeak
from demo.speech.flite import Flite
from demo.speech.production import make_shard, schedule
from demo.speech.recording import record
from demo.speech.shards import read_shards
from demo.speech.speech import CannotSay
from demo.speech.teachers import COURSES
from demo.speech.utterance import UtteranceReader

LINES = [Line("reply", "zh", "你好，小雁。"), Line("reply", "zh", "♪"), Line("reply", "zh", "茶刚刚泡好。")]
SOUNDS = ("m", "ay", "n", "ey", "m", "ih", "z", "k", "ih", "ng", "g", "l", "ax", "n")
needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
needs_espeak = pytest.mark.skipif(
    ctypes.util.find_library("espeak-ng") is None, reason="libespeak-ng is not installed"
)


@pytest.fixture(scope="module")
def reader() -> UtteranceReader:
    return UtteranceReader()


def said(speech, utterance) -> list[tuple[str, str]]:
    return [(sound.label, utterance.phones[sound.phone]) for sound in speech.sounds]


@needs_flite
def test_flite_says_words_as_our_front_end_reads_them(reader):
    utterance = reader.read("My name is Qinglan.", "en")
    pairs = said(Flite("slt").say(utterance), utterance)
    assert ("k", "K") in pairs
    assert pairs[-1] == ("pau", ".")
    assert tuple(label for label, _ in pairs[1:-1]) == SOUNDS


@needs_flite
def test_flite_speaks_no_mandarin(reader):
    with pytest.raises(CannotSay, match="English only"):
        Flite("slt").say(reader.read("你好。", "zh"))


@needs_espeak
def test_espeak_says_syllables_with_their_tones(reader):
    utterance = reader.read("你来啦，快进来坐。", "zh")
    pairs = said(Espeak("f2", "f2").say(utterance), utterance)
    assert pairs[:6] == [("~n", "n"), ("~i3", "i3"), ("~l", "l"), ("~ai2", "ai2"), ("~l", "l"), ("~A5", "a5")]
    assert ("pau", ",") in pairs
    assert ("~uai4", "uai4") in pairs


@needs_espeak
def test_espeak_speaks_two_languages_in_one_sentence(reader):
    utterance = reader.read("我喜欢 tea，你呢？", "zh")
    speech = Espeak("f2", "f2").say(utterance)
    pairs = said(speech, utterance)
    assert ("iy", "IY1") in pairs
    assert ("~n", "n") in pairs
    ends = [sound.end_sec for sound in speech.sounds]
    assert ends == sorted(ends)
    assert ends[-1] == pytest.approx(len(speech.samples) / speech.rate_hz, abs=0.05)


@needs_espeak
def test_pauses_are_quiet_and_vowels_loud(reader):
    utterance = reader.read("外婆在院子里种了两棵石榴树，明天要下雨。", "zh")
    recording = record(utterance, Espeak("f2", "f2").say(utterance), seed=0)
    frames = recording.samples.reshape(-1, 640) / 32768
    labels = np.array([run.label for run in recording.runs for _ in range(run.frames)])
    rms = np.sqrt((frames**2).mean(1))
    assert np.median(rms[labels == "pau"]) < 0.1 * np.median(rms[np.char.startswith(labels, "~")])


@needs_espeak
def test_shards_are_written_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr("demo.speech.production.shard", lambda *args, **options: LINES)
    report = make_shard("f2", tmp_path, 0, "zh", 0)
    clips = read_shards(tmp_path)
    assert (report.num_clips, report.num_refused) == (2, 1)
    assert [clip.text for clip in clips] == ["你好，小雁。", "茶刚刚泡好。"]
    for clip in clips:
        assert len(clip.samples()) == 640 * len(clip.labels) == 640 * len(clip.owners)
        assert clip.owners.max() < len(clip.phones)


def test_missing_shards_name_the_command(tmp_path):
    with pytest.raises(FileNotFoundError, match="slt"):
        read_shards(tmp_path / "slt")


def test_languages_come_by_their_share_and_held_out_sentences_first():
    plan = schedule("f2", 8)
    assert plan[:2] == [("zh", 0), ("en", 0)]
    assert [language for language, _ in plan[2:]].count("zh") == 6
    assert [number for language, number in plan if language == "zh"] == list(range(7))
    assert set(COURSES) == {"slt", "rms", "f2"}
