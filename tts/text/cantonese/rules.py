"""The table of number patterns of the Cantonese normaliser, in the order they run.

What is said as in Mandarin is Mandarin's own; it is written in traditional characters afterwards.
"""

import re
from collections.abc import Callable
from functools import cache

from tts.text.cantonese import sayings as own
from tts.text.cantonese.scripts import traditional
from tts.text.mandarin import sayings as shared
from tts.text.mandarin.numbers import say_digits
from tts.text.mandarin.rules import CLOCK, CLOCKS, DAY, DEGREE, NUMBER

Say = Callable[[re.Match[str]], str]
_MAX_DIGITS = 40  # longer runs are codes; bounded so that no row searches endless digits again and again


def _as_in_mandarin(say: Say) -> Say:
    return lambda match: traditional(say(match))


DASH = r"\s?[-~–—]\s?"
HAN = r"\u3400-\u9fff"
CODE = "電話|手機|密碼|號碼|編號|房號|房間|代號|帳號|賬號|電話號碼|电话|手机|密码|号码|编号|房号|代号|账号"
# 2 is 二 before these: it names or is a part of a number rather than counts.
NAMED = "月日號号級级樓楼班等期屆届區区隊队路線线季環环院部世十百分加減减乘除比到至點点"
UNIT = "|".join(sorted(map(re.escape, own.UNITS), key=len, reverse=True))
YEAR = rf"(?<!\d)(?P<y>\d{{4}}|\d{{2}})年(?:(?P<m>1[0-2]|0?[1-9])月(?:{DAY}(?P<w>[日号號]))?)?"
OPERATOR = r"\s?[+×÷*]\s?"

RULES: tuple[tuple[str, Say], ...] = (
    (rf"\d{{{_MAX_DIGITS + 1},}}", lambda match: say_digits(match[0])),
    (r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?!\d|,\d)", lambda match: match[0].replace(",", "")),
    (rf"(?<!\d)([12]\d{{3}}){DASH}([12]\d{{3}})(?=年)", _as_in_mandarin(shared.years)),
    (YEAR, _as_in_mandarin(shared.year)),
    (
        r"(?<!\d)(?P<y>\d{4})([-/.])(?P<m>1[0-2]|0?[1-9])\2(?P<d>3[01]|[12]\d|0?[1-9])(?P<w>)(?!\d)",
        _as_in_mandarin(shared.date),
    ),
    (rf"(?<![\d/]){DAY}/(?P<m>1[0-2]|0?[1-9])/(?P<y>\d{{4}})(?P<w>)(?![\d/])", _as_in_mandarin(shared.date)),
    (CLOCKS, _as_in_mandarin(shared.clocks)),
    (rf"(?<![\d:]){CLOCK.format('')}(?![\d:])", _as_in_mandarin(shared.clock)),
    (r"(?<![\d:])(\d+)\s?:\s?(\d+)(?![\d:])", _as_in_mandarin(shared.ratio)),
    (r"(?<!\d)(?:\+?85[23][- ]?)?[2-9]\d{3}[- ]\d{4}(?![\d-])", own.telephone),
    (r"(?<!\d)(?:\+?85[23][- ]?)?[2-9]\d{7}(?![\d.]|\s?[個个蚊元人次萬万億亿位點点分])", own.telephone),
    (r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)", own.telephone),
    (rf"(?P<word>(?:{CODE})[係系是為:：,，]{{0,2}})(?P<code>\d{{3,}}(?:-\d+)*)(?![.%])", own.code),
    (rf"(-)?({NUMBER})\s?({DEGREE})", _as_in_mandarin(shared.temperature)),
    (rf"(HK|US)?([{''.join(own.MONEY)}])\s?({NUMBER})([萬億万亿]?)(?:蚊|元|美金|港紙)?", own.money),
    (rf"({NUMBER})%?{DASH}({NUMBER})%", _as_in_mandarin(shared.percents)),
    (rf"({NUMBER})([wk])(?![A-Za-z])", _as_in_mandarin(shared.magnitude)),
    (rf"({NUMBER}|[多幾几])\s?({UNIT})(?![A-Za-z])", own.unit),
    (rf"{NUMBER}(?:{OPERATOR}{NUMBER})+", _as_in_mandarin(shared.arithmetic)),
    (rf"{NUMBER}(?:-{NUMBER})+(?=\s?=)", _as_in_mandarin(shared.arithmetic)),
    (r"(?<![\d/])(-)?(\d+)/(\d+)(?![\d/])", _as_in_mandarin(shared.fraction)),
    (rf"(-)?({NUMBER})([%‰])", _as_in_mandarin(shared.percent)),
    (rf"(?<![\d.-])({NUMBER}){DASH}({NUMBER})(?![\d.-])", _as_in_mandarin(shared.between)),
    (r"(?<=[日號号月年點点分秒度元級级蚊時时個个])[-~–—](?=\d)", lambda _: "到"),
    (rf"(?<=[A-Za-z])\s?-(?={NUMBER})", lambda _: "減"),
    (rf"(?<![\d)])-{NUMBER}", _as_in_mandarin(shared.number)),
    (r"(?<![A-Za-z])[Ll][Vv]\.?\s?(\d+)", own.level),
    (r"\d+(?:\.\d+){2,}", _as_in_mandarin(shared.dotted)),
    (r"\d+\.\d+", _as_in_mandarin(shared.number)),
    (r"(?<=第)\s?\d+", lambda match: traditional(own.say_cardinal(match[0].strip()))),
    (r"\d{3,}(?=[號号]?[房室])", own.telephone),
    (rf"(?<![\d第])2(?=\s?(?![{NAMED}]|年[級级班])[{HAN}])", lambda _: "兩"),
    (r"(?<!\d)2(?=\s?[點点](?!\d))", lambda _: "兩"),
    (r"\d+", own.integer),
    (rf"\s?[xX×]\s?(?=[{own.SPOKEN}])", lambda _: "乘"),
    (r"\s?=\s?", lambda _: "等於"),
    (r"[+×÷]", _as_in_mandarin(shared.arithmetic)),
    (r"\s?&\s?", lambda _: "同"),
)


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], Say], ...]:
    return tuple((re.compile(pattern), words_of) for pattern, words_of in RULES)


def say_numbers(text: str) -> str:
    """Returns `text` with every number, sign and unit the table knows said in words."""
    for pattern, words_of in _compiled():
        text = pattern.sub(words_of, text)
    return text
