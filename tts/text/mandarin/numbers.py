"""Arabic digits to Chinese number words. Strings in, strings out; nothing here knows the text around them."""

DIGITS = "零一二三四五六七八九"
_PLACES = ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十"))
MAX_CARDINAL_DIGITS = 16


def say_digits(digits: str, *, one: str = "一") -> str:
    """Reads digit by digit: `107` -> 一零七; with `one="幺"` as in telephone numbers: 幺零七."""
    return "".join(DIGITS[int(digit)] for digit in digits).replace("一", one)


def say_cardinal(digits: str) -> str:
    """Reads a whole number: `20305` -> 二万零三百零五, `10` -> 十. Past 16 digits: digit by digit."""
    digits = digits.lstrip("0") or "0"
    if len(digits) > MAX_CARDINAL_DIGITS:
        return say_digits(digits)
    words = _say(int(digits))
    return words.removeprefix("一") if words.startswith("一十") else words


def say_amount(digits: str) -> str:
    """Reads a number of things: `2000` -> 两千, `22000` -> 两万二千; `200` -> 二百."""
    words = say_cardinal(digits)
    return "两" + words[1:] if words[:1] == "二" and words[1:2] in ("千", "万", "亿") else words


def _say(value: int) -> str:
    for size, name in _PLACES:
        if value >= size:
            high, low = divmod(value, size)
            zero = "零" if 0 < low < size // 10 else ""
            return _say(high) + name + zero + (_say(low) if low else "")
    return DIGITS[value]


def say_number(number: str) -> str:
    """Reads digits with at most one point and a sign: `-3.50` -> 负三点五零.

    Upstream drops the zeros at the end of the decimals but keeps one where there was any; so does this.
    """
    sign = "负" if number.startswith("-") else ""
    whole, _, decimals = number.lstrip("+-").partition(".")
    words = sign + say_cardinal(whole or "0")
    if decimals:
        kept = decimals.rstrip("0")
        words += "点" + say_digits(kept + "0" if kept != decimals else kept)
    return words
