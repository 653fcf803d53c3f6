"""What is said for one match of a number pattern. Each function takes the match of a row of `rules.py`."""

import re

from tts.text.mandarin.numbers import say_amount, say_cardinal, say_digits, say_number
from tts.text.mandarin.units import ARITHMETIC, CIRCLED, MONEY, SUPERSCRIPTS

Match = re.Match[str]


def plain(match: Match) -> str:
    """A whole number as a quantity: 幺 and 两 do not occur."""
    return say_cardinal(match[0])


def number(match: Match) -> str:
    """A number with a point or a sign."""
    return say_number(match[0])


def telephone(match: Match) -> str:
    """Digits one by one, 1 as 幺; whatever stands between them is not said."""
    return say_digits(re.sub(r"\D", "", match[0]), one="幺")


def code(match: Match) -> str:
    """A word such as 密码 and the digits after it."""
    return match["word"] + match["gap"] + say_digits(re.sub(r"\D", "", match["code"]), one="幺")


def integer(match: Match) -> str:
    """A number nothing else is known of: a quantity, unless zeros in front make it a code."""
    digits = match[0]
    return telephone(match) if len(digits) > 1 and digits[0] == "0" else say_amount(digits)


def date(match: Match) -> str:
    """Groups y, m, d and w (the word 日 or 号 as written): year digit by digit, the rest as numbers."""
    year, month, day, day_word = match.group("y", "m", "d", "w")
    words = say_digits(year) + "年"
    words += say_cardinal(month) + "月" if month else ""
    return words + (say_cardinal(day) + (day_word or "日") if day else "")


def year(match: Match) -> str:
    """As `date`, but a bare two-digit year is a length of time (12年, twelve years), and so is 3000年."""
    digits = match["y"]
    is_date = match["m"] or (len(digits) == 4 and "1000" < digits < "2200")
    return date(match) if is_date else say_cardinal(digits) + "年"


def years(match: Match) -> str:
    """Two years as a span, digit by digit: 2023-2024年."""
    return say_digits(match[1]) + "到" + match[2]


def clock(match: Match, prefix: str = "", *, two: str = "两") -> str:
    """Groups h, m, s: 8:30 -> 八点半, 6:05:09 -> 六点零五分零九秒."""
    hour, minute, second = match.group(f"{prefix}h", f"{prefix}m", f"{prefix}s")
    words = (two if int(hour) == 2 else say_cardinal(hour)) + "点"
    if minute == "30":
        words += "半"
    elif minute != "00":
        words += _two_digits(minute) + "分"
    return words + (_two_digits(second) + "秒" if second and second != "00" else "")


def upstream_clock(match: Match) -> str:
    """The same with 二点 for two o'clock."""
    return clock(match, two="二")


def clocks(match: Match) -> str:
    """Two times, groups with prefixes a and b."""
    return clock(match, "a") + "至" + clock(match, "b")


def _two_digits(digits: str) -> str:
    return ("零" if digits[0] == "0" else "") + say_cardinal(digits)


def temperature(match: Match) -> str:
    """Sign, number, unit: a minus is 零下."""
    sign, degrees, unit = match.groups()
    scale = "华氏" if unit in ("°F", "℉") else ""
    return ("零下" if sign else "") + scale + say_number(degrees) + ("摄氏度" if unit == "摄氏度" else "度")


def money(match: Match) -> str:
    """Sign of the currency, number, 万 or 亿: $20 -> 二十美元."""
    sign, amount, myriad = match.groups()
    words = say_number(amount) if "." in amount else say_amount(amount)
    return ("两" if amount == "2" else words) + myriad + MONEY[sign]


def power(match: Match) -> str:
    """Superscript digits: ² -> 的二次方."""
    return "的" + say_cardinal("".join(SUPERSCRIPTS[sign] for sign in match[0])) + "次方"


def arithmetic(match: Match) -> str:
    """Signs of a sum become words; its numbers are left to later rows."""
    return "".join(ARITHMETIC.get(part, part) for part in match[0])


def fraction(match: Match) -> str:
    """Sign, above, below: 1/3 -> 三分之一."""
    sign, above, below = match.groups()
    return ("负" if sign else "") + say_cardinal(below) + "分之" + say_cardinal(above)


def percent(match: Match) -> str:
    """Sign, number, % or ‰."""
    sign, amount, base = match.groups()
    return ("负" if sign else "") + ("百" if base == "%" else "千") + "分之" + say_number(amount)


def percents(match: Match) -> str:
    """Two percentages as a range: 百分之三到百分之五 is said shorter, 百分之三到五."""
    return "百分之" + between(match)


def between(match: Match) -> str:
    """Two numbers as a range."""
    return say_number(match[1]) + "到" + say_number(match[2])


def ratio(match: Match) -> str:
    """3:2 -> 三比二."""
    return say_cardinal(match[1]) + "比" + say_cardinal(match[2])


def dotted(match: Match) -> str:
    """1.2.3 -> 一点二点三."""
    return "点".join(say_cardinal(part) for part in match[0].split("."))


def quantity(match: Match) -> str:
    """Number, 多 几 余 or +, measure word: exactly 2 is 两, but 二两 (100 g)."""
    digits, more, word = match.groups()
    is_pair = digits == "2" and word != "两"
    return ("两" if is_pair else say_amount(digits)) + more.replace("+", "多") + word


def upstream_quantity(match: Match) -> str:
    """The same with 二千 and 两两."""
    digits, more, word = match.groups()
    return ("两" if digits == "2" else say_cardinal(digits)) + more.replace("+", "多") + word


def singly(match: Match) -> str:
    """Digits one by one and nothing of what stands between: 5·12 -> 五一二."""
    return say_digits(re.sub(r"\D", "", match[0]))


def services(match: Match) -> str:
    """Each number one calls for help, digit by digit: 110或者120."""
    return re.sub(r"\d+", telephone, match[0])


def magnitude(match: Match) -> str:
    """Number and w or k as written in chats: 100w -> 一百万, 1.5k -> 一千五百."""
    amount, letter = match.groups()
    if letter == "w":
        return say_number(amount) + "万"
    whole, _, decimals = amount.partition(".")
    return say_amount(whole + decimals[:3].ljust(3, "0"))


def item(match: Match) -> str:
    """A circled number before what it counts off: ①先走 -> 一,先走."""
    return CIRCLED[match[0]] + ","


def ordinal(match: Match) -> str:
    """Number and a word such as 楼 before which 2 stays 二."""
    return say_cardinal(match[1]) + match[2]
