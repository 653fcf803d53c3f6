from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.text.languages import MODES, mode_of
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
        ("1v1单挑", [("en", "1v1"), ("zh", "单挑")]),
        ("打5V5吧。", [("zh", "打"), ("en", "5V5"), ("zh", "吧。")]),
        ("来3vs3.", [("zh", "来"), ("en", "3vs3.")]),
        ("奖金100w，1.5k粉", [("zh", "奖金100w，1.5k粉")]),
        ("月薪10k。", [("zh", "月薪10k。")]),
        ("I ran 10k today", [("en", "I ran 10k today")]),
        ("4K屏幕", [("en", "4K"), ("zh", "屏幕")]),
        ("玩3D游戏", [("zh", "玩3"), ("en", "D"), ("zh", "游戏")]),
        ("等级Lv.3，5kg，$20，8:30", [("zh", "等级"), ("en", "Lv.3，"), ("zh", "5kg，$20，8:30")]),
        (
            "买了Lv.3，5kg，$20，HP+20",
            [("zh", "买了"), ("en", "Lv.3，"), ("zh", "5kg，$20，"), ("en", "HP+20")],
        ),
        ("他说Let's meet, 8:30", [("zh", "他说"), ("en", "Let's meet, 8:30")]),
        ("Elden Ring，298", [("en", "Elden Ring，298")]),
        ("第IV章", [("zh", "第4章")]),
        ("看第 XII 回", [("zh", "看第12回")]),
        ("第VIP章", [("zh", "第"), ("en", "VIP"), ("zh", "章")]),
    ],
)
def test_numbers_and_their_units_go_with_a_neighbour(text, wanted):
    assert cut(text) == wanted


def test_a_number_parted_from_letters_by_marks_is_said_in_the_language_of_the_sentence():
    assert cut("我哋Lv.3，HP+20，5kg，$20，8:30", "yue") == [
        ("yue", "我哋"),
        ("en", "Lv.3，HP+20，"),
        ("yue", "5kg，$20，8:30"),
    ]
    assert cut("これはOK。20%", "auto") == [("ja", "これは"), ("en", "OK。"), ("ja", "20%")]


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


def test_kana_and_hangul_are_runs_of_their_own_where_the_mode_speaks_them():
    assert cut("你好，こんにちは，안녕하세요，hello！") == [
        ("zh", "你好，"),
        ("ja", "こんにちは，"),
        ("ko", "안녕하세요，"),
        ("en", "hello！"),
    ]
    assert cut("나는 GPU 2개를 샀어.", "ko") == [("ko", "나는 "), ("en", "GPU "), ("ko", "2개를 샀어.")]
    assert cut("HPが50を切ったら", "ja") == [("en", "HP"), ("ja", "が50を切ったら")]
    assert cut("我個laptop壞咗", "yue") == [("yue", "我個"), ("en", "laptop"), ("yue", "壞咗")]
    assert cut("漢字 안녕", "ko") == [("ko", "漢字 안녕")]


def test_letters_of_other_scripts_are_left_out_and_counted():
    runs, num_skipped = split_languages("我爱まいご的歌안녕Приветสวัสดี", MODES["zh"])
    assert [(run.language, run.text) for run in runs] == [("zh", "我爱的歌")]
    assert num_skipped == 3 + 2 + 6 + 6
    runs, num_skipped = split_languages("まいご안녕", mode_of("auto", ("zh", "en", "ja")))
    assert [(run.language, run.text) for run in runs] == [("ja", "まいご")]
    assert num_skipped == 2


def test_odd_letters_are_plain_but_for_upstream():
    assert cut("这是ｉＰｈｏｎｅ　１５") == [("zh", "这是"), ("en", "iPhone\u300015")]
    assert cut("第Ⅳ章") == [("zh", "第4章")]
    assert cut("第４章", is_like_upstream=True) == [("zh", "第４章")]


def test_a_given_reading_stays_by_itself():
    runs, _ = split_languages("“{重|chong2}，庆{A|ナ}3个", MODES["auto"])
    assert [(run.language, run.text, run.reading) for run in runs] == [
        ("zh", "“", ""),
        ("zh", "重", "chong2"),
        ("zh", "，庆", ""),
        ("ja", "{A|ナ}", ""),  # which its reader takes
        ("zh", "3个", ""),
    ]
    assert cut("say {重|chong2} 你好", "en") == [("en", "say "), ("en", "重"), ("en", " 你好")]


@given(st.text(max_size=60), st.sampled_from(sorted(MODES)))
def test_nothing_else_is_lost_and_neighbours_differ(text, language):
    mode = MODES[language]
    runs, num_skipped = split_languages(text, mode, is_like_upstream=True)
    if not any(run.reading for run in runs):
        assert sum(len(run.text) for run in runs) == len(text) - num_skipped
        assert all(a.language != b.language for a, b in pairwise(runs))
    assert {run.language for run in runs} <= {mode.main, *mode.others}
    runs, num_skipped = split_languages(text, mode)
    assert {run.language for run in runs} <= {"zh", "en", "ja", "ko", "yue"}
