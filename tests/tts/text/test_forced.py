import pytest

from tts.text.forced import drop_wrong_readings, languages_of, phones_of, split_forced, without_readings
from tts.text.front_end import FrontEnd

OURS = FrontEnd()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("{重|chong2}庆", "重庆"),
        ("去｛ 重庆 ｜chong2 qing4｝吧", "去重庆吧"),
        ("{a}{|b}{c|}{d | }|{e|f\ng}", "{a}{|b}{c|}{d | }|{e|f\ng}"),
        ("{{Kira|K AY1}}", "{Kira}"),
    ],
)
def test_the_word_is_shown(text, shown):
    assert without_readings(text) == shown


@pytest.mark.parametrize(
    ("reading", "main", "languages"),
    [
        ("chong2 qing4", "zh", ("zh", "yue")),
        ("hoeng1 gong2", "yue", ("yue", "zh")),
        ("K IH1 R AH0", "zh", ("en",)),
        ("ER1", "zh", ("zh", "en", "yue")),
        ("er1", "en", ("en", "zh", "yue")),
        ("ナヒーダ", "zh", ("ja",)),
        ("나히다", "zh", ("ko",)),
        ("重庆", "zh", ()),
        ("kirra", "en", ()),
    ],
)
def test_the_notation_tells_the_language(reading, main, languages):
    assert languages_of(reading, main) == languages


def test_readings_become_phones_of_languages_that_are_spoken():
    assert split_forced("{重|chong2}") == ("重", "chong2")
    assert phones_of("chong2", "en", ("zh", "en")) == ("zh", ("ch", "ong2"))
    assert phones_of("K IH1", "zh", ("zh", "en")) == ("en", ("K", "IH1"))
    assert phones_of("chong9", "zh", ("zh", "en")) is None
    assert phones_of("나", "zh", ("zh", "en", "ja")) is None
    assert drop_wrong_readings("{重|chong9}{重|chong2}", "zh", ("zh", "en")) == ("重{重|chong2}", 1)


def test_a_word_is_read_as_it_is_told_in_any_mode():
    segments = OURS.read("我们去{重|chong2}庆吧。", "zh").segments
    assert [(segment.text, " ".join(segment.phones)) for segment in segments[1:]] == [
        ("重", "ch ong2"),
        ("庆吧。", "q ing4 b a5 ."),
    ]
    assert segments[1].word2ph == (2,)
    phones = OURS.read("I met {Nahida|na4 xi1 da2} and {Kira|K AY1 R AH0}.", "en")
    assert "AE1 N D K AY1 R AH0" in " ".join(phones.symbols) or "AH0 N D K AY1 R AH0" in " ".join(
        phones.symbols
    )
    assert [segment.language for segment in phones.segments] == ["en", "zh", "en", "en", "en"]
    assert phones.segments[1].word2ph is None


@pytest.mark.parametrize(
    ("text", "language", "after"),
    [
        ("{重|chong2}、おはよう。", "ja", ", o"),
        ("「{Kira|K IH1}」、「おはよう」", "ja", ", o"),
        ("{Kira|K IH1}——おはよう", "auto", ", o"),
        ("{Kira|K IH1}、{ナ|ナ}", "ja", ", n"),
        ("{Kira|K IH1}、", "ja", ","),
        ("{重|chong2}, or not", "en", ", AO1"),
        ("{重|chong2} - or not", "en", ", AO1"),
        ("{Kira|K IH1}，你好", "zh", ", n"),
        ("{Kira|K IH1}：你好", "yue", ", Yn"),
        ("{重|chong2}, 나", "ko", ", 空"),
        ("{重|chong2}! or not", "en", "! AO1"),
        ("{重|chong2} or not", "en", "AO1 R"),
        ("{Kira|K IH1}おはよう", "ja", "o ["),
        ("{Kira|K IH1}、{重|chong2}or-not, no", "en", ", ch"),
    ],
)
def test_a_pause_behind_a_given_reading_is_kept_once(text, language, after):
    symbols = " ".join(OURS.read(text, language).symbols)
    given = next(phones for phones in ("ch ong2", "K IH1") if symbols.startswith((phones, f". {phones}")))
    assert symbols.partition(given)[2][1:].startswith(after)


def test_a_wrong_reading_is_counted_and_the_word_read_plainly():
    plain, told = OURS.read("我们去重庆吧。", "zh"), OURS.read("我们去{重庆|foo9}吧。", "zh")
    assert told.symbols == plain.symbols
    assert (plain.num_skipped, told.num_skipped) == (0, 1)


@pytest.mark.parametrize(
    "text", ["{" * 3000, "{a" * 3000, "{a|" * 3000, "{" + "a|" * 3000, "{" + "a" * 30000]
)
def test_brackets_without_an_end_cost_no_time(text):
    assert without_readings(text) == text
