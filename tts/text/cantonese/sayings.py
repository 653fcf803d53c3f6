"""What is said for a match of a number pattern where Cantonese does not say what Mandarin does."""

import re

from tts.text.cantonese.scripts import traditional
from tts.text.mandarin import units
from tts.text.mandarin.numbers import say_cardinal, say_digits, say_number

Match = re.Match[str]
SPOKEN = "零一二三四五六七八九十百千萬億兩"  # how a number that has been said begins
MONEY = {"$": "蚊", "￥": "人民幣", "¥": "人民幣", "€": "歐元", "£": "英鎊", "₩": "韓圜"}
_DOLLARS = {"US": "美金", "HK": "蚊", None: "蚊"}
UNITS = units.UNITS | {
    "km/h": "公里每小时",
    "km²": "平方公里",
    "km2": "平方公里",
    "km": "公里",
    "kg": "公斤",
    "L": "公升",
    "l": "公升",
}


def telephone(match: Match) -> str:
    """Digits one by one; whatever stands between them is not said."""
    return say_digits(re.sub(r"\D", "", match[0]))


def code(match: Match) -> str:
    """A word such as 密碼 and the digits after it."""
    return match["word"] + say_digits(re.sub(r"\D", "", match["code"]))


def integer(match: Match) -> str:
    """A number nothing else is known of: a quantity, unless zeros in front make it a code."""
    digits = match[0]
    is_code = len(digits) > 1 and digits[0] == "0"
    return say_digits(digits) if is_code else traditional(say_cardinal(digits))


def level(match: Match) -> str:
    """Lv.3 -> 三級."""
    return traditional(say_cardinal(match[1])) + "級"


def money(match: Match) -> str:
    """Country, sign, number, 萬 or 億: $20 -> 二十蚊."""
    country, sign, amount, myriad = match.groups()
    words = "兩" if amount == "2" else traditional(say_number(amount))
    return words + traditional(myriad) + (_DOLLARS[country] if sign == "$" else MONEY[sign])


def unit(match: Match) -> str:
    """Number, unit in letters: 2kg -> 兩公斤."""
    amount, name = match.groups()
    said = say_number(amount) if amount[0].isdigit() else amount
    return traditional(("两" if amount == "2" else said) + UNITS[name])
