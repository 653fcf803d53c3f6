import pytest

from tts.text import lexicon
from tts.text.front_end import FrontEnd
from tts.text.lexicon import SpeakerWords

ALL = ("zh", "en", "ja", "ko", "yue")
JYUTPING = ("hoeng1 gong2", "san1", "jan4")


@pytest.fixture(autouse=True)
def validity(monkeypatch) -> None:
    """Pinyin and ARPAbet are checked as ever; jyutping is what is listed here, kana and hangul are good."""
    check = lexicon.check_reading

    def check_reading(code: str, reading: str) -> tuple[str, ...]:
        if code == "yue" and reading not in JYUTPING:
            raise ValueError(reading)
        return check(code, reading) if code in ("zh", "en") else ("a",)

    monkeypatch.setattr(lexicon, "check_reading", check_reading)
    monkeypatch.setattr("tts.text.forced.check_reading", check_reading)


def words_of(entries: dict, languages: tuple[str, ...] = ALL) -> dict[str, dict[str, str]]:
    words = SpeakerWords(entries, languages)
    return {code: words.of(code) for code in ALL if words.of(code)}


def test_letters_and_notation_tell_the_language():
    assert words_of(
        {
            "纳西妲": "na4 xi1 da2",
            "Kira": "K AY1 R AH0",
            "東雲": "シノノメ",
            "ミク": "ミク",
            "국립": "궁닙",
            "香港": "hoeng1 gong2",
        }
    ) == {
        "zh": {"纳西妲": "na4 xi1 da2"},
        "en": {"Kira": "K AY1 R AH0"},
        "ja": {"東雲": "シノノメ", "ミク": "ミク"},
        "ko": {"국립": "궁닙"},
        "yue": {"香港": "hoeng1 gong2"},
    }


def test_a_table_names_the_language():
    assert words_of({"ja": {"東雲": "シノノメ"}, "Kira": "K AY1"}) == {
        "ja": {"東雲": "シノノメ"},
        "en": {"Kira": "K AY1"},
    }


def test_what_is_good_in_mandarin_and_cantonese_serves_both():
    assert words_of({"新": "san1"}) == {"zh": {"新": "san1"}, "yue": {"新": "san1"}}


def test_words_said_in_another_language_are_marked_in_the_text():
    words = SpeakerWords({"Nahida": "na4 xi1 da2", "重力": "K IH1 R", "ja": {"Kira": "キラ"}}, ALL)
    assert words.languages == ()
    assert words.mark("nahida, Nahidas, 用重力找{Kira|K AY1}和Kira") == (
        "{nahida|na4 xi1 da2}, Nahidas, 用{重力|K IH1 R}找{Kira|K AY1}和{Kira|キラ}"
    )
    words = SpeakerWords({"重": "K IH1", "重力": "K IH1 R"}, ALL)
    assert words.mark("重力重") == "{重力|K IH1 R}{重|K IH1}"
    symbols = " ".join(FrontEnd(lexicon={"Nahida": "na4 xi1 da2"}).read("这是Nahida啊。", "zh").symbols)
    assert "sh ir4 n a4 x i1 d a2" in symbols


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"T恤": "foo"}, "'T恤' has to be one of pinyin"),
        ({"Kira Y": "er9"}, "'Kira Y' has to be one of pinyin"),
        ({"Nahida": "na4 xi1 dq2"}, "'Nahida' has to be one of pinyin"),
        ({"fr": {"a": "b"}}, "'fr'; valid: zh, en, ja, ko, yue, or a word with its reading"),
    ],
)
def test_what_is_wrong_is_refused_with_what_would_do(entries, message):
    with pytest.raises(ValueError, match=message):
        SpeakerWords(entries, ALL)


def test_models_take_no_words_of_languages_they_do_not_speak():
    with pytest.raises(ValueError, match="is in ko, which these models do not speak; valid: zh, en, ja"):
        SpeakerWords({"국립": "궁닙"}, ("zh", "en", "ja"))
    with pytest.raises(ValueError, match=r"given for 'ko'; valid: zh, en, ja$"):
        SpeakerWords({"ko": {"국립": "궁닙"}}, ("zh", "en", "ja"))
