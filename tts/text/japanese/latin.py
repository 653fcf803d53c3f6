"""Latin letters within Japanese: known words and romaji in kana, all else by the names of its letters."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

WORDS_FILE = Path(__file__).parent / "data" / "words.txt"
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
_HYPHEN = re.compile(r"(?<=[A-Za-z])-(?=[A-Za-z])")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# The dot is a border without a pause.
_BETWEEN_WORDS = re.compile(r"(?<=[A-Za-z])[ \t\u3000]+(?=[A-Za-z])")
_BETWEEN_SCRIPTS = re.compile(r"(?<=[A-Za-z])[ \t\u3000]+(?=[^\W\d])|(?<=[^\W\d])[ \t\u3000]+(?=[A-Za-z])")
_MIN_ROMAJI = 3
_LETTER_NAMES = (
    "エー ビー シー ディー イー エフ ジー エイチ アイ ジェー ケー エル エム エヌ オー ピー キュー "
    "アール エス ティー ユー ブイ ダブリュー エックス ワイ ゼット"
)
_LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz", _LETTER_NAMES.split(), strict=True))
_SIGNS = {"&": "アンド", "@": "アット", "+": "プラス"}
_SIGN = re.compile(r"[&@+]")
# Romaji by rows: a consonant and its kana with a i u e o; glides with ya yu yo.
_ROWS = (
    "  アイウエオ k カキクケコ s サシスセソ t タチツテト n ナニヌネノ h ハヒフヘホ m マミムメモ r ラリルレロ "
    "g ガギグゲゴ z ザジズゼゾ d ダヂヅデド b バビブベボ p パピプペポ"
)
_ROW = re.compile(r"([a-z]?) ([ァ-ヺ]{5})")
_GLIDE_STARTS = ("ky", "sh", "ch", "ny", "hy", "my", "ry", "gy", "by", "py", "j")
_GLIDES = dict(zip(_GLIDE_STARTS, "キシチニヒミリギビピジ", strict=True))
_OTHERS = "ya ヤ yu ユ yo ヨ wa ワ wo ヲ shi シ chi チ tsu ツ fu フ ji ジ"


@cache
def _syllables() -> Mapping[str, str]:
    rows: list[tuple[str, str]] = _ROW.findall(_ROWS)
    table: dict[str, str] = {
        row + vowel: kana for row, line in rows for vowel, kana in zip("aiueo", line, strict=True)
    }
    for glide, kana in _GLIDES.items():
        table |= {glide + vowel: kana + small for vowel, small in zip("auo", "ャュョ", strict=True)}
    others = _OTHERS.split()
    return table | dict(zip(others[::2], others[1::2], strict=True))


_SYLLABLE = r"(?:[kgsztdnhbpmr]?[aiueo]|(?:[kgnhbpmr]y|sh|ch|j)[auo]|y[auo]|w[ao]|shi|chi|tsu|fu|ji)"
# A stop is a doubled consonant or tch; an n at the end of a syllable stands before a consonant or the end.
_ROMAJI = re.compile(rf"(?:(?:([kstp])(?=\1)|t(?=ch))?{_SYLLABLE}(?:n(?![aiueoy])|m(?=[bp]))?)+")
_ROMAJI_PART = re.compile(rf"(?P<kana>{_SYLLABLE})|(?P<nasal>n(?![aiueoy])|m(?=[bp]))|(?P<stop>[kstp])")


@cache
def known_words() -> Mapping[str, str]:
    """Returns English words as they are said in Japanese, by lower-case word."""
    lines = WORDS_FILE.read_text(encoding="utf-8").splitlines()
    return dict(line.split() for line in lines if not line.startswith("#"))


def say_latin(text: str) -> str:
    """Returns a text in katakana where it had Latin letters, and the signs that are said as words."""
    text = _BETWEEN_SCRIPTS.sub("", _BETWEEN_WORDS.sub("・", text))
    text = _WORD.sub(lambda match: _say_word(match[0]), _HYPHEN.sub("", text))
    return _SIGN.sub(lambda match: _SIGNS[match[0]], text)


def _say_word(word: str) -> str:
    lower = re.sub("['’]", "", word).lower()
    known = known_words().get(lower)
    if known and (len(word) >= _MIN_ROMAJI or not word.isupper() or lower == "ok"):
        return known
    parts = _CAMEL.split(word)
    if len(parts) > 1:
        return "・".join(map(_say_word, parts))
    if not word.isupper() and len(lower) >= _MIN_ROMAJI and _ROMAJI.fullmatch(lower):
        return _from_romaji(lower)
    return "".join(map(_LETTERS.__getitem__, lower))


def _from_romaji(word: str) -> str:
    table = _syllables()
    kana = ""
    for part in _ROMAJI_PART.finditer(word):
        kana += table[part["kana"]] if part["kana"] else "ン" if part["nasal"] else "ッ"
    return kana
