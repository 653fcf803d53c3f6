"""Forms of games, chats and calendars, rewritten so that the number rules behind read them as people do.

GPT-SoVITS knows none of them: they are left out when a reader is told to be like it.
"""

import re
from collections.abc import Callable

from tts.text.english.numbers import cardinal, in_pairs, ordinal, plural
from tts.text.english.roman_numerals import say_romans
from tts.text.english.units import UNITS, alternatives, plural_unit

_DAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday",
    "Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
_MONTHS = {
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "May": "May", "Jun": "June",
    "Jul": "July", "Aug": "August", "Sep": "September", "Oct": "October", "Nov": "November",
    "Dec": "December",
}  # fmt: skip
_PERIODS = {**_DAYS, **_MONTHS}
_SHORT = {
    "lv": "level", "lvl": "level", "v": "version", "ver": "version", "apt": "apartment", "ep": "episode",
}  # fmt: skip
# What a game counts; after them a hyphen before a number takes away. GPT-4 and F-16 are names.
_STATS = "HP|MP|SP|AP|XP|EP|EXP|ATK|DEF|STR|INT|DEX|AGI|LUK|VIT|WIS|CHA"
_HALF = r"[AaPp]\.?[Mm]\b"


def expand_forms(text: str) -> str:
    """Returns the text with levels, versions, ranges, days, powers and Roman numerals in plainer form."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return say_romans(text)


def _period_range(match: re.Match[str]) -> str:
    return f"{_PERIODS[match[1]]} to {_PERIODS[match[2]]}"


def _fraction_of_unit(match: re.Match[str]) -> str:
    """`2 3/4 tsp` is plural, `3/4 km` is a part of one."""
    whole, parts, unit = match.groups()
    name = plural_unit(UNITS[unit]) if whole else f"of a {UNITS[unit]}"
    return f"{whole or ''}{parts} {name}"


def _day_month(match: re.Match[str]) -> str:
    return f"the {ordinal(int(match[1]))} of {match[2]}" if 1 <= int(match[1]) <= 31 else match[0]


def _episode(match: re.Match[str]) -> str:
    return f"season {int(match[1])} episode {int(match[2])}"


def _long_number(match: re.Match[str]) -> str:
    digits = match[0]
    return digits if digits.endswith("000") else " ".join(digits)


_PERIOD, _MONTH = "|".join(_PERIODS), "|".join(_MONTHS.values())
_RULES: list[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = [
    (re.compile(pattern, re.ASCII), replacement)
    for pattern, replacement in (
        (r"https?://(?:www\.)?", ""),
        (r"(?<=\w)/(?=(?:second|minute|hour|day|week|month|year|night|person|player)\b)", " per "),
        (r"\b([CF])#", r"\1 sharp"),
        (r"\bw/o\b", "without"),
        (r"\bw/(?=[ \d])", "with "),
        (r"\bS(\d\d)E(\d\d)\b", _episode),
        (
            rf"(?:\b[Tt]he )?(?<![\w.:/-])(\d{{1,2}})(?:st|nd|rd|th)? ({_MONTH})(?= \d{{4}}|[,.;!?]|$)",
            _day_month,
        ),
        (r"(?<!\w)'([2-9]0)'?s\b|\b([2-9]0)'s\b", lambda m: plural(cardinal(int(m[1] or m[2])))),
        (r"\b(\d{1,2}):00(?= o'clock)", r"\1"),
        (r"\b50/50\b", "fifty-fifty"),
        (r"\b9/11\b", "nine eleven"),
        (r"\b(\d) ft (\d{1,2}) in\b", r"\1 feet \2 inches"),
        (r"\b([Ll][Vv][Ll]?|LVL|[Vv]|[Vv]er|[Aa]pt|[Ee]p)\.? ?(?=\d)", lambda m: _SHORT[m[1].lower()] + " "),
        (rf"\b({_PERIOD})\.? ?[-~] ?({_PERIOD})\b(?:\.(?= [a-z0-9]))?", _period_range),
        (r"\b(Sat|Sun)\.(?=,)|\b(Mon|Tues?|Wed|Thu(?:rs?)?|Fri)\.", lambda m: _DAYS[m[1] or m[2]]),
        (rf"\b({_STATS}) ?- ?(?=\d)", r"\1 minus "),
        (r"(?<![\w.,:/-])~ ?(?=[$£€]?\d)", "about "),
        (rf"\b(\d{{1,2}}(?::\d\d)?(?: ?{_HALF})?) ?[-~] ?(?=\d{{1,2}}(?::\d\d| ?{_HALF}))", r"\1 to "),
        (r"(?<=\d)[-~](?=[$£€¥]\d)", " to "),
        (
            r"(?<![\w.,:/-])(?!\d{3}-\d{4}\b)(\d+(?:[.,]\d+)*)(?:-| ?~ ?)(?=\d+(?:[.,]\d+)*(?![\d:/-]))",
            r"\1 to ",
        ),
        (r"(?<=\d)[vV](?=\d)", " V "),
        (r"(?<![\w.,$£€¥])([248])K\b", r"\1 K"),
        (r"(?<=[A-Z])[1-9]\d{3}\b(?![.,]\d)", lambda m: f" {in_pairs(int(m[0]))}"),
        (rf"\b(\d{{1,3}} )?(\d{{1,3}}/\d{{1,3}}) ?({alternatives(UNITS)})\b", _fraction_of_unit),
        (r"(?<![\d.,-])\d{11,}(?![.,]?\d|-)", _long_number),
    )
]
