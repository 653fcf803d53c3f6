"""Traditional characters as Hong Kong writes them, and simplified ones."""

from functools import cache

from opencc import OpenCC


@cache
def _converter(name: str) -> OpenCC:
    return OpenCC(name)


def traditional(text: str) -> str:
    """Returns the text in the characters of Hong Kong."""
    return _converter("s2hk").convert(text)


def simplified(text: str) -> str:
    """Returns the text in simplified characters."""
    return _converter("t2s").convert(text)


def as_traditional(text: str) -> str:
    """Returns a text in simplified characters in traditional ones, and one that has any of those as it is.

    The dictionary knows how 會 and 聽 are said in speech; 会 and 听 it reads as in Mandarin texts.
    """
    return text if simplified(text) != text else traditional(text)
