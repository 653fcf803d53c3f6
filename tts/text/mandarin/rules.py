"""The table of number patterns, in the order they run.

Order and readings follow GPT-SoVITS's own front end, whose models learned them, except in rows marked
`ours`. Rows marked `upstream` hold what it does instead there; they run only when a reader is told to be
like upstream.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tts.text.mandarin import sayings as say
from tts.text.mandarin.lists import longest_first
from tts.text.mandarin.numbers import say_digits
from tts.text.mandarin.units import CIRCLED, GREEK, SUPERSCRIPTS, UNIT, UNITS


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for, what is said instead, and whose habit it is: `both`, `ours` or `upstream`."""

    pattern: str
    say: Callable[[re.Match[str]], str]
    whose: str = "both"


def _words(name: str) -> str:
    return "|".join(map(re.escape, longest_first(name)))


NUMBER = r"\d+(?:\.\d+)?"
SPOKEN = "零一二三四五六七八九十百千万亿两半"  # how a number that has been said ends or begins
MEASURE, ORDINAL, CODE = _words("measures"), _words("ordinal_units"), _words("code_words")
SUPERSCRIPT = f"[{''.join(SUPERSCRIPTS)}]"
OPERAND = rf"(?:{NUMBER}|[A-Za-z]){SUPERSCRIPT}?"
DEGREE = r"°C|℃|度|摄氏度|°F|℉"
SERVICE = "110|119|12[0-3]|114|911|999|12315|12345|12306|1008[56]|10010|10000|955\\d\\d"  # called for help
WEEK = "(?:周|星期|礼拜)"
DAY = r"(?P<d>3[01]|[12]\d|0?[1-9])"
YEAR = rf"(?<!\d)(?P<y>\d{{4}}|\d{{2}})年(?:(?P<m>1[0-2]|0?[1-9])月(?:{DAY}(?P<w>[日号]))?)?"
CLOCK = r"(?P<{0}h>[01]?\d|2[0-4]):(?P<{0}m>[0-5]\d)(?::(?P<{0}s>[0-5]\d))?"
CLOCKS = rf"(?<!\d){CLOCK.format('a')}[-~–—]{CLOCK.format('b')}(?!\d)"

