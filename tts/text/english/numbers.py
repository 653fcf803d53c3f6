"""Arabic digits to English number words."""

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "_ _ twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = " thousand million billion trillion quadrillion quintillion".split(" ")
_ODD_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth",
}  # fmt: skip
MAX_CARDINAL_DIGITS = 18


def say_digits(digits: str) -> str:
    """Reads digit by digit: `205` -> two zero five."""
    return " ".join(_ONES[int(digit)] for digit in digits)


def _below_hundred(value: int) -> str:
    if value < 20:
        return _ONES[value]
    tens, ones = divmod(value, 10)
    return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")


def _below_thousand(value: int) -> str:
    hundreds, rest = divmod(value, 100)
    words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    return " ".join(words + ([_below_hundred(rest)] if rest else []))


def say_cardinal(digits: str) -> str:
    """Reads a whole number: `23456` -> twenty-three thousand, four hundred fifty-six; long ones digit by digit."""
    digits = digits.lstrip("0") or "0"
    if len(digits) > MAX_CARDINAL_DIGITS:
        return say_digits(digits)
    value, groups = int(digits), []
    for scale in _SCALES:
        value, group = divmod(value, 1000)
        if group:
            groups.append(f"{_below_thousand(group)} {scale}".strip())
    return ", ".join(reversed(groups)) or _ONES[0]


def say_integer(digits: str) -> str:
    """Reads a number as it is read alone: 1805 and 2019 as years, 1500 and 2500 in hundreds, others as quantities."""
    value = int(digits) if len(digits) == 4 else 0
    if not 1000 < value < 3000 or value == 2000:
        return say_cardinal(digits)
    if 2000 < value < 2010:
        return f"two thousand {_ONES[value % 100]}"
    high, low = divmod(value, 100)
    if not low:
        return f"{_below_hundred(high)} hundred"
    return f"{_below_hundred(high)} {'oh ' if low < 10 else ''}{_below_hundred(low)}"


def say_ordinal(digits: str) -> str:
    """Reads an ordinal: `22` -> twenty-second."""
    words = say_cardinal(digits)
    start = max(words.rfind(" "), words.rfind("-")) + 1
    last = words[start:]
    if last in _ODD_ORDINALS:
        last = _ODD_ORDINALS[last]
    else:
        last = last[:-1] + "ieth" if last.endswith("y") else last + "th"
    return words[:start] + last


def say_fraction(above: str, below: str) -> str:
    """Reads `3`, `4` as three fourths and `1`, `2` as one half."""
    is_one = int(above) == 1
    if int(below) == 2:
        part = "half" if is_one else "halves"
    else:
        part = say_ordinal(below) + ("" if is_one else "s")
    return f"{say_cardinal(above)} {part}"


def say_decimal(number: str) -> str:
    """Reads `6.25` as six point two five."""
    whole, _, decimals = number.partition(".")
    return f"{say_cardinal(whole or '0')} point {say_digits(decimals)}"
