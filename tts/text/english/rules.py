"""Written English to spoken English: the table of patterns for numbers, times, money and short forms.

Order and readings follow GPT-SoVITS's own front end except in rows marked `ours`; rows marked `upstream` are what it
does instead there and run only when a reader is told to be like upstream.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tts.text.english.numbers import say_cardinal, say_decimal, say_digits, say_fraction, say_integer, say_ordinal

Match = re.Match[str]

_SIGNS = {
    "+": "plus", "-": "minus", "−": "minus", "×": "times", "*": "times", "÷": "divided by", "/": "divided by", "=": "equals",
}  # fmt: skip
_UNITS = {
    "km/h": "kilometer per hour", "mph": "mile per hour", "m/s": "meter per second", "km": "kilometer", "cm": "centimeter",
    "mm": "millimeter", "m": "meter", "kg": "kilogram", "mg": "milligram", "g": "gram", "lbs": "pound", "lb": "pound", "oz": "ounce",
    "ft": "foot", "in": "inch", "mi": "mile", "L": "liter", "ml": "milliliter", "tbsp": "tablespoon", "tsp": "teaspoon",
    "h": "hour", "min": "minute", "sec": "second", "ms": "millisecond", "s": "second", "GB": "gigabyte", "MB": "megabyte", "KB": "kilobyte",
    "fps": "frame per second", "hp": "hit point", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz",
    "°C": "degree celsius", "℃": "degree celsius", "°F": "degree fahrenheit", "℉": "degree fahrenheit", "°": "degree",
}  # fmt: skip
_PLURALS = {"foot": "feet", "inch": "inches", "hertz": "hertz", "kilohertz": "kilohertz", "megahertz": "megahertz", "gigahertz": "gigahertz"}
_MONEY = {
    "$": ("dollar", "cent"), "£": ("pound", "pence"), "€": ("euro", "cent"), "¥": ("yuan", ""), "￥": ("yuan", ""),
}  # fmt: skip
_SHORT_FORMS = {
    "dr": "doctor", "mr": "mister", "mrs": "missus", "ms": "miz", "prof": "professor", "st": "saint", "jr": "junior", "sr": "senior",
    "capt": "captain", "lt": "lieutenant", "sgt": "sergeant", "gen": "general", "vs": "versus", "etc": "et cetera", "approx": "approximately",
}  # fmt: skip
_GREEK = dict(
    zip(
        "αβγδεζηθικλμνξοπρστυφχψω",
        "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi chi "
        "psi omega".split(),
        strict=True,
    )
)
_NUMBER = r"\d+(?:\.\d+)?"
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_MAGNITUDE = r"(?:\s(?:hundred|thousand|million|billion|trillion))?"


def _amount(number: str) -> str:
    return say_decimal(number) if "." in number else say_integer(number)


def _clock(match: Match) -> str:
    hour, minute = int(match["h"]), match["m"]
    words = say_cardinal(str(hour % 12 or 12))
    if minute == "00":
        words += " o'clock"
    else:
        words += (" oh " if minute[0] == "0" else " ") + say_cardinal(minute)
    said = (match["half"] or "").lower().replace(".", "")
    return f"{words} {said[0] if said else 'p' if hour >= 12 else 'a'}.m."


def _our_clock(match: Match) -> str:
    """As `_clock`; nobody says o'clock and a.m. together, and the half of the day is said as letters."""
    words = _clock(match)
    return re.sub(r"(?: o'clock)? ([ap])\.m\.$", lambda half: f" {half[1].upper()} M", words)


def _units(match: Match) -> str:
    number, unit = match.groups()
    first, *rest = _UNITS[unit].split(" ", 1)
    if number != "1":
        first = _PLURALS.get(first, first + "s")
    return " ".join((_amount(number), first, *rest))


def _money(match: Match) -> str:
    sign, number, size = match.group("sign", "number", "size")
    whole, _, part = number.replace(",", "").partition(".")
    big, small = _MONEY[sign]
    plural = "" if big == "yuan" or (int(whole) == 1 and not size) else "s"
    if size or not small or len(part) != 2:
        return f"{_amount(number.replace(',', ''))}{size} {big}{plural}"
    cents = f"{say_cardinal(part)} {small}{'s' if small == 'cent' and part != '01' else ''}"
    if int(part) == 0:
        return f"{say_integer(whole)} {big}{plural}"
    return cents if int(whole) == 0 else f"{say_integer(whole)} {big}{plural} and {cents}"


