import pytest

from tts.text.mandarin.lexicon import Lexicon, check_reading


def test_a_reading_becomes_initials_and_finals() -> None:
    assert check_reading("Chong2 qing4") == ("ch", "ong2", "q", "ing4")
    assert check_reading("lü4") == check_reading("lv4") == check_reading("lu:4") == ("l", "v4")


@pytest.mark.parametrize("reading", ["", "chong qing", "chong2qing4", "chong6", "hoeng1 gong2", "K IH1"])
def test_another_reading_is_refused_with_a_valid_one(reading: str) -> None:
    with pytest.raises(ValueError, match=r"pinyin syllables with tone digits.*valid"):
        check_reading(reading)


def test_a_lexicon_word_needs_one_syllable_per_character() -> None:
    with pytest.raises(ValueError, match="3 pinyin syllables"):
        Lexicon({"纳西妲": "na4 xi1"})
    assert list(Lexicon({"納西妲": "na4 xi1 da2"}).split("去纳西妲那")) == [
        ("去", None),
        ("纳西妲", ("na4", "xi1", "da2")),
        ("那", None),
    ]
