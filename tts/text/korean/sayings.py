"""What is said for one match of a number pattern. Each function takes the match of a row of `rules.py`."""

import re

from tts.text.korean.lists import pairs, words
from tts.text.korean.numbers import MAX_NATIVE, say_digits, say_native, say_number, say_sino, value_of
from tts.text.korean.syllables import is_syllable, parts

Match = re.Match[str]
LETTERS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            *("에이", "비", "시", "디", "이", "에프", "지", "에이치", "아이", "제이", "케이", "엘", "엠"),
            *("엔", "오", "피", "큐", "알", "에스", "티", "유", "브이", "더블유", "엑스", "와이", "제트"),
        ),
        strict=True,
    )
)
MONEY = {"₩": "원", "￦": "원", "$": "달러", "€": "유로", "£": "파운드", "¥": "엔", "￥": "엔"}
_ARITHMETIC = {
    "+": " 더하기 ",
    "-": " 빼기 ",
    "×": " 곱하기 ",
    "*": " 곱하기 ",
    "÷": " 나누기 ",
    "−": " 빼기 ",
}
# 2~3 of something are 두세, not two to three.
_ABOUT = ("", "한두", "두세", "서너", "네다섯", "대여섯", "예닐곱", "일고여덟", "여덟아홉")
_MAX_NATIVE_OF = {"시": 12, "시간": 23, "배": 10}  # 13시, 24시간 and 20배 are counted in Chinese
_MAX_NATIVE_AFTER_HUNDREDS = 10
_ORDINAL_ONE = "첫"


def number(match: Match) -> str:
    """A number with a point."""
    return say_number(match[0])


def integer(match: Match) -> str:
    """A number nothing else is known of: a quantity, unless zeros in front make it a code."""
    digits = match[0]
    return say_digits(digits) if len(digits) > 1 and digits[0] == "0" else say_sino(digits)


def digit_groups(match: Match) -> str:
    """A telephone number: digits one by one, a blank between its groups."""
    return " ".join(say_digits(group) for group in re.findall(r"\d+", match[0]))


def code(match: Match) -> str:
    """A word such as 비밀번호 and the digits after it."""
    return match["word"] + " ".join(say_digits(group) for group in re.findall(r"\d+", match["code"]))


def date(match: Match) -> str:
    """Groups y, m and d: 2024-03-05."""
    return f"{say_sino(match['y'])}년 {month(match['m'])}월 {say_sino(match['d'])}일"


def month(digits: str) -> str:
    """The number of a month; 6 and 10 lose a sound."""
    return {"6": "유", "10": "시"}.get(digits.lstrip("0"), say_sino(digits))


def months(match: Match) -> str:
    """A number before 월."""
    return month(match[1]) + "월"


def days(match: Match) -> str:
    """Two days as a range: 7/1~7/31."""
    first, last = match.group(1, 2), match.group(3, 4)
    return "에서 ".join(f"{month(of)}월 {say_sino(day)}일" for of, day in (first, last))


def clock(match: Match, prefix: str = "") -> str:
    """Groups h, m, s: 8:30 -> 여덟시 삼십분."""
    hour, minute, second = match.group(f"{prefix}h", f"{prefix}m", f"{prefix}s")
    said = [count(hour, "시") + "시"]
    said += [say_sino(minute) + "분"] if int(minute) else []
    said += [say_sino(second) + "초"] if second and int(second) else []
    return " ".join(said)


def clocks(match: Match) -> str:
    """Two times, groups with prefixes a and b."""
    return f"{clock(match, 'a')}에서 {clock(match, 'b')}"


def count(digits: str, counter: str) -> str:
    """A number before a counter, of Korean or Chinese origin as the counter wants; 101마리 is 백한마리."""
    if counter not in words("counters") | words("more_counters"):
        return say_sino(digits)
    high, low = digits[:-2], digits[-2:]
    if value_of(digits) > _MAX_NATIVE_OF.get(counter, MAX_NATIVE):
        is_short = counter not in _MAX_NATIVE_OF and 0 < value_of(low) <= _MAX_NATIVE_AFTER_HUNDREDS
        return say_sino(high + "00") + say_native(low) if is_short else say_sino(digits)
    return say_native(digits)


def quantity(match: Match) -> str:
    """Number, blank, counter."""
    digits, gap, counter = match.groups()
    return count(digits, counter) + gap + counter


def about(match: Match) -> str:
    """Two numbers with a dash between them, blank, counter: 2~3명 -> 두세명, 10~20명 -> 열명에서 스무명."""
    low, high, gap, counter = match.groups()
    is_native = count(low, counter) != say_sino(low)
    if 0 < value_of(low) == value_of(high) - 1 < 9:
        return (_ABOUT[value_of(low)] if is_native else say_sino(low) + say_sino(high)) + gap + counter
    if not is_native:
        return f"{say_sino(low)}에서 {say_sino(high)}{gap}{counter}"
    return f"{say_native(low)}{gap}{counter}에서 {count(high, counter)}{gap}{counter}"


def ordinal(match: Match) -> str:
    """3번째 -> 세번째; the first has a word of its own."""
    digits, gap = match.groups()
    return (_ORDINAL_ONE if digits == "1" else say_native(digits)) + gap + "번째"


def between(match: Match) -> str:
    """Two numbers as a range, and what may follow both, such as %."""
    return f"{say_number(match[1])}에서 {say_number(match[2])}"


def against(match: Match) -> str:
    """3:2 -> 삼 대 이."""
    return f"{say_sino(match[1])} 대 {say_sino(match[2])}"


def fraction(match: Match) -> str:
    """1/3 -> 삼분의 일; 24/7 is no fraction."""
    if value_of(match[1]) >= value_of(match[2]):
        return f"{say_sino(match[1])}, {say_sino(match[2])}"
    return f"{say_sino(match[2])}분의 {say_sino(match[1])}"


def dotted(match: Match) -> str:
    """A version: 1.2.3 -> 일점이점삼."""
    return "점".join(say_sino(part) for part in match[0].split("."))


def speed(match: Match) -> str:
    """60km/h -> 시속 육십킬로미터."""
    return f"시속 {say_number(match[1])}킬로미터"


def unit(match: Match) -> str:
    """Number, blank, unit in letters."""
    return say_number(match[1]) + match[2] + pairs("latin")[match[3]]


def cold(match: Match) -> str:
    """-5도 -> 영하 오도."""
    return f"영하 {say_number(match[1])}도"


def fahrenheit(match: Match) -> str:
    """50°F -> 화씨 오십도."""
    return f"화씨 {say_number(match[1])}도"


def money(match: Match) -> str:
    """Sign of the currency, number, 만 or 억: $20 -> 이십달러."""
    return say_number(match[2]) + (match[3] or "") + MONEY[match[1]]


def arithmetic(match: Match) -> str:
    """Signs of a sum become words; its numbers are left to later rows."""
    return "".join(_ARITHMETIC.get(part, part) for part in match[0].replace(" ", ""))


def equals(match: Match) -> str:
    """The sign = after words: 은 or 는, as the sound before it asks."""
    before = match[1]
    return before + ("은 " if is_syllable(before) and parts(before)[2] else "는 ")


def letters(match: Match) -> str:
    """Latin letters by their names."""
    return "".join(LETTERS[letter.upper()] for letter in match[0])