RULES = (
    Rule(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])", lambda match: match[0].replace(",", ""), "ours"),
    Rule(r"(?<!\d)([12]\d{3})[-~–—至到]([12]\d{3})(?=年)", say.years, "ours"),
    Rule(YEAR, say.year, "ours"),
    Rule(YEAR, say.date, "upstream"),
    Rule(
        r"(?<!\d)(?P<y>\d{4})([-/.])(?P<m>1[0-2]|0[1-9])\2(?P<d>3[01]|[12]\d|0[1-9])(?P<w>)(?!\d)", say.date
    ),
    Rule(rf"(?<!\d)(?P<y>\d{{4}})([-/])(?P<m>1[0-2]|[1-9])\2{DAY}(?P<w>)(?!\d)", say.date, "ours"),
    Rule(
        rf"(?<=[打拨叫报呼])(?:{SERVICE})(?:(?:或者|或|和|、|还是)(?:{SERVICE}))*(?!\d|{MEASURE}|[%.多])",
        say.services,
        "ours",
    ),
    Rule(r"(?<!\d)24/7(?!\d)", lambda _: "二十四七", "ours"),
    Rule(r"(?<!\d)(?:\d{1,2})·\d{1,2}(?!\d)", say.singly, "ours"),
    Rule(r"(?<=\d)[xX](?=\d)", lambda _: "×", "ours"),
    Rule(rf"({NUMBER})([wk])(?![A-Za-z])", say.magnitude, "ours"),
    Rule(r"(?<![\d.第])2(?=[千万亿])", lambda _: "两", "ours"),
    Rule(r"±", lambda _: "正负", "ours"),
    Rule(rf"(?<=[周期拜][一二三四五六日天末])[-~–—](?={WEEK})", lambda _: "到", "ours"),
    Rule(CLOCKS, say.clocks),
    Rule(rf"(?<!\d){CLOCK.format('')}(?!\d)", say.clock, "ours"),
    Rule(rf"(?<!\d){CLOCK.format('')}(?!\d)", say.upstream_clock, "upstream"),
    Rule(r"(?<![\d:])(\d+):(\d+)(?![\d:])", say.ratio, "ours"),
    Rule(r"(?<=[℃C度])~(?=-?\d)", lambda _: "至"),
    Rule(rf"(-)?({NUMBER})({DEGREE})", say.temperature),
    Rule(r"华氏华氏", lambda _: "华氏", "ours"),
    Rule(rf"([￥¥$€£₩₽฿])({NUMBER})([万亿]?)(?:元|块钱|块)?", say.money, "ours"),
    Rule(rf"(?<=[\d多几])({UNIT})(?![A-Za-z])", lambda match: UNITS[match[1]]),
    Rule(
        rf"(?:{OPERAND}[-+×÷*−]){{0,9}}{OPERAND}=-?(?:{OPERAND}[-+×÷*−]){{0,9}}(?:{OPERAND})?", say.arithmetic
    ),
    Rule(rf"{OPERAND}(?:[+×÷*−]{OPERAND})+", say.arithmetic),
    Rule(rf"{OPERAND}(?:-{OPERAND})+", say.arithmetic, "upstream"),
    Rule(rf"{SUPERSCRIPT}+", say.power),
    Rule(r"(?<![\d/])(-)?(\d+)/(\d+)(?![\d/])", say.fraction),
    Rule(rf"({NUMBER})%?[-~–—]({NUMBER})%", say.percents, "ours"),
    Rule(rf"(-)?({NUMBER})([%‰])", say.percent),
    Rule(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}(?!\d)", say.telephone),
    Rule(r"(?<!\d)(?:0\d{2,3}[- ]?\d{7,8}|[48]00[- ]?\d{3}[- ]?\d{4})(?!\d)", say.telephone, "ours"),
    Rule(
        rf"(?P<word>{CODE})(?P<gap>(?:[是为:：,，号]|改成|改为|换成|设成|设为|就是){{0,2}})(?P<code>\d{{3,}}(?:-\d+)*)(?![.%])",
        say.code,
        "ours",
    ),
    Rule(r"(?<!\d)(?:0\d{2,3})?[1-9]\d{6,7}(?!\d)", say.telephone, "upstream"),
    Rule(rf"(?<![\d.])({NUMBER})~({NUMBER})(?![\d.])", say.between),
    Rule(rf"(?<![\d.-])({NUMBER})[-–—]({NUMBER})(?![\d.-])", say.between, "ours"),
    Rule(r"(?<=[日号月年点分秒度元级])[-~–—](?=\d)", lambda _: "到", "ours"),
    Rule(rf"(?<![\d)A-Za-z])-{NUMBER}", say.number),
    Rule(r"\d+(?:\.\d+){2,}", say.dotted),
    Rule(r"\d*\.\d+", say.number),
    Rule(r"(?<=第)\d+", say.plain, "ours"),
    Rule(r"\d{3,}(?=[号路室房])", say.telephone, "ours"),
    Rule(r"(?<=\d)米\d{1,2}(?!\d|厘米|公分|分米)", lambda match: "米" + say_digits(match[0][1:]), "ours"),
    Rule(rf"(?<!\d)(?!0\d)(\d+)([多余几+]?)({MEASURE})", say.quantity, "ours"),
    Rule(rf"(?<!\d)(?!0\d)(\d+)([多余几+]?)({MEASURE})", say.upstream_quantity, "upstream"),
    Rule(rf"(?<!\d)(?!0\d)(\d+)({ORDINAL})", say.ordinal),
    Rule(r"\d{7,}|(?<!\d)(?:2333+|666+)(?!\d)", say.telephone, "ours"),  # unknown codes, laughter, praise
    Rule(r"\d{3,}", say.telephone, "upstream"),
    Rule(r"\d+", say.plain, "upstream"),
    Rule(r"\d+", say.integer, "ours"),
    Rule(rf"(?<=[{SPOKEN}])((?:{MEASURE})?)[-~–—](?=负?[{SPOKEN}])", lambda match: match[1] + "到", "ours"),
    Rule(rf"[{''.join(CIRCLED)}](?=\w)", say.item, "ours"),
    Rule(f"[{''.join(CIRCLED)}]", lambda match: CIRCLED[match[0]]),
    Rule(f"[{''.join(GREEK)}]", lambda match: GREEK[match[0]]),
    Rule(r"(?<=[米克升秒时分吨元次人])/(?=[\u4e00-\u9fa5])", lambda _: "每", "ours"),
    Rule(r"=", lambda _: "等于", "ours"),
    Rule(r"[+×÷]", say.arithmetic),
)


@cache
def rules_of(is_like_upstream: bool) -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]:
    """Returns the compiled rows that apply, in order."""
    skipped = "ours" if is_like_upstream else "upstream"
    return tuple((re.compile(rule.pattern), rule.say) for rule in RULES if rule.whose != skipped)


_ENDLESS = re.compile(r"\d{41,}")  # which every pattern would search again and again


def say_numbers(text: str, *, is_like_upstream: bool = False) -> str:
    """Returns `text` with every number, sign and unit the table knows said in words."""
    text = _ENDLESS.sub(lambda match: say_digits(match[0]), text)
    for pattern, words in rules_of(is_like_upstream):
        text = pattern.sub(words, text)
    return text
