import shutil
import subprocess

import numpy as np
import pytest
import soundfile

from evaluation.phone_recogniser.voices import JUDGED
from evaluation.teachers import NoTeacher, Teacher, pinyin_of, syllable_of, teachers_of
from tts.text.mandarin.pinyin import syllable_phones

SPEAKERS = ("Wren", "Bram", "Qinglan")
ALL = [teacher for speaker in SPEAKERS for teacher in teachers_of(speaker).values()]


def test_the_built_in_speakers_have_teachers_which_the_recogniser_may_judge():
    judged = {teacher.name for teachers in JUDGED.values() for teacher in teachers}
    for speaker in SPEAKERS:
        teachers = teachers_of(speaker)
        assert {teacher.name for teacher in teachers.values()} <= judged
        assert all(teacher.language == language for language, teacher in teachers.items())


def test_other_speakers_have_none_and_the_known_ones_are_named():
    with pytest.raises(NoTeacher, match=r"Nobody.*Wren, Bram, Qinglan"):
        teachers_of("Nobody")


@pytest.mark.parametrize(
    ("program", "voice", "language"),
    [("festival", "x", "en"), ("flite", "slt", "zh"), ("espeak-ng", "x", "ja")],
)
def test_what_a_program_cannot_do_is_refused(program, voice, language):
    with pytest.raises(ValueError, match="valid"):
        Teacher(program, voice, language)


def test_mandarin_is_given_to_the_program_as_our_front_end_reads_it():
    assert pinyin_of("你好，女儿！").split() == ["ni2", "hao3,", "nv3", "er2!"]
    assert pinyin_of("3个OK") == "san1 ge5"


@pytest.mark.parametrize("syllable", ["zhang3", "lv4", "xue2", "er2", "a1", "yuan5"])
def test_phones_become_the_syllable_they_came_from(syllable):
    assert syllable_of(*(syllable_phones(syllable) or ())) == syllable


def fake_program(monkeypatch, *, writes: bool = True) -> list[list[str]]:
    """Puts a program in place that writes half a second of sound, and notes how it was called."""
    calls: list[list[str]] = []

    def run(command: list[str], **options) -> None:
        calls.append(command)
        if writes:
            soundfile.write(command[-1], np.full((8000, 2), 0.25), 16_000)

    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(subprocess, "run", run)
    return calls


def test_a_voice_varies_where_its_program_can(monkeypatch):
    calls = fake_program(monkeypatch)
    samples, rate_hz = Teacher("espeak-ng", "en-us", "en").varied(0.8, 1.4).speak("Hello.")
    assert (samples.shape, rate_hz) == ((8000,), 16_000)
    assert calls[0][:7] == ["espeak-ng", "-v", "en-us", "-s", "140", "-p", "70"]
    Teacher("flite", "slt", "en").varied(0.8, 1.4).speak("Hello.")
    assert calls[1][3:7] == ["-s", "duration_stretch=1.250", "-s", "f0_shift=1.400"]


def test_failures_are_told(monkeypatch):
    fake_program(monkeypatch, writes=False)
    with pytest.raises(NoTeacher, match="no sound"):
        Teacher("flite", "slt", "en").speak("Hello.")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(NoTeacher, match="apt-get install flite"):
        Teacher("flite", "slt", "en").speak("Hello.")


@pytest.mark.parametrize("teacher", ALL, ids=lambda teacher: teacher.name)
def test_the_programs_speak(teacher):
    if shutil.which(teacher.program) is None:
        pytest.skip(f"{teacher.program} is not installed")
    samples, rate_hz = teacher.speak("Good morning." if teacher.language == "en" else "早上好。")
    assert 0.4 < len(samples) / rate_hz < 3
    assert np.abs(samples).max() > 0.05
