"""How an English word is said: dictionary, then its parts, then letter by letter or by the net."""

import re
from functools import lru_cache

from tts.text.english.lookup import look_up, spelled_words
from tts.text.english.net import sound_out

_VOWELS = frozenset("aeiouy")
_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_UNVOICED = frozenset(("P", "T", "K", "F", "TH", "HH"))
_HISSING = frozenset(("S", "Z", "SH", "ZH", "CH", "JH"))
_LETTER_A = ("EY1",)
MIN_PART_CHARS = 4
MAX_NET_CHARS = 14


@lru_cache(maxsize=16384)
def say_word(word: str, *, is_shouted: bool = False) -> tuple[str, ...]:
    """Returns the ARPAbet phones of one word as it is written.

    Args:
        word: letters, apostrophes and hyphens.
        is_shouted: the words around it are in capitals too, so capitals do not mean letters.
    """
    lower = word.lower()
    letters = lower.replace("'", "").replace("-", "")
    if not letters:
        return ()
    if word.isupper() and len(letters) > 1 and not is_shouted and (lower in spelled_words() or not look_up(lower)):
        return _say_capitals(word, lower)
    if len(letters) == 1:
        return _LETTER_A if word == "A" else look_up(letters) or ()
    known = look_up(lower)
    if known:
        return known
    if lower.endswith("'s"):
        return add_possessive(say_word(word[:-2], is_shouted=is_shouted))
    if "-" in word or "'" in word:
        parts = [part for part in re.split(r"[-']", word) if part]
        return tuple(phone for part in parts for phone in say_word(part, is_shouted=is_shouted))
    pieces = _PIECES.findall(word)
    if len(pieces) > 1 and not word.isupper():
        return tuple(phone for piece in pieces for phone in say_word(piece))
    return _unknown(lower)


def say_word_like_upstream(word: str) -> tuple[str, ...]:
    """As `say_word` for a word GPT-SoVITS has already parted at its capitals: short unknown words are spelled."""
    lower = word.lower()
    if 1 < len(lower) <= 3 and not look_up(lower):
        return spell(lower)
    return say_word(word, is_shouted=True)


def spell(letters: str) -> tuple[str, ...]:
    """Says letters one by one."""
    return tuple(phone for letter in letters.lower() for phone in _letter(letter))


def _letter(letter: str) -> tuple[str, ...]:
    return _LETTER_A if letter == "a" else look_up(letter) or ()


def _say_capitals(word: str, lower: str) -> tuple[str, ...]:
    """A short form in capitals; a long one that can be said, such as PAIMON, is a shouted name."""
    letters = re.sub(r"[^a-z]", "", lower)
    if len(letters) > 5 and lower not in spelled_words() and _VOWELS & set(letters):
        return say_word(word.capitalize(), is_shouted=True)
    return spell(letters)


def add_possessive(phones: tuple[str, ...]) -> tuple[str, ...]:
    """Adds the sound of 's: S after an unvoiced sound, a syllable after a hissing one, else Z."""
    if not phones:
        return phones
    if phones[-1] in _UNVOICED:
        return (*phones, "S")
    return (*phones, "AH0", "Z") if phones[-1] in _HISSING else (*phones, "Z")


def _unknown(word: str) -> tuple[str, ...]:
    """A word of small letters that is in no list."""
    if not _VOWELS & set(word) and len(word) <= 4:
        return spell(word)
    parts = _compound(word)
    if parts:
        first, second = parts
        return first + tuple(phone.replace("1", "2") for phone in second)
    if len(word) <= MAX_NET_CHARS:
        return sound_out(word)
    return sound_out(word[:MAX_NET_CHARS]) + _unknown(word[MAX_NET_CHARS:])


def _compound(word: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Returns the phones of two words written as one, such as moon and stone, cut as evenly as can be."""
    cuts = range(MIN_PART_CHARS, len(word) - MIN_PART_CHARS + 1)
    for cut in sorted(cuts, key=lambda cut: abs(2 * cut - len(word))):
        first, second = look_up(word[:cut]), look_up(word[cut:])
        if first and second:
            return first, second
    return None