def _sum(match: Match) -> str:
    return re.sub(r"\s([-+×*÷/=−])\s?", lambda sign: f" {_SIGNS[sign[1]]} ", match[0])


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for, what is said instead, and whose habit it is: `both`, `ours` or `upstream`."""

    pattern: str
    say: Callable[[Match], str]
    whose: str = "both"
    flags: int = 0


_TIME = r"(?<![\d:])(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::[0-5]\d)?(?![\d:])(?:\s?(?P<half>[ap]\.?m\b\.?))?"
_PRICE = rf"(?P<sign>[$£€¥￥])\s?(?P<number>\d+(?:,\d{{3}})*(?:\.\d+)?)(?P<size>{_MAGNITUDE})"
_PRICE_AFTER = r"(?P<number>\d+(?:,\d{3})*(?:\.\d+)?)(?P<size>)(?P<sign>[$£€])"

RULES = (
    Rule(r"\b(e\.g\.|i\.e\.)", lambda m: "for example" if m[1][0] in "eE" else "that is", flags=re.IGNORECASE),
    Rule(rf"\b({'|'.join(_SHORT_FORMS)})\.(?=\s*[A-Za-z(]|\s*$|,)", lambda m: _SHORT_FORMS[m[1].lower()], "ours", re.IGNORECASE),
    Rule(r"(?:^|(?<=[.!?]\s))(\d+)\.\s", lambda m: say_ordinal(m[1]) + ", "),
    Rule(rf"{_NUMBER}(?:\s[-+×*÷/=−]\s?{_NUMBER})+", _sum),
    Rule(rf"({_NUMBER})([+×÷=])(?={_NUMBER})", lambda m: f"{m[1]} {_SIGNS[m[2]]} ", "ours"),
    Rule(r"(?:^|(?<=\s))[-−](?=\d)", lambda _: "negative "),
    Rule(r"(?<![\d,])\d{1,3}(?:,\d{3})+(?![\d,])", lambda m: m[0].replace(",", "")),
    Rule(_TIME, _our_clock, "ours", re.IGNORECASE),
    Rule(_TIME, _clock, "upstream", re.IGNORECASE),
    Rule(rf"(?<![\w.])({_NUMBER})\s?({_UNIT})(?![A-Za-z])", _units),
    Rule(_PRICE, _money),
    Rule(_PRICE_AFTER, _money),
    Rule(r"(?<![\d.])\d*\.\d+(?![\d.]*\d)", lambda m: say_decimal(m[0])),
    Rule(r"(?<=\d)\.(?=\d)", lambda _: " point "),
    Rule(r"(?<![\d/])(\d+)/([1-9]\d*)(?![\d/])", lambda m: say_fraction(m[1], m[2])),
    Rule(r"(\d+)(?:st|nd|rd|th)\b", lambda m: say_ordinal(m[1])),
    Rule(rf"({_NUMBER})[-–—](?={_NUMBER})", lambda m: f"{m[1]} to ", "ours"),
    Rule(r"(?<![A-Za-z\d])0\d+", lambda m: f" {say_digits(m[0])} "),
    Rule(r"(?<=[A-Za-z])\d+|\d+(?=[A-Za-z])", lambda m: f" {say_integer(m[0])} ", "ours"),
    Rule(r"\d+", lambda m: say_integer(m[0])),
    Rule(r"\b([ap])\.\s?m\.", lambda m: f"{m[1].upper()} M", "ours", re.IGNORECASE),
    Rule(r"%", lambda _: " percent"),
    Rule(r"&", lambda _: " and ", "ours"),
    Rule(r"(?<=\w)@(?=\w)", lambda _: " at ", "ours"),
    Rule(f"[{''.join(_GREEK)}]", lambda m: f" {_GREEK[m[0].lower()]} ", "ours", re.IGNORECASE),
)


@cache
def _rules_of(is_like_upstream: bool) -> tuple[tuple[re.Pattern[str], Callable[[Match], str]], ...]:
    skipped = "ours" if is_like_upstream else "upstream"
    return tuple((re.compile(rule.pattern, rule.flags), rule.say) for rule in RULES if rule.whose != skipped)


def say_numbers(text: str, *, is_like_upstream: bool = False) -> str:
    """Returns `text` with numbers, times, prices and short forms in words."""
    for pattern, words in _rules_of(is_like_upstream):
        text = pattern.sub(words, text)
    return text
