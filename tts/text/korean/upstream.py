"""What GPT-SoVITS does with numbers, letters and signs in Korean, for comparisons with it only."""

import re

from tts.text.korean.lists import words
from tts.text.korean.numbers import say_digits, say_native, say_sino
from tts.text.korean.sayings import LETTERS
from tts.text.korean.tagger import morphemes
from tts.text.korean.words import upstream_respelling

_LETTERS = LETTERS | {"R": "아르"}
_AS_THEY_ARE = frozenset("[]_")  # signs that happen to be symbols of other languages
_COUNTED = re.compile(r"(\d[\d,]*)([ㄱ-힣]+)$")


def rewrite(text: str) -> str:
    """Says letters and numbers as upstream does: digit by digit but before what it takes for a counter."""
    text = re.sub("[A-Za-z]", lambda match: _LETTERS[match[0].upper()], text)
    text = upstream_respelling(text)
    text = text.replace("%", "퍼센트").replace("1번째", "첫번째").replace("10월", "시월")
    said, end = "", 0
    for morpheme in morphemes(text):
        if morpheme.pos.split("+")[-1] != "NNBC":
            continue
        stop = morpheme.span[1]
        match = _COUNTED.search(text[end:stop])
        if match:
            digits, counter = match[1].replace(",", ""), match[2]
            is_native = counter in words("counters")
            number = say_native(digits) if is_native else say_sino(digits, one_myriad="일만")
            said += text[end : end + match.start()] + number + counter
            end = stop
    return re.sub(r"\d", lambda match: say_digits(match[0], zero="영"), said + text[end:])


def phones(char: str) -> tuple[str, ...] | None:
    """Returns the phones of a sign that is a symbol by chance, None for all others."""
    return (char,) if char in _AS_THEY_ARE else None
