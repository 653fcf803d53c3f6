import pytest

from tts.text.pieces import prepare_reference, prepare_target


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("明天见", "zh", "。明天见。"),
        ("你好呀，旅行者", "zh", "。你好呀，旅行者。"),
        ("今天天气好，出发", "auto", "今天天气好，出发。"),
        ("今天天气好！", "zh", "今天天气好！"),
        ("Hi", "en", ".Hi."),
        ("Hello there", "en", "Hello there."),
        ("，走吧走吧", "zh", "，走吧走吧。"),
        ("\n一二三四五\n六七八", "zh", "一二三四五 六七八。"),
    ],
)
def test_targets_get_an_end_and_short_starts_a_mark(text, language, wanted):
    assert prepare_target(text, language) == wanted


@pytest.mark.parametrize("text", ["", "  \n", "……！？", "——"])
def test_a_target_with_nothing_to_say_is_empty(text):
    assert prepare_target(text, "zh") == ""


def test_references_only_get_an_end():
    assert prepare_reference("你好\n", "zh") == "你好。"
    assert prepare_reference("Yes", "en") == "Yes."
    assert prepare_reference("好。", "zh") == "好。"
    assert prepare_reference("", "zh") == ""


@pytest.mark.parametrize("prepare", [prepare_target, prepare_reference])
@pytest.mark.parametrize("text", ["", "你好"])
def test_unknown_languages_are_refused(prepare, text):
    with pytest.raises(ValueError, match="valid: auto"):
        prepare(text, "xx")
