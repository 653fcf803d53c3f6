import pytest

from tts.text.scripts import (
    is_chinese_only,
    is_japanese_only,
    is_letter,
    num_content,
    plain_letters,
    plain_units,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("plain 1", "plain 1"),
        ("𝓗𝓮𝓵𝓵𝓸 Ⓐｂ", "Hello Ab"),
        ("１２ ४ Ⅳ", "12 4 4"),
        ("か\u3099 e\u0301 \u1112\u1161\u11ab", "が é 한"),
        ("5² ① 〇 ℃", "5² ① 〇 ℃"),
    ],
)
def test_odd_forms_are_made_plain(text, plain):
    assert plain_letters(text) == plain


def test_units_and_numbers_of_one_character_are_made_plain():
    assert plain_units("５㎏、Ⅳ②℃ ½～ａ！") == "5kg、IV2°C ½~a!"


def test_letters_digits_and_signs_are_content_but_marks_and_blanks_are_not():
    assert num_content("好a1€☀") == 5
    assert num_content("，!— \n\u0301\u200b") == 0


def test_characters_of_one_side_are_told_apart():
    assert all(map(is_chinese_only, "你谢爱吗说佢哋嘅"))
    assert all(map(is_japanese_only, "気駅図働桜円込説"))
    assert not any(map(is_chinese_only, "日本世界我学気"))
    assert not any(map(is_japanese_only, "日本世界我学你"))


def test_signs_on_letters_are_letters_but_not_those_that_change_an_emoji():
    assert all(map(is_letter, "жกุ"))
    assert not any(map(is_letter, "❤\ufe0f。1"))
