"""Which character is what: the scripts that can be read, and odd forms of letters and digits made plain."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Insides of character classes.
HAN = r"々〆〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
HIRAGANA = r"\u3041-\u3096\u309d-\u309f"
KANA = rf"{HIRAGANA}\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
HANGUL = r"\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7a3\ud7b0-\ud7fb\uffa1-\uffdc"
LATIN = r"A-Za-z\uff21-\uff3a\uff41-\uff5a\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\u0300-\u036f"
# Said by the language around them: Greek letters, degrees, numbers in circles.
NAMED_SIGNS = r"Α-ω℃℉①-⑳"
DIGITS = r"0-9０-９⁰¹²³⁴-⁹"

# Characters that one side's everyday sets have and the other's lack tell the two apart: 气 of 気, 你 of both.
_JAPANESE = ("cp932",)
_CHINESE = ("gb2312", "big5")
_CANTONESE = ("big5hkscs",)  # has Japanese characters, too
_CHANGES_LOOKS = re.compile("[\u034f\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_COMPATIBLE = re.compile("[！-～　①-⑳㈀-㏿Ⅰ-ⅿ²³℃℉₀-₉]")
_MAX_NUMERAL = 10000
# Of a book or a show: 第IV章. Chinese and Japanese count there, and say no letters.
_ROMAN = re.compile(
    r"(?<=第)\s?(?=[IVX])(X{0,3}(?:IX|IV|V?I{0,3}))\s?(?=[章节節部卷篇回幕集季期代世届屆次号號级級阶階层層类類型册冊条條款段关關話话巻課课编編])"
)
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10}


def plain_letters(text: str) -> str:
    """Returns a text with composed accents, kana and hangul, and odd letters and digits as plain ones.

    Mathematical, circled and other ornamental Latin letters become ASCII, digits of any script ASCII digits,
    Roman numerals digits, also those in letters that count chapters: 第IV章. Full-width forms, too;
    superscripts stay, for they are said.
    """
    if text.isascii():
        return text
    text = "".join(map(_plain, unicodedata.normalize("NFC", text)))
    return _ROMAN.sub(lambda match: str(roman_value(match[1])), text)


def roman_value(numeral: str) -> int:
    """Returns the value of a Roman numeral of the letters I, V and X."""
    values = [_ROMAN_VALUES[char] for char in numeral]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


@lru_cache(maxsize=4096)
def _plain(char: str) -> str:
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.digit(char))
    if category == "Nl" and char != "〇":
        value = unicodedata.numeric(char)
        return str(int(value)) if value.is_integer() and 0 < value < _MAX_NUMERAL else char
    plain = unicodedata.normalize("NFKC", char) if category in ("Lu", "Ll", "So") else char
    return plain if len(plain) == 1 and plain.isascii() and plain.isalpha() else char


@lru_cache(maxsize=4096)
def is_letter(char: str) -> bool:
    """Whether a character is a letter, or a sign that stands on letters and changes how they are said."""
    category = unicodedata.category(char)
    return category[0] == "L" or (category in ("Mn", "Mc") and not _CHANGES_LOOKS.match(char))


def num_content(text: Iterable[str]) -> int:
    """Returns how many characters a listener would miss: letters, digits and signs, not marks or blanks."""
    return sum(unicodedata.category(char)[0] in "LNS" for char in text)


def plain_units(text: str) -> str:
    """Returns a text with full-width forms, units and numbers in one character (㎏, Ⅳ, ②) as plain ones."""
    return _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


@lru_cache(maxsize=4096)
def is_chinese_only(char: str) -> bool:
    """Whether a Han character is one that Chinese uses and Japanese does not: 你, 气, 喺."""
    return not _has(_JAPANESE, char) and _has((*_CHINESE, *_CANTONESE), char)


@lru_cache(maxsize=4096)
def is_japanese_only(char: str) -> bool:
    """Whether a Han character is one that Japanese uses and Chinese does not: 気, 駅, 働."""
    return _has(_JAPANESE, char) and not _has(_CHINESE, char)


def _has(character_sets: tuple[str, ...], char: str) -> bool:
    return any(char.encode(name, "ignore") for name in character_sets)
