from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.text.languages import MODES
from tts.text.split import split_languages


def cut(text: str, language: str = "auto", **options: bool) -> list[tuple[str, str]]:
    runs, _ = split_languages(text, MODES[language], **options)
    return [(run.language, run.text) for run in runs]


def test_scripts_decide_and_marks_stay_with_what_they_end():
    assert cut("Hello，我是小雪，nice to meet you！") == [
        ("en", "Hello，"),
        ("zh", "我是小雪，"),
        ("en", "nice to meet you！"),
    ]
    assert cut("“Let's go!”，他说。") == [("en", "“Let's go!”，"), ("zh", "他说。")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("这个boss有3个phase", [("zh", "这个"), ("en", "boss"), ("zh", "有3个"), ("en", "phase")]),
        ("我在Steam花了298元", [("zh", "我在"), ("en", "Steam"), ("zh", "花了298元")]),
        ("ThinkPad T60发布了", [("en", "ThinkPad T60"), ("zh", "发布了")]),
        ("第3章，Lv.5的角色", [("zh", "第3章，"), ("en", "Lv.5"), ("zh", "的角色")]),
        ("版本v2.0.1", [("zh", "版本"), ("en", "v2.0.1")]),
        ("buy 3个", [("en", "buy "), ("zh", "3个")]),
        ("Elden Ring，298元", [("en", "Elden Ring，"), ("zh", "298元")]),
        ("3 apples and 5 oranges", [("en", "3 apples and 5 oranges")]),
        ("12", [("zh", "12")]),
        ("到海边有350km，骑马", [("zh", "到海边有350km，骑马")]),
        ("气温是-12°C左右", [("zh", "气温是-12°C左右")]),
    ],
)
def test_numbers_and_their_units_go_with_a_neighbour(text, wanted):
    assert cut(text) == wanted


def test_all_zh_reads_digits_as_mandarin_and_en_cuts_nothing():
    assert cut("iPhone 15 Pro", "auto") == [("en", "iPhone 15 Pro")]
    assert cut("iPhone 15 Pro", "all_zh") == [("en", "iPhone "), ("zh", "15 "), ("en", "Pro")]
    assert cut("The word 你好", "en") == [("en", "The word 你好")]


def test_upstream_takes_a_unit_for_an_english_word():
    assert cut("有350km，骑马", "all_zh", is_like_upstream=True) == [
        ("zh", "有350"),
        ("en", "km，"),
        ("zh", "骑马"),
    ]


def test_letters_of_other_scripts_are_left_out_and_counted():
    runs, num_skipped = split_languages("我爱まいご的歌안녕Привет", MODES["zh"])
    assert [(run.language, run.text) for run in runs] == [("zh", "我爱的歌")]
    assert num_skipped == 3 + 2 + 6


@given(st.text(max_size=60), st.sampled_from(("auto", "zh", "all_zh", "en")))
def test_nothing_else_is_lost_and_neighbours_differ(text, language):
    runs, num_skipped = split_languages(text, MODES[language])
    assert sum(len(run.text) for run in runs) == len(text) - num_skipped
    languages = [run.language for run in runs]
    assert set(languages) <= {"zh", "en"}
    assert all(a != b for a, b in pairwise(languages))
