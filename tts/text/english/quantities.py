"""Everything with digits in it: dates, times, money, percent, units, fractions, ranges, plain numbers.

One table of (pattern, replacement), applied in order: what is more special comes first and leaves no digits.
All patterns expect ASCII digits and half-width marks.
"""

import re
from collections.abc import Callable

from tts.text.english.numbers import (
    MAX_DIGITS,
    cardinal,
    count,
    decimal,
    fraction,
    in_pairs,
    ordinal,
    plural,
    spell_digits,
)
from tts.text.english.units import SPACED_UNITS, UNITS, alternatives, plural_unit

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH = f"(?:{'|'.join(_MONTHS)})"
_NUMBER = r"(?<!\d)\d+(?:\.\d+)?"  # whole: a search must not begin again at each digit of a long one
_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yuan", "yuan", "fen", "fen"),
    "₩": ("won", "won", "jeon", "jeon"),
}
_SIGN = f"[{''.join(_CURRENCIES)}]"
_LARGE = r"(?: ?(thousand|million|billion|trillion|(?<! )(?:[kKmMbB]|[mbt]n)\b))?"
_LARGE_WORDS = {
    "k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "b": "billion",
    "B": "billion", "bn": "billion", "tn": "trillion",
}  # fmt: skip
_OPERATORS = {
    "+": "plus",
    "-": "minus",
    "×": "times",
    "*": "times",
    "÷": "divided by",
    "/": "divided by",
    "=": "equals",
}


def say_quantities(text: str) -> str:
    """Returns the text without any digit: each number in words, with the unit, sign or date it belongs to."""
    if not any("0" <= char <= "9" for char in text):
        return text
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


def _list_number(match: re.Match[str]) -> str:
    return f"{match[1]}{ordinal(int(match[2]))}, "


def _operator(match: re.Match[str]) -> str:
    return f" {_OPERATORS[match[1]]} "


def _iso_date(match: re.Match[str]) -> str:
    return _date(int(match[2]), int(match[3]), match[1]) or match[0]


def _slash_date(match: re.Match[str]) -> str:
    return _date(int(match[1]), int(match[2]), match[3]) or match[0]


def _date(month: int, day: int, year: str) -> str:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return ""
    return f"{_MONTHS[month - 1]} {ordinal(day)}, {count(year)}"


def _month_day(match: re.Match[str]) -> str:
    return f"{match[1]} {ordinal(int(match[2]))}" if 1 <= int(match[2]) <= 31 else match[0]


