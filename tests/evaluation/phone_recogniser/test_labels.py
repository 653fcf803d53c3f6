import pytest

from evaluation.phone_recogniser.corpus import make_lines
from evaluation.phone_recogniser.labels import labels, labels_of, language_of, without_tone
from evaluation.phone_recogniser.recogniser import collapse
from tts.text.front_end import FrontEnd
from tts.text.symbols import symbol_table


def test_marks_stress_and_silent_initials_do_not_count():
    assert labels(["HH", "AH0", "L", "OW1", ",", "ZH"], "en") == ["HH", "AH", "L", "OW", "ZH"]
    assert labels(["AA", "an1", "q", "van2", "!", "…"], "zh") == ["an1", "q", "van2"]


def test_the_labels_of_a_mixed_sentence_are_those_of_both_languages():
    found = labels_of("你好, Tom.", "auto", FrontEnd())
    assert found == ["n", "i2", "h", "ao3", "T", "AA", "M"]
    assert [language_of(label) for label in found] == ["zh"] * 4 + ["en"] * 3


@pytest.mark.parametrize(
    ("label", "plain"),
    [("ang3", "ang"), ("i04", "i0"), ("ir4", "ir"), ("E2", "E"), ("En5", "En"), ("zh", "zh"), ("AH", "AH")],
)
def test_tones_are_taken_off(label, plain):
    assert without_tone(label) == plain


@pytest.mark.parametrize("language", ["en", "zh"])
def test_training_lines_repeat_and_hold_known_labels_of_their_language(language):
    lines = make_lines(language, 60, seed=3)
    assert lines == make_lines(language, 60, seed=3)
    assert lines != make_lines(language, 60, seed=4)
    known = set(labels(symbol_table("v2").symbols, language))
    for line in lines:
        assert set(line.labels) <= known
        assert {language_of(label) for label in line.labels} == {language}


def test_third_tones_never_meet_in_training():
    for line in make_lines("zh", 100, seed=0):
        tones = [syllable.rstrip(",.?")[-1] for syllable in line.said.split()]
        assert "33" not in "".join(tones)
        assert len(tones) <= len(line.labels)


def test_a_ctc_path_is_collapsed():
    assert collapse([0, 3, 3, 0, 3, 5, 5, 0, 0]) == [3, 3, 5]
    assert collapse([]) == collapse([0, 0]) == []
