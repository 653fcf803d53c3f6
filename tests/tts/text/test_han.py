import pytest

from tts.text.languages import MODES
from tts.text.split import split_languages


def japanese(text: str, language: str = "auto", **options: bool) -> str:
    """The text's Japanese, one run from the next by `/`."""
    runs, _ = split_languages(text, MODES[language], **options)
    return "/".join(run.text for run in runs if run.language == "ja")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("今日は世界が静か", "今日は世界が静か"),  # kana in the clause
        ("東京駅", "東京駅"),  # a character that Chinese lacks
        ("東京大学", ""),
        ("彼は「世界」と言った", "彼は「世界」と言った"),  # the sentence is Japanese
        ("楽しい。最高！", "楽しい。最高！"),  # the text is
        ("早安，おはよう！", "おはよう！"),  # the Chinese comma
        ("ねえ、知ってる？最近、僕は寝てる", "ねえ、知ってる？最近、僕は寝てる"),
        ("我爱まいご的歌", "まいご"),  # 爱 is Chinese
        ("彼は你好と言った", "彼は/と言った"),  # but 彼は has a Japanese particle
        ("我最喜欢的歌是「まいご」，你听过吗？", "まいご」，"),
        ("最近今日はgood morningと言いました", "最近今日は/と言いました"),
        ("你好，世界", ""),
    ],
)
def test_what_stands_near_decides(text, wanted):
    assert japanese(text) == wanted


def test_only_modes_that_mix_languages_take_han_for_japanese():
    assert japanese("駅で", "zh") == ""
    assert japanese("你好世界", "ja") == "你好世界"
    assert japanese("彼は你", "auto_yue") == "彼は"
    assert japanese("最近、僕は寝てる", is_like_upstream=True) == "僕は寝てる"


def test_much_mixed_text_takes_no_long_time():
    assert len(japanese("我a世b。かc" * 3000)) > 3000
