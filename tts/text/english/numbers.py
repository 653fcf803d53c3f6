"""Numbers in English words as GPT-SoVITS models were trained with them: no "and", a comma after thousands."""

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ("", " thousand", " million", " billion", " trillion", " quadrillion")
_ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
MAX_DIGITS = 3 * len(_SCALES)


def spell_digits(digits: str) -> str:
    """Returns the digits one by one: `07` -> `zero seven`."""
    return " ".join(_ONES[int(digit)] for digit in digits)


def cardinal(number: int) -> str:
    """Returns a number below 10 ** 18: 23456 -> `twenty-three thousand, four hundred fifty-six`."""
    if number == 0:
        return _ONES[0]
    groups: list[str] = []
    for scale in _SCALES:
        number, group = divmod(number, 1000)
        if group:
            groups.append(_below_thousand(group) + scale)
    return ", ".join(reversed(groups))


def count(digits: str) -> str:
    """Returns how digits are said: 1001 to 2999 in pairs, codes and endless runs digit by digit."""
    is_code = len(digits) > 1 and digits[0] == "0"
    if is_code or len(digits) > MAX_DIGITS:
        return spell_digits(digits)
    number = int(digits)
    return in_pairs(number) if 1000 < number < 3000 else cardinal(number)


def in_pairs(number: int) -> str:
    """Returns a number of four digits as a year: 1805 -> `eighteen oh five`, 1500 -> `fifteen hundred`."""
    high, low = divmod(number, 100)
    if 2000 <= number < 2010:
        return "two thousand" + (f" {_ONES[low]}" if low else "")
    if low == 0:
        return cardinal(number) if high % 10 == 0 else f"{cardinal(high)} hundred"
    return f"{cardinal(high)} {'oh ' if low < 10 else ''}{cardinal(low)}"


def ordinal(number: int) -> str:
    """Returns 22 -> `twenty-second`."""
    words = cardinal(number)
    cut = max(words.rfind(" "), words.rfind("-")) + 1
    head, last = words[:cut], words[cut:]
    if last in _ORDINALS:
        return head + _ORDINALS[last]
    return head + (last[:-1] + "ieth" if last.endswith("y") else last + "th")


def plural(word: str) -> str:
    """Returns the plural of the last word: `twenty` -> `twenties`, `half` -> `halves`."""
    if word.endswith("y"):
        return word[:-1] + "ies"
    return word[:-1] + "ves" if word.endswith("half") else word + "s"


def fraction(above: int, below: int) -> str:
    """Returns 3, 4 -> `three fourths`, 1, 2 -> `one half`."""
    part = "half" if below == 2 else ordinal(below)
    return f"{cardinal(above)} {part if above == 1 else plural(part)}"


def decimal(digits: str) -> str:
    """Returns `6.25` -> `six point two five`; any number of points."""
    whole, *rest = digits.split(".")
    words = [count(whole)] if whole else []
    for part in rest:
        words += ["point", spell_digits(part)]
    return " ".join(words)


def _below_thousand(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    words = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    if rest >= 20:
        tens, ones = divmod(rest, 10)
        words.append(_TENS[tens] + (f"-{_ONES[ones]}" if ones else ""))
    elif rest:
        words.append(_ONES[rest])
    return " ".join(words)
