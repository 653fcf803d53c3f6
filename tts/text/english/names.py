"""Foreign names that spell their sounds: Japanese in romaji, and others of the same open syllables.

The letter model knows American surnames and makes `Nahida` rhyme with one. A name that is nothing but
consonant and vowel, over and over, is better read with one sound per vowel, stressed before its end.
"""

import re

from tts.text.english.dictionary import Phones

_CONSONANTS: dict[str, Phones] = {
    "": (), "b": ("B",), "ch": ("CH",), "d": ("D",), "f": ("F",), "g": ("G",), "h": ("HH",), "j": ("JH",),
    "k": ("K",), "m": ("M",), "n": ("N",), "p": ("P",), "r": ("R",), "s": ("S",), "sh": ("SH",), "t": ("T",),
    "ts": ("T", "S"), "v": ("V",), "w": ("W",), "y": ("Y",), "z": ("Z",), "l": ("L",),
    "ky": ("K", "Y"),
    "gy": ("G", "Y"), "ry": ("R", "Y"), "ny": ("N", "Y"), "hy": ("HH", "Y"),
    "my": ("M", "Y"), "by": ("B", "Y"),
}  # fmt: skip
_VOWELS = {
    "a": "AA", "i": "IY", "u": "UW", "e": "EH", "o": "OW", "ai": "AY", "ei": "EY", "ou": "OW", "uu": "UW",
    "oo": "OW", "ii": "IY", "aa": "AA",
}  # fmt: skip
_SYLLABLE = re.compile(
    rf"({'|'.join(sorted(_CONSONANTS, key=len, reverse=True))})"
    rf"({'|'.join(sorted(_VOWELS, key=len, reverse=True))})(n(?![aiueoy])|)"
)
_NAME = re.compile(rf"(?:{_SYLLABLE.pattern}){{2,6}}")


def read_name(word: str) -> Phones | None:
    """Returns the phones of a name of two to six open syllables (an n may close one), else None."""
    if not _NAME.fullmatch(word):
        return None
    syllables = _SYLLABLE.findall(word)
    phones: list[str] = []
    for number, (consonant, vowel, closing) in enumerate(syllables):
        sound = _VOWELS[vowel]
        if vowel == "e" and number == len(syllables) - 1 and not closing:
            sound = "EY"
        stress = "1" if number == len(syllables) - 2 else "0"
        phones += [*_CONSONANTS[consonant], sound + stress, *(["N"] if closing else [])]
    return tuple(phones)
