"""Words no dictionary has are put together from what is known, or guessed from their letters."""

import pytest

from tts.text.english.dictionary import load_dictionary
from tts.text.english.letters import letter_model
from tts.text.english.names import read_name
from tts.text.english.words import read_word


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("moonlit", "M UW1 N L IH2 T"),
        ("dragonfire", "D R AE1 G AH0 N F AY2 ER0"),
        ("dragonfires", "D R AE1 G AH0 N F AY2 ER0 Z"),
        ("half-broken", "HH AE1 F B R OW1 K AH0 N"),
        ("witch's", "W IH1 CH IH0 Z"),
        ("goblin's", "G AA1 B L IH0 N Z"),
        ("moonlit's", "M UW1 N L IH2 T S"),
        ("sooooo", "S OW1"),
        ("hmmmmm", "HH AH0 M"),
        ("brb", "B IY1 AA1 R B IY1"),
        ("unfriend", "AH0 N F R EH1 N D"),
        ("gobliny'd", None),
        ("", ""),
        ("'", ""),
    ],
)
def test_unknown_words_of_known_parts(word: str, said: str | None) -> None:
    phones = read_word(word)
    assert phones if said is None else " ".join(phones) == said


def test_foreign_names_keep_their_vowels() -> None:
    assert " ".join(read_name("nahida") or ()) == "N AA0 HH IY1 D AA0"
    assert " ".join(read_name("yuuki") or ()) == "Y UW1 K IY0"
    assert read_name("blake") is None
    assert read_word("nahida", is_name=True) == read_name("nahida")


def test_the_letter_model_says_ordinary_spellings() -> None:
    model = letter_model()
    assert model.read("blorf") == ("B", "L", "AO1", "R", "F")
    assert model.read("zingle") == model.read("zingle")


def test_the_letter_model_stresses_one_vowel_at_least() -> None:
    words = [word for word in list(load_dictionary())[::997] if word.isalpha()]
    for word in words:
        phones = letter_model().read(word)
        assert not any(phone[-1] in "02" for phone in phones) or any(phone[-1] == "1" for phone in phones)


def test_the_letter_model_knows_most_phones_of_real_words() -> None:
    words = [word for word in list(load_dictionary())[::499] if word.isalpha()]
    total = wrong = 0
    for word in words:
        wanted = {phone.rstrip("012") for phone in load_dictionary()[word].split()}
        got = {phone.rstrip("012") for phone in letter_model().read(word)}
        total += len(wanted)
        wrong += len(wanted - got)
    assert wrong < 0.2 * total
