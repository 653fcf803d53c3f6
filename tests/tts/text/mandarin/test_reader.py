from pathlib import Path

import pytest

from tts.text.languages import ReaderOptions
from tts.text.mandarin.pinyin import char_syllables, is_readable, phrase_table, read_word, syllable_phones
from tts.text.mandarin.reader import MandarinReader
from tts.text.mandarin.readings import context_rules

DATA = Path(__file__).parents[3] / "data" / "text"
READER = MandarinReader(ReaderOptions())


def spoken(text: str, reader: MandarinReader = READER) -> str:
    return " ".join(reader.read(text).phones)


def test_our_own_polyphones():
    wrong = []
    for line in (DATA / "polyphones.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        text, syllable, index = line.split()
        phones = READER.read(text).phones[2 * int(index) : 2 * int(index) + 2]
        accepted = {syllable, syllable.replace("3", "2")}  # a third tone before another
        if phones not in [syllable_phones(one) for one in accepted]:
            wrong.append((text, syllable, phones))
    assert not wrong


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("不要", "b u2 y ao4"),
        ("不想", "b u4 x iang3"),
        ("信不信", "x in4 b u5 x in4"),
        ("你要不要来", "n i3 y ao4 b u5 y ao4 l ai2"),
        ("重要不重要", "zh ong4 y ao4 b u5 zh ong4 y ao4"),
        ("愿不愿意", "y van4 b u5 y van4 y i4"),
        ("主要不要", "zh u3 y ao4 b u2 y ao4"),
        ("一天", "y i4 t ian1"),
        ("一夜", "y i2 y E4"),
        ("第一次", "d i4 y i1 c i04"),
        ("想一想", "x iang3 y i5 x iang3"),
        ("你好", "n i2 h ao3"),
        ("小雨伞", "x iao3 y v2 s an3"),
        ("妈妈", "m a1 m a5"),
        ("月亮", "y ve4 l iang5"),
        ("桌子", "zh uo1 z i05"),
        ("我们", "w o3 m en5"),
        ("玩儿", "w an2 EE er2"),
        ("点儿", "d ian3 EE er3"),
        ("女儿", "n v3 EE er2"),
        ("银行行长", "y in2 h ang2 h ang2 zh ang3"),
        ("土地", "t u3 d i4"),
        ("好啊", "h ao3 AA a5"),
        ("一九九八年", "y i1 j iu3 j iu3 b a1 n ian2"),
        ("十一月一日", "sh ir2 y i1 y ve4 y i1 r ir4"),
        ("十一个", "sh ir2 y i1 g e5"),
        ("一楼", "y i1 l ou2"),
        ("幺幺零", "y ao1 y ao1 l ing2"),
        ("着了凉", "zh ao2 l e5 l iang2"),
    ],
)
def test_tones_in_speech(text, wanted):
    assert spoken(text) == wanted


def test_marks_are_phones_of_one_character():
    reading = READER.read("好，走。")
    assert reading.norm_text == "好,走."
    assert reading.phones == ("h", "ao3", ",", "z", "ou3", ".")
    assert reading.word2ph == (2, 1, 2, 1)


def test_upstream_reads_its_pause_signs_and_ours_does_not():
    upstream = MandarinReader(ReaderOptions(is_like_upstream=True))
    assert spoken("悬崖^千万，别看", upstream) == "x van2 y a2 SP3 q ian1 w an4 SP3 b ie2 k an4"
    assert spoken("要￥2", upstream) == "y ao4 SP2 EE er4"
    assert spoken("要￥2") == "y ao4 l iang3 y van2"


def test_a_lexicon_reading_is_taken_as_it_is_the_longest_word_first():
    lexicon = {"长好": "chang2 hao3", "长好好": "chang2 hao4 hao4"}
    reader = MandarinReader(ReaderOptions(lexicon=lexicon))
    assert spoken("长好好来了，长好走", reader) == "ch ang2 h ao4 h ao4 l ai2 l e5 , ch ang2 h ao3 z ou3"


@pytest.mark.parametrize("reading", ["", "na4", "na4 xi1 da9", "na4 xi1 xx2", "na xi da"])
def test_a_lexicon_reading_has_to_be_pinyin(reading):
    with pytest.raises(ValueError, match="3 pinyin syllables"):
        MandarinReader(ReaderOptions(lexicon={"纳西妲": reading}))


def test_every_han_character_is_read_or_unreadable_for_lack_of_phones():
    unreadable = [chr(code) for code in range(0x4E00, 0x9FA6) if not is_readable(chr(code))]
    assert len(unreadable) < 100
    assert not set("我你他的是在有不了人这个嗲啥咱俩") & set(unreadable)
    assert all(syllable_phones(syllable) for syllable in char_syllables("长"))
    assert char_syllables("a") == char_syllables("。") == char_syllables("") == ()


def test_phrases_keep_their_length_and_can_be_said():
    table = phrase_table()
    assert 20_000 < len(table) < 60_000
    assert all(len(phrase) == len(syllables) for phrase, syllables in table.items())
    assert all(syllable_phones(syllable) for syllables in table.values() for syllable in syllables)
    assert read_word("什么") == ["shen2", "me5"]
    assert read_word("参差不齐")[:2] == ["cen1", "ci1"]


def test_context_rules_name_the_character_they_are_for():
    for pattern, syllable, _ in context_rules():
        assert pattern.groups == 1
        char = pattern.pattern[pattern.pattern.rindex("(", 0, pattern.pattern.index(")", 0)) :]
        assert syllable_phones(syllable) is not None, char