def _time(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    if hour > 24 or minute > 59:
        return f"{count(match[1])} {count(match[2])}"
    half = (match[4] or ("pm" if 12 <= hour < 24 else "am"))[0].lower()
    words = cardinal(hour % 12 or 12)
    words += f" {'oh ' if minute < 10 else ''}{cardinal(minute)}" if minute else " o'clock"
    if match[3]:
        words += f" {cardinal(int(match[3]))}"
    return f"{words} {half}.m."


def _hour(match: re.Match[str]) -> str:
    return f"{count(match[1])} {match[2].lower()}.m."


def _money(match: re.Match[str]) -> str:
    return _amount(match[1], match[2], match[3])


def _money_after(match: re.Match[str]) -> str:
    return _amount(match[2], match[1], None)


def _amount(sign: str, number: str, large: str | None) -> str:
    one, many, small_one, small_many = _CURRENCIES[sign]
    if large:
        return f"{decimal(number)} {_LARGE_WORDS.get(large, large)} {many}"
    whole, _, rest = number.partition(".")
    if rest and len(rest) != 2:
        return f"{decimal(number)} {many}"
    words = [f"{_price(whole)} {one if whole.lstrip('0') == '1' else many}"]
    if rest.strip("0"):
        cents = int(rest)
        words.append(f"{cardinal(cents)} {small_one if cents == 1 else small_many}")
        if not whole.strip("0"):
            return words[1]
    return " and ".join(words)


def _price(digits: str) -> str:
    """Returns 1299 as `one thousand, two hundred ninety-nine`: in pairs it would be a smaller price."""
    is_plain = len(digits) <= MAX_DIGITS and int(digits) % 100
    return cardinal(int(digits)) if is_plain else count(digits)


def _unit(match: re.Match[str]) -> str:
    name = UNITS[match[2]]
    return f"{decimal(match[1])} {name if float(match[1]) == 1 else plural_unit(name)}"


def _fraction(match: re.Match[str]) -> str:
    whole, above, below = match[1], int(match[2]), int(match[3])
    if (above, below) == (24, 7):
        return f"{whole or ''}twenty-four seven"
    if not 0 < above < below:
        return f"{whole or ''}{count(match[2])} out of {count(match[3])}"
    return f"{f'{count(whole.strip())} and ' if whole else ''}{fraction(above, below)}"


def _decade(match: re.Match[str]) -> str:
    century, tens = match[1], match[2]
    if tens == "00":
        return plural(in_pairs(int(century) * 100))
    return f"{cardinal(int(century)) if century else ''} {plural(cardinal(int(tens)))}".strip()


def _range(match: re.Match[str]) -> str:
    return f"{decimal(match[1])} to {decimal(match[2])}"


def _phone_number(match: re.Match[str]) -> str:
    return ", ".join(spell_digits(part) for part in re.findall(r"\d+", match[0]))


def _ordinal(match: re.Match[str]) -> str:
    return ordinal(int(match[1])) if len(match[1]) <= MAX_DIGITS else spell_digits(match[1])


def _number(match: re.Match[str]) -> str:
    return decimal(match[0])


_Replacement = str | Callable[[re.Match[str]], str]
_RULES: list[tuple[re.Pattern[str], _Replacement]] = [
    (re.compile(pattern, re.ASCII), replacement)
    for pattern, replacement in (
        (r"(?<=\d),(?=\d{3}(?!\d))", ""),
        (r"(^ *|[.!?] +)(\d{1,3})\. (?=[A-Za-z])", _list_number),
        (r"(?<=\d) ([-+×*÷/=]) (?=-?\d)", _operator),
        (r"(?<=\d) ?([×÷=]) ?(?=-?\d)", _operator),
        (r"\b(\d+) ?x ?(?=\d)", r"\1 by "),
        (r"\b(\d+)x\b", r"\1 times"),
        (r"\b(\d)'(\d{1,2})(?!\w)", r"\1 foot \2"),
        (r"(?<![\d.])(?:\+\d{1,3}[ -])?(?:\(?\d{3}\)?[ -])?\d{3}-\d{4}(?![\d-])", _phone_number),
        (r"\b(\d{4})[-/](\d{1,2})[-/](\d{1,2})\b", _iso_date),
        (r"\b(\d{1,2})/(\d{1,2})/(\d{4})\b", _slash_date),
        (rf"\b({_MONTH}) (\d{{1,2}})\b(?![:.]\d|%)", _month_day),
        (r"(?:^|(?<=[\s(]))-(?=[$£€¥]?\.?\d)", "negative "),
        (r"\b(\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([AaPp])\.?[Mm]\b\.?)?", _time),
        (r"\b(\d{1,2}) ?([AaPp])\.?[Mm]\b\.?", _hour),
        (rf"({_SIGN}) ?({_NUMBER}){_LARGE}", _money),
        (rf"({_NUMBER}) ?({_SIGN})", _money_after),
        (r"(?<![\d.])(1\d|20)(\d0)s\b", _decade),
        (r"(?<=[Tt]he )()'?([2-9]0)s\b", _decade),
        (rf"({_NUMBER})({alternatives(UNITS)})(?![A-Za-z0-9])", _unit),
        (rf"({_NUMBER}) ({alternatives(SPACED_UNITS)})(?![A-Za-z0-9])", _unit),
        (rf"({_NUMBER})[kK]\b", lambda match: f"{decimal(match[1])} thousand"),
        (rf"({_NUMBER})M\b", lambda match: f"{decimal(match[1])} million"),
        (r"(\d)% ?[-~] ?(?=\d)", r"\1% to "),
        (rf"\b({_NUMBER}) ?[-~] ?({_NUMBER})\b(?!-)", _range),
        (rf"({_NUMBER}) ?%", lambda match: f"{decimal(match[1])} percent"),
        (r"\b(\d{1,3} )?(\d{1,3})/(\d{1,3})\b(?!/)", _fraction),
        (r"\b(\d+)(?:st|nd|rd|th)\b", _ordinal),
        (r"(?<=\d):(?=\d)", " to "),
        (r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])", " "),
        (r"(?<![\d.])\d*\.\d+(?:\.\d+)*|\d+", _number),
    )
]
