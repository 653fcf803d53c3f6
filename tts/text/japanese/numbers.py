"""Everything with digits in it, put so that the dictionary's own number rules read it right."""

import re
from collections.abc import Callable
from pathlib import Path

_N = r"\d+(?:\.\d+)?"
_DAYS = "月火水木金土日"
_MAX_HOUR, _MAX_MONTH, _MAX_DAY = 30, 12, 31  # shops close at 26時
_CURRENCIES = {"¥": "円", "$": "ドル", "€": "ユーロ", "£": "ポンド", "₩": "ウォン", "元": "元"}
_HALVES = {"am": "午前", "pm": "午後"}
_UNITS_FILE = Path(__file__).parent / "data" / "units.txt"
_LINES = _UNITS_FILE.read_text(encoding="utf-8").splitlines()
_UNITS = dict(line.split() for line in _LINES if not line.startswith("#"))
_UNIT = "|".join(map(re.escape, sorted(_UNITS, key=len, reverse=True)))
_NAMED = {"lv": "レベル", "no": "ナンバー", "vol": "ボリューム", "ver": "バージョン", "v": "バージョン"}

Rule = tuple[re.Pattern[str], Callable[[re.Match[str]], str]]


def _ymd(match: re.Match[str]) -> str:
    month, day = int(match[3]), int(match[4])
    if not (1 <= month <= _MAX_MONTH and 1 <= day <= _MAX_DAY):
        return match[0]
    return f"{int(match[1])}年{month}月{day}日"


def _time(match: re.Match[str]) -> str:
    before, hour, minute, second, after = match.groups()
    if int(hour) > _MAX_HOUR:
        return match[0]
    half = _HALVES.get((before or after or "").lower().replace(".", ""), "")
    said = f"{half}{int(hour)}時"
    said += f"{int(minute)}分" if int(minute) or second else ""
    return said + (f"{int(second)}秒" if second else "")


def _fraction(match: re.Match[str]) -> str:
    """1/2 is a half; 4/1, which is no fraction, a day."""
    over, under = int(match[1]), int(match[2])
    is_day = over >= under and 1 <= over <= _MAX_MONTH and 1 <= under <= _MAX_DAY
    return f"{over}月{under}日" if is_day else f"{under}分の{over}"


def _amount(match: re.Match[str]) -> str:
    return match[2] + (match[3] or "") + _CURRENCIES[match[1]]


def _range(match: re.Match[str]) -> str:
    """20-30 goes up; 3-2 is a score."""
    between = "から" if float(match[1]) < float(match[3]) else "タイ"
    return match[1] + match[2] + between + match[3]


def _unit(match: re.Match[str]) -> str:
    return match[1] + _UNITS[match[2].lower()]


def _named(match: re.Match[str]) -> str:
    return _NAMED[match[1].lower()] + match[2]


# In this order: what is longer and plainer first.
RULES: tuple[Rule, ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.ASCII), say)
    for pattern, say in (
        (r"(?<![\d,])(\d{1,3}(?:,\d{3})+)(?![\d,])", lambda match: match[0].replace(",", "")),
        (r"(?<![\d-])0\d{1,4}-\d{1,4}-\d{3,4}(?![\d-])", lambda match: match[0].replace("-", "−")),
        (r"(?<!\d)(\d{4})([/.-])(\d{1,2})\2(\d{1,2})(?!\d)", _ymd),
        (
            rf"(?<!\d)(\d{{1,2}})/(\d{{1,2}})(?=\s*[（(][{_DAYS}][）)])",
            lambda match: f"{match[1]}月{match[2]}日",
        ),
        (
            r"(?:\b([ap]\.?m\.?)\s?)?(?<![\d:])(\d{1,2}):([0-5]\d)(?::([0-5]\d))?(?![\d:])(?:\s?([ap]\.?m\b\.?))?",
            _time,
        ),
        (rf"({_N})\s?:\s?({_N})", lambda match: f"{match[1]}タイ{match[2]}"),
        (r"(?<![\d/])(\d{1,3})/(\d{1,3})(?![\d/])", _fraction),
        (r"(?<![a-z])(lv|no|vol|ver|v)\.?\s?(?=\d)()", _named),
        (r"#\s?(?=\d)", lambda match: "ナンバー"),
        (r"(?<![\d.])\d+(?:\.\d+){2,}", lambda match: match[0].replace(".", "点")),
        (rf"([¥$€£₩])\s?({_N})([万億兆千百]*)(?:円)?", _amount),
        (rf"({_N})\s?[~～〜]\s?(?=[¥$€£]?\d)", lambda match: match[1] + "から"),
        (rf"(?<![\d-])({_N})((?:\s?(?:{_UNIT}))?)\s?-\s?({_N})(?![\d-])", _range),
        (rf"({_N})\s?({_UNIT})(?![a-z\d])", _unit),
        (rf"({_N})\s?[x×*]\s?(?=\d)", lambda match: match[1] + "かける"),
        (r"(?:[x×*])\s?(?=\d)", lambda match: "かける"),
        (rf"(?<=\d)\s?÷\s?(?={_N})", lambda match: "わる"),
        (r"\+/-|±", lambda match: "プラスマイナス"),
        (r"\+\s?(?=\d)", lambda match: "プラス"),
        (r"(?<![\da-z.])-\s?(?=\d)|(?<=[a-z]{2})-(?=\d)", lambda match: "マイナス"),
        (r"(?<=\d)\s?=\s?", lambda match: "イコール"),
        (r"(?<=\d)\s?%", lambda match: "パーセント"),
    )
)


def say_numbers(text: str) -> str:
    """Returns a text whose numbers stand with words: `3:2` as 3タイ2, `Lv.5` as レベル5, `4/1` as a date.

    Plain numbers with their counters stay digits: the dictionary knows that 3本 is さんぼん.
    """
    for pattern, say in RULES:
        text = pattern.sub(say, text)
    return text
