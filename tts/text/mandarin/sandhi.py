"""Tones in running speech: 不 and 一, the neutral tone, third tones in a row, and 儿 at the end of a word.

The rules and their limits are facts of GPT-SoVITS's front end, which its models learned; the word lists are
ours.
"""

from tts.text.mandarin.lists import word_set
from tts.text.mandarin.words import Word, halves

_PARTICLES = frozenset("吧呢啊呐噻嘛吖嗨哦哒哩哟喽啰耶喔")
_STRUCTURAL = frozenset("的地得")
_DIGITS = frozenset("零一二三四五六七八九幺")
_RANKED = frozenset("月号楼级")  # after 一 at the start of a word
_NUMERALS = frozenset("零一二三四五六七八九十百千万亿")
_BEFORE_MEASURE_GE = frozenset("几有两半多各整每做是零一二三四五六七八九十百千万亿")
_DIRECTIONS_BEFORE_LAI_QU = frozenset("上下进出回过起开")


def apply_tones(word: Word, *, before: str = "", is_like_upstream: bool = False) -> None:
    """Changes the tones of one (merged) word in place; `before` is the word in front of it."""
    if word.is_fixed:
        return
    if is_like_upstream or not _is_choice(word, before):
        _bu(word)
    _yi(word, before[-1:], is_like_upstream=is_like_upstream)
    _neutral(word, is_like_upstream=is_like_upstream)
    _third(word)


def _is_choice(word: Word, before: str) -> bool:
    """Lets the 不 of a question such as 要不要 go without a tone; tells whether the word has one.

    The dictionary has some of them as a word and cuts others in two (要|不要); upstream gives those a tone.
    """
    at = word.text.find("不")
    asked = (before if at == 0 else word.text[:at]) if at >= 0 else ""
    is_choice = asked != "" and word.text.startswith(asked, at + 1)
    if is_choice:
        word.set_tone(at, "5")
    return is_choice


def _bu(word: Word) -> None:
    text = word.text
    if len(text) == 3 and text[1] == "不":
        word.set_tone(1, "5")
        return
    for index in range(len(text) - 1):
        if text[index] == "不" and word.tone(index + 1) == "4":
            word.set_tone(index, "2")


def _yi(word: Word, before: str, *, is_like_upstream: bool) -> None:
    text = word.text
    if "一" not in text or all(char in _NUMERALS for char in text):
        return
    if len(text) == 3 and text[1] == "一" and text[0] == text[2]:
        word.set_tone(1, "5")
    elif text.startswith("第一"):
        word.set_tone(1, "1")
    else:
        for index in range(len(text) - 1):
            if text[index] == "一":
                is_figure = not is_like_upstream and _is_figure(text, index, before)
                sandhi = "2" if word.tone(index + 1) == "4" else "4"
                word.set_tone(index, "1" if is_figure else sandhi)


def _is_figure(text: str, index: int, before: str) -> bool:
    """Tells whether 一 is a digit, ends a number, dates or ranks: 一九九八年, 十一年, 一月一日, 一楼."""
    before, after = text[index - 1 : index] if index else before, text[index + 1]
    if after in _DIGITS or (before != "" and before in _NUMERALS):
        return True
    return (index == 0 and after in _RANKED) or (before == "月" and after in "日号")


def _neutral(word: Word, *, is_like_upstream: bool) -> None:
    """Neutral tones: doubled characters, particles, suffixes, 个 as a measure word, and the listed words."""
    text, tag = word.text, word.tag
    if tag[:1] in ("n", "v", "a"):
        # Upstream does so inside any word and reads 银行行长 with a neutral second 行.
        for index in range(1, len(text) if is_like_upstream or len(text) < 4 else 2):
            if text[index] == text[index - 1] and (is_like_upstream or not _keeps_tone(text[:2])):
                word.set_tone(index, "5")
    last = len(text) - 1
    ge = text.find("个")
    if _has_neutral_end(word, is_like_upstream=is_like_upstream):
        word.set_tone(last, "5")
    elif (ge >= 1 and text[ge - 1] in _BEFORE_MEASURE_GE) or text == "个":
        word.set_tone(ge, "5")
    elif _is_listed(text):
        word.set_tone(last, "5")
    if last < 1:
        return
    first, second = halves(text)
    if _is_listed(first):
        word.set_tone(len(first) - 1, "5")
    if second and _is_listed(second):
        word.set_tone(last, "5")


def _keeps_tone(doubled: str) -> bool:
    return doubled[0] in _DIGITS or doubled in word_set("full_tone")


def _is_listed(text: str) -> bool:
    listed = word_set("neutral")
    return (text in listed or text[-2:] in listed) and text not in word_set("full_tone")


def _has_neutral_end(word: Word, *, is_like_upstream: bool) -> bool:
    text, tag, last = word.text, word.tag, word.text[-1]
    if last in _PARTICLES:
        return True
    if last in _STRUCTURAL:
        # Upstream drops the tone of every word in 的 地 得, also of 目的 and 土地.
        return is_like_upstream or word.syllables[-1][:-1] == "de"
    if len(text) == 1:
        is_full = word.syllables[0] in ("zhao2", "liao3")
        return text in "了着过" and tag in ("ul", "uz", "ug") and not is_full
    if last == "子" and not is_like_upstream and text[-2:] in word_set("full_zi"):
        return False
    return (
        (last in "们子" and tag[:1] in ("r", "n"))
        or (last in "上下里" and tag[:1] in ("s", "l", "f"))
        or (last in "来去" and text[-2] in _DIRECTIONS_BEFORE_LAI_QU)
    )


def _third(word: Word) -> None:
    """The first of two third tones is said as a second; words of three and four characters by their parts."""
    size = len(word.text)
    if size == 2:
        _third_pair(word, 0)
    elif size == 3:
        num_first = len(halves(word.text)[0])
        if word.tones == "333":
            word.set_tone(0, "3" if num_first == 1 else "2")
            word.set_tone(1, "2")
        elif num_first == 2 or (num_first == 1 and not _third_pair(word, 1)):
            _third_pair(word, 0)
    elif size == 4:
        _third_pair(word, 0)
        _third_pair(word, 2)


def _third_pair(word: Word, start: int) -> bool:
    is_pair = word.tones[start : start + 2] == "33"
    if is_pair:
        word.set_tone(start, "2")
    return is_pair


def apply_erhua(word: Word) -> None:
    """Lets a final 儿 that only colours the syllable before it take that syllable's tone.

    The models say it as a syllable of its own either way. In 女儿 or 婴儿 it is a full word and stays er2.
    """
    if word.is_fixed or len(word.text) < 2 or not word.text.endswith("儿"):
        return
    last = len(word.text) - 1
    if word.tone(last) == "1":
        word.set_tone(last, "2")
    is_name = word.tag in ("a", "j", "nr") and word.text[-2:] not in word_set("light_er")
    is_full = word.text[-2:] in word_set("full_er") or is_name
    if not is_full and word.syllables[last] in ("er2", "er5"):
        word.set_tone(last, word.tone(last - 1))
