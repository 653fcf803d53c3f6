"""Arabic digits to Korean number words, of Chinese and of Korean origin. Strings in, strings out."""

SINO = "영일이삼사오육칠팔구"
_PLACES = ("", "십", "백", "천")
_GROUPS = ("", "만", "억", "조", "경")
MAX_DIGITS = 4 * len(_GROUPS)
# The forms that stand before a noun: 한 개, 스무 살.
_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")
MAX_NATIVE = 99


def value_of(digits: str) -> int:
    """Returns the value of a number; of one with absurdly many digits that of its first ones."""
    return int(digits[:MAX_DIGITS])


def say_digits(digits: str, *, zero: str = "공") -> str:
    """Reads digit by digit: `010` -> 공일공."""
    return "".join(zero if digit == "0" else SINO[int(digit)] for digit in digits)


def say_sino(digits: str, *, one_myriad: str = "만") -> str:
    """Reads a whole number: `29800` -> 이만구천팔백, `10000` -> 만. Past twenty digits: digit by digit."""
    digits = digits.lstrip("0")
    if not digits:
        return SINO[0]
    if len(digits) > MAX_DIGITS:
        return say_digits(digits)
    words = ""
    num_groups = -(-len(digits) // 4)
    padded = digits.zfill(4 * num_groups)
    for index in range(num_groups):
        said = _say_group(padded[4 * index : 4 * index + 4])
        group = _GROUPS[num_groups - 1 - index]
        if said:
            words += one_myriad if group == "만" and said == "일" and not words else said + group
    return words


def _say_group(digits: str) -> str:
    """Reads four digits; one of a place is not said but at the end: 110 -> 백십."""
    words = ""
    for digit, place in zip(digits, reversed(_PLACES), strict=True):
        if digit != "0":
            words += ("" if digit == "1" and place else SINO[int(digit)]) + place
    return words


def say_native(digits: str) -> str:
    """Reads a count before a noun: `3` -> 세, `20` -> 스무; zero and numbers past 99 are Chinese ones."""
    value = value_of(digits)
    if not 0 < value <= MAX_NATIVE:
        return say_sino(digits)
    tens, ones = divmod(value, 10)
    return "스무" if value == 20 else _TENS[tens] + _ONES[ones]


def say_number(number: str) -> str:
    """Reads digits with at most one point: `3.14` -> 삼점일사, `0.5` -> 영점오."""
    whole, _, decimals = number.partition(".")
    return say_sino(whole) + ("점" + say_digits(decimals, zero="영") if decimals else "")
