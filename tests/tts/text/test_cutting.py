import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.text.cutting import METHODS, cut, pieces_of

LONG, SHORT = "字" * 51, "字" * 20
SEVEN = "一。二。三。四。五。六。七。"


@pytest.mark.parametrize(
    ("method", "text", "wanted"),
    [
        ("cut0", "一。二", "一。二"),
        ("cut0", "... -", "\n"),
        ("cut1", SEVEN + "八……", SEVEN + "八……"),  # eight clauses stay as they are
        ("cut1", SEVEN + "八……九", "一。二。三。四。\n五。六。七。八。九。"),
        ("cut2", "一句话", "一句话"),
        ("cut2", "一——二", "一，二。"),
        ("cut2", LONG + "，" + SHORT + "。" + LONG + "。", LONG + "，\n" + SHORT + "。" + LONG + "。"),
        ("cut2", "字" * 51 + "，" + "字" * 20, "字" * 51 + "，" + "字" * 20 + "。"),
        ("cut3", "。一。。二！。", "一\n二！"),
        ("cut4", ".a.b1.2.c3.", "a\nb1.2.c3"),
        ("cut5", "3.14，好…… ok. 走", "3.14，\n好…\n ok.\n 走"),
        ("cut5", "。！", ""),
    ],
)  # fmt: skip
def test_methods_cut_where_upstream_does(method, text, wanted):
    assert cut(text, method) == wanted


@pytest.mark.parametrize(
    ("method", "language", "text", "wanted"),
    [
        ("cut5", "zh", "小猫；小狗、小鱼：都来了~真热闹", ["小猫；小狗、。", "小鱼：都来了~真热闹。"]),
        ("cut3", "zh", "嗯。我知道了。", ["嗯我知道了。"]),
        ("cut0", "zh", "去", ["。去。"]),
        ("cut4", "en", "Hi. OK. Sure. Let us go now.", ["Hi OK.", " Sure.", " Let us go now."]),
        ("cut0", "en", "Fine", ["Fine."]),
        ("cut5", "zh", "今天天气好，一二三，走了走了走。", ["今天天气好，", "一二三，走了走了走。"]),
        ("cut5", "zh", "今天很好，走。", ["今天很好，走。"]),  # the short rest goes to the piece before
        ("cut5", "zh", "。。。！！！", []),  # here and with blanks only upstream raises
        ("cut0", "zh", " \n \n", []),
        ("cut0", "zh", "字" * 520 + "，好", ["字" * 520 , "，好。"]),
        ("cut0", "zh", "字" * 300 + "，" + "字" * 300, ["字" * 300 + "，", "字" * 300 + "。"]),
    ],
)  # fmt: skip
def test_pieces_are_joined_ended_and_kept_short(method, language, text, wanted):
    assert pieces_of(text, language, method) == wanted


@given(st.text(alphabet="。，…！.!?,- \n1a好；、", max_size=60), st.sampled_from(sorted(METHODS)))
def test_every_text_has_pieces_with_something_to_say(text, method):
    pieces = pieces_of(text, "zh", method)
    assert all(any(map(str.isalnum, piece)) for piece in pieces)
    assert "".join(filter(str.isalnum, "".join(pieces))) == "".join(filter(str.isalnum, text))


def test_unknown_methods_and_languages_are_refused():
    with pytest.raises(ValueError, match="'cut6'; valid: cut0, cut1, cut2, cut3, cut4, cut5"):
        pieces_of("好", "zh", "cut6")
    with pytest.raises(ValueError, match="valid: auto"):
        pieces_of("好", "fr", "cut0")
