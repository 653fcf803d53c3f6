import pytest

from tts.text.english.lexicon import check_reading


def test_a_reading_becomes_its_phones() -> None:
    assert check_reading("k ih1  r ah0") == ("K", "IH1", "R", "AH0")


@pytest.mark.parametrize("reading", ["", " ", "K IH R", "na4 xi1", "キラ"])
def test_another_reading_is_refused_with_the_valid_symbols(reading: str) -> None:
    with pytest.raises(ValueError, match=r"ARPAbet.*valid: AA0 AA1"):
        check_reading(reading)
