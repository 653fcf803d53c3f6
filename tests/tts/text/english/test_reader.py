"""English text becomes phones the models know, whatever the text is."""

import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.text.english.dictionary import homographs, own_readings, phone_symbols
from tts.text.english.reader import EnglishReader
from tts.text.languages import ReaderOptions
from tts.text.symbols import symbol_table

GOLDENS = Path("../shared/gpt-sovits/text-goldens/en.jsonl")
READER = EnglishReader(ReaderOptions())
SYMBOLS = frozenset(symbol_table("v1").symbols)


def phones_of(text: str, **options: object) -> str:
    return " ".join(EnglishReader(ReaderOptions(**options)).read(text).phones)  # type: ignore[arg-type]


def test_a_plain_sentence() -> None:
    reading = READER.read("Don't worry, I've got your back.")
    assert " ".join(reading.phones) == "D OW1 N T W ER1 IY0 , AY1 V G AA1 T Y AO1 R B AE1 K ."
    assert (reading.norm_text, reading.word2ph, reading.num_skipped) == (
        "Don't worry, I've got your back.",
        None,
        0,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("They live here.", "L IH1 V"),
        ("It was a live show.", "L AY1 V"),
        ("She lives here.", "L IH1 V Z"),
        ("They saved our lives.", "L AY1 V Z"),
        ("The wind is cold.", "W IH1 N D"),
        ("You will wind the clock.", "W AY1 N D"),
        ("I want to read.", "R IY1 D"),
        ("She has read it.", "R EH1 D"),
        ("Have you read it?", "R EH1 D"),
        ("I read it yesterday.", "R EH1 D"),
        ("Tears fell.", "T IH1 R Z"),
        ("Please tear it up.", "T EH1 R"),
        ("You lead the way.", "L IY1 D"),
        ("A box made of lead.", "L EH1 D"),
        ("Take your bow and arrows.", "B OW1"),
        ("We bow to the queen.", "B AW1"),
        ("The wound hurts.", "W UW1 N D"),
        ("He wound up there.", "W AW1 N D"),
        ("Close the door.", "K L OW1 Z"),
        ("Stay close to me.", "K L OW1 S"),
        ("Use it now.", "Y UW1 Z"),
        ("It is of no use.", "Y UW1 S"),
        ("Record the song.", "R IH0 K AO1 R D"),
        ("Play the record.", "R EH1 K ER0 D"),
        ("Play the record you bought.", "R EH1 K ER0 D"),
        ("He came already. Did you read it?", "R IY1 D"),
        ("Let him read it.", "R IY1 D"),
        ("I wound the clock.", "W AW1 N D"),
        ("I object to that.", "AH0 B JH EH1 K T"),
        ("A strange object fell.", "AA1 B JH EH0 K T"),
    ],
)
def test_homographs_follow_their_neighbours(text: str, said: str) -> None:
    assert f" {said} " in f" {phones_of(text)} "


def test_initials_and_the_two_kinds_of_a() -> None:
    assert phones_of("Meet me at 8:30 by the gate.").endswith("TH ER1 D IY2 EY1 EH1 M B AY1 DH AH0 G EY1 T .")
    assert phones_of("It ends at 8pm.").endswith("EY1 T P IY1 EH1 M .")
    assert phones_of("A plan, a dog, plan A.") == "AH0 P L AE1 N , AH0 D AO1 G , P L AE1 N EY1 ."
    assert phones_of("A plan.", is_like_upstream=True).startswith("EY1")


def test_short_text_gets_a_comma_only_when_it_stands_alone() -> None:
    assert READER.read("Hi").phones == (",", "HH", "AY1")
    assert READER.read("Hi", is_alone=False).phones == ("HH", "AY1")
    assert READER.read("Cat").phones == (",", "K", "AE1", "T")
    assert READER.read("Cats").phones == ("K", "AE1", "T", "S")
    assert EnglishReader(ReaderOptions(is_like_upstream=True)).read("Hi", is_alone=False).phones[0] == ","


def test_a_lexicon_comes_first_whatever_the_case() -> None:
    lexicon = {"Nahida": "N AA0 HH IY1 D AA0", "read": "r iy1 d", "纳西妲": "na4 xi1 da2"}
    assert phones_of("NAHIDA has nahida's read", lexicon=lexicon) == (
        "N AA0 HH IY1 D AA0 HH AE1 Z N AA0 HH IY1 D AA0 Z R IY1 D"
    )


@pytest.mark.parametrize("reading", ["", "N A X", "na4"])
def test_a_bad_lexicon_reading_is_refused_with_the_valid_symbols(reading: str) -> None:
    with pytest.raises(ValueError, match=r"Nahida.*valid: AA0 AA1"):
        EnglishReader(ReaderOptions(lexicon={"Nahida": reading}))


def test_all_readings_in_the_data_are_phones_of_the_models() -> None:
    ours = {phone for roles in homographs().values() for reading in roles.values() for phone in reading}
    ours |= {phone for reading in own_readings().values() for phone in reading.split()}
    assert ours <= phone_symbols() <= SYMBOLS


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="0123456789:/.-,$%IVXaAs' \t\n°k@#+=*(", max_size=40))
def test_any_string_is_read(text: str) -> None:
    for is_like_upstream in (False, True):
        reading = EnglishReader(ReaderOptions(is_like_upstream=is_like_upstream)).read(text)
        assert set(reading.phones) <= SYMBOLS
        assert all(char.isascii() and not char.isdigit() for char in reading.norm_text)
        assert reading == EnglishReader(ReaderOptions(is_like_upstream=is_like_upstream)).read(text)


def test_every_code_point_is_read() -> None:
    chars = [chr(code) for code in range(0, sys.maxunicode + 1, 17)]
    for start in range(0, len(chars), 500):
        assert set(READER.read(" a".join(chars[start : start + 500])).phones) <= SYMBOLS


def test_long_words_and_numbers_are_read() -> None:
    for text in (
        "x" * 3000,
        "bla" * 1000,
        "9" * 5000,
        "'" * 2000,
        "A." * 1000,
        "HE" * 1000,
        "1/" * 800,
        "-" * 900,
    ):
        assert READER.read(text).phones


@pytest.mark.skipif(not GOLDENS.exists(), reason="the goldens are not part of the repository")
def test_agrees_with_upstream_when_told_to() -> None:
    reader = EnglishReader(ReaderOptions(is_like_upstream=True))
    rows = [json.loads(line) for line in GOLDENS.read_text(encoding="utf-8").splitlines()]
    same = sum(list(reader.read(row["text"]).phones) == row["phones"] for row in rows)
    assert same >= 0.85 * len(rows)
