"""Written Japanese becomes what is said."""

import pytest

from tts.text.japanese.kana import plain_kana
from tts.text.japanese.latin import say_latin
from tts.text.japanese.marks import plain_marks
from tts.text.japanese.normalise import normalise
from tts.text.japanese.numbers import say_numbers


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("1,234,567円", "1234567円"),
        ("¥1,980と$5.50", "1980円と5.50ドル"),
        ("¥100万", "100万円"),
        ("2024/3/5と2024-03-05", "2024年3月5日と2024年3月5日"),
        ("2024/13/5", "2024/13/5"),
        ("20:30に", "20時30分に"),
        ("12:00", "12時"),
        ("8:05pm", "午後8時5分"),
        ("2:30:15", "2時30分15秒"),
        ("3:2で", "3タイ2で"),
        ("20-30人", "20から30人"),
        ("20〜30歳", "20から30歳"),
        ("3-2で勝つ", "3タイ2で勝つ"),
        ("1/2の", "2分の1の"),
        ("4/1に", "4月1日に"),
        ("3/5(火)", "3月5日(火)"),
        ("90%", "90パーセント"),
        ("500mlと10km/h", "500ミリリットルと10キロメートル毎時"),
        ("36.5°C", "36.5度"),
        ("Lv.3とLV 4", "レベル3とレベル4"),
        ("No.1と#2", "ナンバー1とナンバー2"),
        ("v1.2.3", "バージョン1点2点3"),
        ("HP+20、MP-5", "HPプラス20、MPマイナス5"),
        ("気温は-5度", "気温はマイナス5度"),
        ("5×3=15", "5かける3イコール15"),
        ("090-1234-5678", "090−1234−5678"),
    ],
)
def test_numbers_stand_with_words(written, said):
    assert say_numbers(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("HP", "エイチピー"),
        ("gameのBoss", "ゲームのボス"),
        ("sakuraとyuki", "サクラとユキ"),
        ("Nippon", "ニッポン"),
        ("shinbun", "シンブン"),
        ("Matcha", "マッチャ"),
        ("kyoto", "キョト"),
        ("xyz", "エックスワイゼット"),
        ("Wi-Fi", "ワイファイ"),
        ("GAME OVERだ", "ゲーム・オーバーだ"),
        ("私は Steam で", "私はスチームで"),
        ("A&B", "エーアンドビー"),
    ],
)
def test_latin_letters_become_kana(written, said):
    assert say_latin(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("やったぁぁ", "やったー"),
        ("えーーーっ", "えーっ"),
        ("あっっ", "あっ"),
        ("ふぁいと", "ふぁいと"),
        ("ティーとトゥ", "ティーとトゥ"),
        ("かぃ", "かい"),
        ("こゝろ、いすゞ", "こころ、いすず"),
        ("あ゛あ゛", "ああ"),
        ("ヷゑ", "ヴァえ"),
    ],
)
def test_spellings_of_chat_become_plain_kana(written, said):
    assert plain_kana(written) == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("今日は！！！雨", "今日は!雨"),
        ("なに！？", "なに?"),
        ("あの……実は……", "あの…実は…"),
        ("「行くぞ」と彼は（笑って）言った。", "行くぞと彼は,笑って,言った."),
        ("「はい」「いいえ」", "はい,いいえ"),
        ("おはよ～ございます", "おはよーございます"),
        ("わーい～楽しいね〜", "わーいー,楽しいねー"),
        ("東京——大阪", "東京,大阪"),
        ("おやすみ🌙また明日😀", "おやすみ,また明日"),
        ("……", "…"),
        ("、、", ""),
        ("、はい、", "はい,"),
        ("まいご，", "まいご,"),
        ("まいご」，", "まいご,"),
        ("ええ、」 ", "ええ,"),
        ("それは——", "それは,"),
        ("はい！，", "はい!"),
        ("はい」", "はい"),
        ("はい~", "はいー…"),
    ],
)
def test_marks_are_pauses_or_nothing(written, said):
    assert plain_marks(written) == said


def test_what_cannot_be_read_is_left_out_and_counted():
    assert normalise("ЖとЯ") == ("と", 2)
    assert normalise("おはよう🌙") == ("おはよう", 1)
    assert normalise("「はい」、\n") == ("はい,", 0)


def test_forms_of_any_width_are_the_same():
    assert normalise("ＡＢＣ１２３ﾊﾟﾝ") == normalise("ABC123パン")
    assert normalise("3.5倍の½") == ("3．5倍の2分の1", 0)


def test_laughter_is_not_spelled():
    assert normalise("負けたwww") == ("負けた", 0)
    assert normalise("負けた（笑）。") == ("負けた.", 0)
