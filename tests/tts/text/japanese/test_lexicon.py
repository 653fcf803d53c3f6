"""Readings in kana that a speaker or a text brings along."""

import pytest

from tts.text.japanese.lexicon import Lexicon, check_reading


@pytest.mark.parametrize(
    ("reading", "phones"),
    [
        ("ナヒーダ", "n a [ h i ] i d a"),
        ("なひーだ", "n a [ h i ] i d a"),
        ("ナ'ヒーダ", "n a ] h i i d a"),
        ("ナヒーダ'", "n a [ h i i d a"),
        ("カン", "k a ] N"),
        ("アリス", "a ] r i s u"),
        ("ジャン’・ポール", "j a [ N ] p o o r u"),
        ("ヴィーッ", "v i ] i cl"),
    ],
)
def test_kana_become_phones(reading, phones):
    assert " ".join(check_reading(reading)) == phones


@pytest.mark.parametrize("reading", ["", "'", "ー", "na4", "漢字", "ナ'ヒ'ダ", "K AH0", "ァ", "ナヒ!"])
def test_other_notations_are_refused_with_what_is_valid(reading):
    with pytest.raises(ValueError, match="valid is kana"):
        check_reading(reading)


def test_wrong_entry_is_named():
    with pytest.raises(ValueError, match="lexicon: '七海': the reading 'nanami' is not kana"):
        Lexicon({"七海": "nanami"})


def test_longest_word_counts():
    text, given = Lexicon({"七": "シチ", "七海": "ナナミ"}).take_out("七海と七")
    assert text == "\ue000と\ue001"
    assert [one.sound for one in given.values()] == ["ナナミ", "シチ"]
