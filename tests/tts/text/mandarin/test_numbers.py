import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.text.mandarin.numbers import say_cardinal, say_digits, say_number


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("0", "零"),
        ("000", "零"),
        ("10", "十"),
        ("12", "十二"),
        ("108", "一百零八"),
        ("110", "一百一十"),
        ("1010", "一千零一十"),
        ("20305", "二万零三百零五"),
        ("23456", "二万三千四百五十六"),
        ("100000", "十万"),
        ("1000000", "一百万"),
        ("100000001", "一亿零一"),
        ("1200000000000", "一万二千亿"),
        ("1" * 17, "一" * 17),
    ],
)
def test_cardinals(digits, words):
    assert say_cardinal(digits) == words


def test_numbers_and_codes():
    assert say_number("-3.50") == "负三点五零"
    assert say_number("1234.500") == "一千二百三十四点五零"
    assert say_number(".5") == "零点五"
    assert say_digits("9107", one="幺") == "九幺零七"


_VALUES = dict(zip("零一二三四五六七八九", range(10), strict=True))
_PLACES = {"十": 10, "百": 100, "千": 1000}


def _value(words: str) -> int:
    """Reads the words back, the slow way."""
    for big, size in (("亿", 10**8), ("万", 10**4)):
        if big in words:
            high, low = words.rsplit(big, 1)
            return _value(high) * size + _value(low)
    total = digit = 0
    for char in words:
        if char in _PLACES:
            total += (digit or 1) * _PLACES[char]
            digit = 0
        else:
            digit = _VALUES[char]
    return total + digit


@given(st.integers(0, 10**12 - 1))
def test_cardinals_can_be_read_back(value):
    assert _value(say_cardinal(str(value))) == value
