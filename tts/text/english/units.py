"""Units that are written after a number, and their plurals."""

import re
from collections.abc import Iterable

from tts.text.english.numbers import plural

UNITS = {
    "km/h": "kilometer per hour", "m/s": "meter per second", "km2": "square kilometer", "m2": "square meter",
    "cm2": "square centimeter", "m3": "cubic meter", "cm3": "cubic centimeter", "km": "kilometer",
    "cm": "centimeter", "mm": "millimeter", "m": "meter", "ft": "foot", "mi": "mile", "mph": "mile per hour",
    "kg": "kilogram", "mg": "milligram", "g": "gram", "lb": "pound", "lbs": "pound", "oz": "ounce",
    "L": "liter", "l": "liter", "ml": "milliliter", "mL": "milliliter", "tbsp": "tablespoon",
    "tsp": "teaspoon", "h": "hour", "hr": "hour", "hrs": "hour", "min": "minute", "mins": "minute",
    "s": "second", "sec": "second", "secs": "second", "ms": "millisecond", "°C": "degree celsius",
    "°F": "degree fahrenheit", "°": "degree", "GB": "gigabyte", "MB": "megabyte", "KB": "kilobyte",
    "kB": "kilobyte", "TB": "terabyte", "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz",
    "GHz": "gigahertz", "W": "watt", "kW": "kilowatt", "V": "volt",
}  # fmt: skip
# After a space only what cannot be a word: "5 m" is rare, "I have 3 s..." is not a unit.
SPACED_UNITS = (
    "km/h", "m/s", "km2", "m2", "cm2", "m3", "cm3", "km", "cm", "mm", "mph", "kg", "mg", "ft", "lbs", "oz",
    "ml", "mL", "tbsp", "tsp", "°C", "°F", "GB", "MB", "KB", "TB", "kHz", "MHz", "GHz", "Hz", "kW",
)  # fmt: skip


def alternatives(words: Iterable[str]) -> str:
    """Returns a pattern for any of the words, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def plural_unit(name: str) -> str:
    """Returns `feet`, `square meters`, `miles per hour`, `degrees celsius`; hertz stays."""
    head, per, rest = name.partition(" per ")
    first, blank, last = head.partition(" ")
    if first == "degree":
        return plural(first) + blank + last
    start, noun = (first + blank, last) if blank else ("", first)
    noun = noun if noun.endswith("hertz") else {"foot": "feet"}.get(noun) or plural(noun)
    return start + noun + per + rest
