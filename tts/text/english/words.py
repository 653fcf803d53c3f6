"""How one word is said, whether a dictionary has it or not."""

import re
from collections.abc import Callable
from functools import lru_cache

from tts.text.english.dictionary import Phones, look_up, word_set
from tts.text.english.letters import letter_model
from tts.text.english.names import read_name

_HISSES = frozenset(("S", "Z", "SH", "ZH", "CH", "JH"))
_VOICELESS = frozenset(("P", "T", "K", "F", "TH"))
_VOWELS = frozenset("aeiouy")
_LATIN_AE = re.compile("^ae(?=[^aeiou])")
_MAX_SPELLING = 32
_MAX_COMPOUND = 30
_SHORTEST_PART = 3
_SHORTEST_NAME_PART = 4
_CLITICS = {
    "'ll": ("AH0", "L"),
    "'ve": ("V",),
    "'d": ("D",),
    "'re": ("ER0",),
    "n't": ("AH0", "N", "T"),
    "'m": ("M",),
}
_PREFIXES = {
    "un": ("AH0", "N"),
    "re": ("R", "IY0"),
    "non": ("N", "AA0", "N"),
    "pre": ("P", "R", "IY0"),
    "mis": ("M", "IH0", "S"),
    "anti": ("AE2", "N", "T", "IY0"),
    "super": ("S", "UW2", "P", "ER0"),
    "over": ("OW2", "V", "ER0"),
    "under": ("AH2", "N", "D", "ER0"),
    "out": ("AW2", "T"),
}
_SUFFIXES = {
    "ly": ("L", "IY0"),
    "ness": ("N", "AH0", "S"),
    "less": ("L", "AH0", "S"),
    "ful": ("F", "AH0", "L"),
    "ment": ("M", "AH0", "N", "T"),
    "like": ("L", "AY2", "K"),
    "ish": ("IH0", "SH"),
    "able": ("AH0", "B", "AH0", "L"),
    "er": ("ER0",),
    "ers": ("ER0", "Z"),
    "est": ("AH0", "S", "T"),
    "ing": ("IH0", "NG"),
}
_Known = Callable[[str], Phones | None]


@lru_cache(maxsize=4096)
def read_word(word: str, is_name: bool = False) -> Phones:
    """Returns the phones of a lower-case word of letters, apostrophes and hyphens; () if it has no letter.

    Args:
        is_name: the word had a capital: it may be a foreign name, and short words inside it are chance.
    """
    phones = _known(word) or _by_apostrophe(word)
    if phones:
        return phones
    parts = word.replace("'", "").split("-")
    if len(parts) > 1:
        return tuple(phone for part in parts if part for phone in read_word(part, is_name))
    return _unknown(parts[0], is_name) if parts[0] else ()


def spell(letters: str) -> Phones:
    """Returns the names of the letters."""
    return tuple(phone for letter in letters for phone in _letter_name(letter))


def add_s(phones: Phones) -> Phones:
    """Returns a word with the ending s, as in plurals and possessives."""
    last = phones[-1]
    if last in _HISSES:
        return (*phones, "AH0", "Z")
    return (*phones, "S" if last in _VOICELESS else "Z")


def add_d(phones: Phones) -> Phones:
    """Returns a word with the ending ed."""
    last = phones[-1]
    if last in ("T", "D"):
        return (*phones, "AH0", "D")
    return (*phones, "T" if last in _VOICELESS or last in ("S", "SH", "CH") else "D")


def _known(word: str) -> Phones | None:
    return spell(word) if word in word_set("spelled") and look_up(word) is None else look_up(word)


def _letter_name(letter: str) -> Phones:
    return ("EY1",) if letter == "a" else look_up(letter) or ()


def _by_apostrophe(word: str) -> Phones | None:
    """Reads possessives and short forms of words whose whole form is not in the dictionary."""
    if "'" not in word:
        return None
    if word.endswith("'s"):
        base = read_word(word[:-2])
        return add_s(base) if base else None
    for ending, phones in _CLITICS.items():
        if word.endswith(ending) and (base := read_word(word.removesuffix(ending))):
            return base + phones
    return read_word(word.strip("'")) if word.strip("'") != word else None


def _unknown(word: str, is_name: bool) -> Phones:
    if _VOWELS.isdisjoint(word) and len(_squeeze(word)) <= 5:
        return look_up(_squeeze(word)) or spell(word[:_MAX_SPELLING])
    phones = _stretched(word) or _inflected(word, look_up) or (read_name(word) if is_name else None)
    if phones is None and len(word) <= _MAX_COMPOUND:
        shortest = _SHORTEST_NAME_PART if is_name else _SHORTEST_PART
        phones = _compound(word, shortest) or _inflected(word, lambda base: _compound(base, shortest))
    return phones or _by_letters(word)


def _squeeze(word: str) -> str:
    """Returns the word with runs of a letter shortened to two: `hmmmm` -> `hmm`."""
    kept = [letter for place, letter in enumerate(word) if word[max(place - 2, 0) : place] != letter * 2]
    return "".join(kept)


def _stretched(word: str) -> Phones | None:
    """Reads `sooooo` as `so`."""
    short = _squeeze(word)
    if short == word:
        return None
    single = "".join(letter for place, letter in enumerate(word) if word[place - 1 : place] != letter)
    return look_up(single) or look_up(short)


def _inflected(word: str, known: _Known) -> Phones | None:
    """Reads a known word with a known ending or beginning."""
    if word.endswith("s") and not word.endswith("ss"):
        base = known(word[:-1]) or (known(word[:-3] + "y") if word.endswith("ies") else None)
        base = base or (known(word[:-2]) if word.endswith("es") else None)
        if base:
            return add_s(base)
    if word.endswith("ed") and (base := _base(word[:-2], known)):
        return add_d(base)
    for ending, phones in _SUFFIXES.items():
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)]
            vowel_first = ending[0] in "aeiou"
            base = _base(stem, known) if vowel_first else known(stem)
            if base is None and stem.endswith("i"):
                base = known(stem[:-1] + "y")
            if base:
                return base + phones
    for start, phones in _PREFIXES.items():
        rest = word.removeprefix(start)
        if rest != word and len(rest) > 3 and (base := known(rest)):
            return phones + base
    return None


def _base(stem: str, known: _Known) -> Phones | None:
    """Returns the word an ending with a vowel was put on: `hop(p)`, `bak(e)`, `cast`."""
    if len(stem) < 2:
        return None
    doubled = stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else ""
    return known(stem) or known(stem + "e") or (known(doubled) if doubled else None)


def _compound(word: str, shortest_part: int) -> Phones | None:
    """Reads two known words written as one, cut where the shorter part is longest."""
    best: tuple[int, Phones] | None = None
    for cut in range(shortest_part, len(word) - shortest_part + 1):
        left, right = word[:cut], word[cut:]
        shortest = min(cut, len(word) - cut)
        if best and shortest <= best[0]:
            continue
        first, second = _part(left), _part(right)
        if first and second:
            best = shortest, first + tuple(phone.replace("1", "2") for phone in second)
    return best[1] if best else None


def _part(word: str) -> Phones | None:
    return look_up(word) if len(word) > 3 or word in word_set("short_words") else None


def _by_letters(word: str) -> Phones:
    model = letter_model()
    word = _LATIN_AE.sub("e", word)  # Aelindra: the model would leave both letters out
    pieces = (word[start : start + _MAX_SPELLING] for start in range(0, len(word), _MAX_SPELLING))
    return tuple(phone for piece in pieces for phone in model.read(piece))
