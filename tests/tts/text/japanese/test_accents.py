"""Accent phrases and accents, word by word."""

import pytest

from tts.text.japanese.accents import phrase_accents
from tts.text.japanese.labels import phones_with_marks
from tts.text.japanese.phrases import digit_runs, phrase_starts
from tts.text.japanese.words import Word


def word(text: str, pos: str, group1: str = "*", accent: int = 0, rule: str = "*", **more) -> Word:
    given = {"group2": "*", "group3": "*", "form": "*", "sound": text, "num_morae": len(text)} | more
    return Word(text=text, pos=pos, group1=group1, accent=accent, rule=rule, **given)


def digit(text: str, sound: str, num_morae: int, rule: str = "C3") -> Word:
    return word(text, "名詞", "数", 1, rule, sound=sound, num_morae=num_morae)


@pytest.mark.parametrize(
    ("before", "after", "is_start"),
    [
        (word("本", "名詞", "一般"), word("を", "助詞", "格助詞"), False),
        (word("を", "助詞", "格助詞"), word("読む", "動詞", "自立"), True),
        (word("本", "名詞", "一般"), word("読む", "動詞", "自立"), True),
        (word("本", "名詞", "一般"), word("棚", "名詞", "一般"), False),
        (word("長い", "形容詞", "自立"), word("本", "名詞", "一般"), True),
        (word("とても", "副詞"), word("長い", "形容詞", "自立"), True),
        (word("今日", "名詞", "副詞可能"), word("本", "名詞", "一般"), True),
        (word("読み", "動詞", "自立", form="連用形"), word("始める", "動詞", "非自立"), False),
        (word("読ん", "動詞", "自立", form="仮定形"), word("いい", "形容詞", "非自立"), True),
        (word("て", "助詞", "接続助詞"), word("ほしい", "形容詞", "非自立"), False),
        (word("山田", "名詞", "固有名詞", group3="姓"), word("太郎", "名詞", "固有名詞", group3="名"), True),
        (word("山田", "名詞", "固有名詞", group3="姓"), word("さん", "名詞", "接尾"), False),
        (word("山田", "名詞", "固有名詞", group3="姓"), word("先生", "名詞", "一般"), True),
        (word("お", "接頭詞"), word("茶", "名詞", "一般"), False),
        (word("本", "名詞", "一般"), word("お", "接頭詞"), True),
        (word("静か", "名詞", "形容動詞語幹"), word("夜", "名詞", "一般"), True),
    ],
)
def test_where_phrases_begin(before, after, is_start):
    assert phrase_starts([before, after]) == [True, is_start]


def test_numbers_are_phrases_by_powers_of_ten():
    words = [digit("二", "ニ", 1), digit("十", "ジュー", 2, "*"), digit("五", "ゴ", 1)]
    counter = word("本", "名詞", "接尾", group2="助数詞")
    assert phrase_starts([*words, counter]) == [True, False, True, False]
    assert digit_runs(words) == []
    assert phrase_accents(words, [True, False, True]) == [1, 1, 1]


@pytest.mark.parametrize(
    ("numeral", "power", "accent"),
    [
        (digit("三", "サン", 2), digit("千", "ゼン", 2, "*"), 3),
        (digit("五", "ゴ", 1), digit("百", "ヒャク", 2, "*"), 3),
        (digit("三", "サン", 2), digit("百", "ビャク", 2, "*"), 1),
        (digit("七", "ナナ", 2), digit("百", "ヒャク", 2, "*"), 2),
        (digit("六", "ロク", 2), digit("億", "オク", 2, "*"), 2),
        (digit("五", "ゴ", 1), digit("兆", "チョー", 2, "*"), 1),
    ],
)
def test_where_hundreds_and_thousands_fall(numeral, power, accent):
    assert phrase_accents([numeral, power], [True, False])[0] == accent


def test_digits_one_by_one_go_in_pairs():
    words = [digit("九", "キュー", 2), digit("〇", "ゼロ", 2), digit("一", "イチ", 2)]
    assert digit_runs(words) == [range(3)]
    assert phrase_starts(words) == [True, False, True]
    assert phrase_accents(words, phrase_starts(words))[0] == 3


@pytest.mark.parametrize(
    ("rule", "head", "own", "accent"),
    [
        ("動詞%F4@1/助詞%F2@1", 0, 1, 3),
        ("動詞%F4@1", 1, 0, 3),
        ("形容詞%F4@1", 1, 0, 1),
        ("名詞%F1/動詞%F2@0", 0, 0, 2),
        ("F2@1", 1, 0, 1),
        ("F3@-1", 2, 0, 1),
        ("F3@-1", 0, 0, 0),
        ("F5", 2, 0, 0),
        ("C1", 2, 1, 3),
        ("C2", 0, 0, 3),
        ("C3", 1, 1, 2),
        ("C4", 1, 1, 0),
        ("P1", 1, 0, 0),
        ("P1", 1, 2, 4),
        ("P2", 1, 0, 3),
        ("P14", 1, 0, 1),
        ("-1", 1, 2, 1),
    ],
)
def test_a_word_changes_the_accent_before_it(rule, head, own, accent):
    words = [word("読み", "動詞", "自立", head), word("ます", "助動詞", "*", own, rule)]
    assert phrase_accents(words, [True, False])[0] == accent


def label(sound: str, from_fall: int, from_front: int, from_end: int, num_morae: int) -> str:
    return f"x^x-{sound}+x=x/A:{from_fall}+{from_front}+{from_end}/B:x/F:{num_morae}_1#0"


def test_marks_stand_after_the_last_sound_of_a_mora():
    labels = ["x^x-sil+x=x/A:xx+xx+xx/F:xx_xx", label("k", -1, 1, 2, 2), label("a", -1, 1, 2, 2)]
    labels += [label("I", 0, 2, 1, 2), label("o", 0, 1, 2, 2), label("N", 1, 2, 1, 2)]
    labels += ["x^x-pau+x=x/A:xx+xx+xx/F:xx_xx", label("e", 0, 1, 1, 1), labels[0]]
    assert phones_with_marks(labels) == ["k", "a", "[", "i", "#", "o", "]", "N", "_", "e"]
