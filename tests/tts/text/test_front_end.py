import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tts.text.front_end import FrontEnd, Phones
from tts.text.symbols import symbol_table

OURS = FrontEnd("v2")
LIKE_UPSTREAM = FrontEnd("v1", is_like_upstream=True)


def check(phones: Phones, symbols: str) -> None:
    table = symbol_table(symbols)
    assert phones.ids.tolist() == [table.symbols.index(symbol) for symbol in phones.symbols]
    assert tuple(phone for segment in phones.segments for phone in segment.phones) == phones.symbols
    assert "".join(segment.norm_text for segment in phones.segments) == phones.norm_text
    for segment in phones.segments:
        assert segment.word2ph is None or segment.language in ("zh", "yue")
        if segment.word2ph is not None:
            assert len(segment.word2ph) == len(segment.norm_text)
            assert sum(segment.word2ph) == len(segment.phones)


ODD = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "0123456789.,:/-~%+=×÷²℃°$￥年月日点个第一不儿得地子号路米kmABCabc'’-— \n。，！？…（）《》αβ①"
            "々をはがカンー゛가요안ㅋ係喺{}|"
        ),
    ),
    max_size=40,
)


@given(ODD, st.sampled_from(OURS.modes))
@example("\ud800", "auto")
@example("１，２５０", "zh")
@example("-" * 40, "en")
@example("1/0", "en")
@example("9" * 40, "auto")
@example("２４:６０:０９~-１℃", "zh")
@example("儿儿儿儿", "zh")
@example("'s'-'", "en")
@example("{重|chong2}{ー|ー}{a|B}{|}", "auto")
@example("ーっんー々ヶ", "all_ja")
@example("ㅋㅋㅏ\u1100\u11a8", "ko")
@settings(max_examples=60, deadline=None)
def test_any_text_in_any_mode_is_read(text, language):
    check(OURS.read(text, language), "v2")
    if language in LIKE_UPSTREAM.modes:
        check(LIKE_UPSTREAM.read(text, language), "v1")


@pytest.mark.parametrize("language", ["auto", "en", "ja", "ko", "yue"])
def test_any_character_alone_is_read(language):
    for code in [*range(0, 0x3400, 17), *range(0x3400, 0x110000, 2003)]:
        check(OURS.read(chr(code), language), "v2")


def test_mandarin_and_english_in_one_sentence():
    phones = OURS.read("我用iPhone 15拍了3张照片。", "zh")
    assert (phones.segments[0].language, phones.segments[0].norm_text) == ("zh", "我用")
    assert " ".join(phones.symbols).startswith("w o3 y ong4 AY1 F OW")
    assert " ".join(phones.symbols).endswith("p ai1 l e5 s an1 zh ang1 zh ao4 p ian1 .")
    assert phones.ids.dtype == np.int64
    assert phones.num_skipped == 0


def test_a_short_sentence_gets_a_mark_in_front_and_a_lone_digit_stays_a_digit():
    assert OURS.read("3", "auto").symbols == (".", "s", "an1")
    assert OURS.read("3", "auto").segments[0].word2ph == (1, 2)
    assert LIKE_UPSTREAM.read("3", "auto").norm_text == "零点三"
    assert OURS.read("你好。", "zh").symbols[0] == "."
    assert OURS.read("明天见", "zh").symbols[0] == "m"
    assert OURS.read("OK", "en").symbols == (".", "OW1", "K", "EY1")
    assert LIKE_UPSTREAM.read("！！！", "auto").symbols == (",",)


@pytest.mark.parametrize("mark", "、，,")
def test_japanese_keeps_the_pause_before_the_next_language(mark):
    assert OURS.read(f"はい{mark}你好。", "auto").symbols[:6] == ("h", "a", "]", "i", ",", "n")
    assert LIKE_UPSTREAM.read(f"はい{mark}你好。", "auto").symbols[4] == ","


def test_short_english_words_get_no_pause_amid_mandarin_but_one_alone():
    amid = OURS.read("今晚的raid副本很难打。", "zh")
    assert " ".join(amid.symbols).startswith("j in1 w an3 d e5 R EY1 D f u4")
    like_upstream = LIKE_UPSTREAM.read("今晚的raid副本很难打。", "zh")
    assert " ".join(like_upstream.symbols).startswith("j in1 w an3 d e5 , R EY1 D f u4")


@pytest.mark.parametrize("text", ["", " ", "\n", "😀", "（）", "สวัสดี", "！！！", "……。"])
def test_nothing_to_say_gives_no_phones(text):
    phones = OURS.read(text, "auto")
    assert phones.symbols == ()
    assert phones.ids.shape == (0,)
    assert phones.ids.dtype == np.int64


def test_what_cannot_be_read_is_counted():
    assert OURS.read("我爱まいご的歌😀。", "zh").num_skipped == 4
    assert OURS.read("你好，世界！（笑）", "zh").num_skipped == 0


def test_a_lexicon_reads_names_of_both_languages():
    front_end = FrontEnd(lexicon={"纳西妲": "na4 xi1 da2", "Kira": "K AY1 R AH0"})
    symbols = " ".join(front_end.read("納西妲和Kira去了南方。", "zh").symbols)
    assert symbols.startswith("n a4 x i1 d a2 h e2 K AY1 R AH0 q v4")


def test_a_wrong_lexicon_is_refused_at_once_with_what_would_do():
    with pytest.raises(ValueError, match=r"'纳西妲'.* has to be 3 pinyin syllables"):
        FrontEnd(lexicon={"纳西妲": "na4 xi1"})
    with pytest.raises(ValueError, match=r"'Kira'.* has to be"):
        FrontEnd(lexicon={"Kira": "kirra"})


def test_unknown_languages_and_tables_are_refused():
    with pytest.raises(ValueError, match="unknown language 'fr'; valid: auto, auto_yue, en, zh, ja"):
        OURS.read("oui", "fr")
    with pytest.raises(
        ValueError, match=r"not speak the language 'ko'; valid: auto, en, zh, ja, all_zh, all_ja$"
    ):
        FrontEnd("v1").read("네", "ko")
    with pytest.raises(ValueError, match="valid: v1, v2"):
        FrontEnd("v4")
    with pytest.raises(ValueError, match="valid: zh, en, ja, ko, yue"):
        OURS.read_run("oui", "fr")


def test_v1_models_know_no_erhua():
    text = "我们去那儿玩一会儿。"
    assert OURS.read(text, "zh").symbols != FrontEnd("v1").read(text, "zh").symbols
