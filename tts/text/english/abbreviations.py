"""Abbreviations in full: titles, Latin ones, months, No., e-mail addresses and signs that are said."""

import re
from collections.abc import Callable

_TITLES = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Dr": "Doctor", "St": "Saint", "Prof": "Professor",
    "Gen": "General", "Sgt": "Sergeant", "Capt": "Captain", "Lt": "Lieutenant", "Col": "Colonel",
    "Rev": "Reverend", "Hon": "Honorable", "Mt": "Mount", "Ft": "Fort",
}  # fmt: skip
_NUMBERED = {
    "No": "number",
    "Nos": "numbers",
    "Vol": "volume",
    "Fig": "figure",
    "Ch": "chapter",
    "vol": "volume",
    "fig": "figure",
    "ch": "chapter",
    "sec": "section",
    "ext": "extension",
    "p": "page",
    "pp": "pages",
}
_ANYWHERE = {
    "Jr": "Junior", "Sr": "Senior", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "St": "Street",
    "Dr": "Drive", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor", "Inc": "Incorporated",
    "Corp": "Corporation", "Ltd": "Limited", "Dept": "Department", "dept": "department",
    "approx": "approximately", "Jan": "January", "Feb": "February", "Apr": "April", "Aug": "August",
    "Sept": "September", "Oct": "October", "Nov": "November", "Dec": "December",
}  # fmt: skip
_BARE_MONTHS = {
    **{key: _ANYWHERE[key] for key in ["Jan", "Feb", "Apr", "Aug", "Sept", "Oct", "Nov", "Dec"]},
    "Sep": "September",
}
_SIGNS = {
    "&": " and ", "@": " at ", "+": " plus ", "=": " equals ", "%": " percent ", "°": " degrees ",
    "±": " plus or minus ", "≈": " about ", "≤": " at most ", "≥": " at least ", "×": " times ",
    "÷": " divided by ", "∞": " infinity ", "¢": " cents ",
}  # fmt: skip
TOP_DOMAINS = "com|net|org|io|dev|cn|uk|ai|edu|gov|me|info|app"


def expand_latin(text: str) -> str:
    """Expands e.g., i.e. and etc., which end in a point that ends nothing."""
    for pattern, replacement in _LATIN:
        text = pattern.sub(replacement, text)
    return text


def expand_titles(text: str) -> str:
    """Expands titles, places and numbered things; their point is a full stop only where a sentence ends."""
    for pattern, replacement in _TITLE_RULES:
        text = pattern.sub(replacement, text)
    return text


def expand_signs(text: str) -> str:
    """Says addresses and signs: `rin@guild.com` -> `rin at guild dot com`."""
    text = _ADDRESS.sub(lambda match: re.sub(r"\.", " dot ", re.sub(r"/+", " slash ", match[0])), text)
    for sign, word in _SIGNS.items():
        text = text.replace(sign, word)
    return text


def _of(table: dict[str, str]) -> Callable[[re.Match[str]], str]:
    return lambda match: table[match[1]]


def _any(table: dict[str, str]) -> str:
    return "|".join(sorted(table, key=len, reverse=True))


_LATIN: list[tuple[re.Pattern[str], str]] = [
    (re.compile(r"\be\. ?g\b\.?,?", re.I), "for example"),
    (re.compile(r"\bi\. ?e\b\.?,?", re.I), "that is"),
    (re.compile(r"\bvs\b\.?", re.I), "versus"),
    (re.compile(r"\betc\b(?:\.(?=\s*[a-z,;:!?)]))?", re.I), "et cetera"),
]
_TITLE_RULES: list[tuple[re.Pattern[str], Callable[[re.Match[str]], str]]] = [
    (re.compile(rf"\b({_any(_TITLES)})\.? (?=[A-Z])"), lambda match: f"{_TITLES[match[1]]} "),
    (re.compile(rf"\b({_any(_NUMBERED)})\. ?(?=\d)"), lambda match: f"{_NUMBERED[match[1]]} "),
    (re.compile(rf"\b({_any(_BARE_MONTHS)})\.? (?=\d)"), lambda match: f"{_BARE_MONTHS[match[1]]} "),
    (re.compile(rf"\b({_any(_ANYWHERE)})\.(?=\s*[a-z0-9,;:!?])"), _of(_ANYWHERE)),
    (re.compile(rf"\b({_any(_ANYWHERE)})(?=\.)"), _of(_ANYWHERE)),
    (re.compile(r"#(?=\d)"), lambda _: "number "),
    (re.compile(r"\bPh\.? ?D\b(?:\.(?=\s*[a-z,;:!?]))?"), lambda _: "P H D"),
    (re.compile(r"\b([A-Z])\. ?([A-Z])\. (?=[A-Z][a-z])"), lambda match: f"{match[1]} {match[2]} "),
]
_ADDRESS = re.compile(
    rf"[\w+-]+(?:\.[\w+-]+)*(?:@[\w-]+(?:\.[\w-]+)+|\.(?:{TOP_DOMAINS})\b(?:/[\w/-]+)*)", re.ASCII
)
