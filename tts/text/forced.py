"""Readings that are given with the text: `{重|chong2}庆` shows 重 and says chong2.

The notation tells the language: pinyin with tone digits (`chong2 qing4`), jyutping (`hoeng1 gong2`), ARPAbet
(`K IH1 R AH0`), kana (`ナヒーダ`), hangul as pronounced (`나히다`).
"""

import re

from tts.text.languages import check_reading
from tts.text.scripts import HANGUL, KANA

_PART = r"[ \t]*[^{｛|｜}｝\s][^{｛|｜}｝\n]*"
# {word|reading}, in brackets of either width, on one line.
FORCED = rf"[{{｛]{_PART}[|｜]{_PART}[}}｝]"
_FORCED = re.compile(FORCED)
_BETWEEN = re.compile(r"[{}｛｝|｜]")
_HAS_KANA = re.compile(f"[{KANA}]")
_HAS_HANGUL = re.compile(f"[{HANGUL}]")
_SYLLABLES = re.compile(r"(?:[A-Za-zÜü:]+[1-6][\s'’-]*)+")
_PHONES = re.compile(r"[A-Za-z]{1,2}[0-2]?(?:\s+[A-Za-z]{1,2}[0-2]?)*")

NOTATIONS = (
    "pinyin with tone digits (chong2 qing4), jyutping (hoeng1 gong2), ARPAbet phones (K IH1 R AH0), kana "
    "(ナヒーダ) or hangul as pronounced (나히다)"
)


def without_readings(text: str) -> str:
    """Returns a text as it is shown: of each `{word|reading}` the word."""
    return _FORCED.sub(lambda match: split_forced(match[0])[0], text)


def split_forced(markup: str) -> tuple[str, str]:
    """Returns word and reading of what `FORCED` has found."""
    _, word, reading, _ = _BETWEEN.split(markup)
    return word.strip(), reading.strip()


def find_reading(text: str) -> tuple[str, str] | None:
    """Returns the word of a text that is nothing but `{word|reading}`, and its markup in plain brackets.

    None for any other text, also if the reading is in none of the notations.
    """
    if not _FORCED.fullmatch(text):
        return None
    word, reading = split_forced(text)
    return (word, f"{{{word}|{reading}}}") if languages_of(reading, "zh") else None


def languages_of(reading: str, main: str) -> tuple[str, ...]:
    """Returns the languages a reading may be in by its form, the likeliest first.

    Args:
        reading: in any of the notations.
        main: the language of the text around it, which goes first among several.
    """
    if _HAS_KANA.search(reading):
        return ("ja",)
    if _HAS_HANGUL.search(reading):
        return ("ko",)
    codes: list[str] = []
    if _SYLLABLES.fullmatch(reading):
        codes = ["zh", "yue"]
    if _PHONES.fullmatch(reading):
        codes.insert(0 if reading.isupper() else len(codes), "en")
    return tuple(sorted(codes, key=lambda code: code != main))


def phones_of(reading: str, main: str, spoken: tuple[str, ...]) -> tuple[str, tuple[str, ...]] | None:
    """Returns language and phones of a reading; None for one that none of the spoken languages knows."""
    for code in languages_of(reading, main):
        if code in spoken:
            try:
                return code, check_reading(code, reading)
            except ValueError:
                continue
    return None


def drop_wrong_readings(text: str, main: str, spoken: tuple[str, ...]) -> tuple[str, int]:
    """Returns a text in which words with readings that nobody can read stand alone, and their number."""
    num_wrong = 0
    parts: list[str] = []
    end = 0
    for match in _FORCED.finditer(text):
        word, reading = split_forced(match[0])
        if phones_of(reading, main, spoken) is None:
            parts += [text[end : match.start()], word]
            end = match.end()
            num_wrong += 1
    return "".join(parts) + text[end:], num_wrong
