"""Which character is what: the classes that the text stages share, and the length of spoken text."""

import re

# Han, kana, hangul, bopomofo: written without blanks (Korean with some), about one syllable each.
WIDE = (
    "\u1100-\u11ff\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f"
    "\uac00-\ud7ff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff"
NEWLINES = "\n\r\v\f\x85\u2028\u2029"
BLANKS = " \t\u3000"
# A letter of a script that writes words between blanks (Latin, Cyrillic, Greek, ...).
LETTER = rf"[^\W\d_{WIDE}]"

_WIDE_CHAR = re.compile(f"[{WIDE}]")
_HANGUL_CHAR = re.compile(f"[{HANGUL}]")
_SYLLABLES = re.compile(rf"[{WIDE}\d]+")
_DIGITS = re.compile("[0-9]+")
_WORD = re.compile(rf"{LETTER}+(?:['’]{LETTER}+)*")
_ASCII_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")
CONTEXT_CHARS = 2  # how far back one sees whether a letter goes on with a word: don't


def is_wide(char: str) -> bool:
    """Whether a character is Han, kana, hangul or bopomofo."""
    return _WIDE_CHAR.match(char) is not None


def is_hangul(char: str) -> bool:
    """Whether a character is Korean."""
    return _HANGUL_CHAR.match(char) is not None


def is_tight(char: str) -> bool:
    """Whether an ASCII mark right before this character belongs to a word, number or address."""
    return (char.isalnum() and not is_wide(char)) or char in "/\\@#&=+%$_-"


def count_syllables(text: str) -> int:
    """Number of Han, kana and hangul characters and digits; each takes about one syllable to say."""
    pattern = _DIGITS if text.isascii() else _SYLLABLES
    return sum(map(len, pattern.findall(text)))


def count_words(text: str, before: str = "") -> int:
    """Number of words of letters that begin in a text.

    Args:
        text: The text.
        before: Up to two characters that stand before it, so that a word cut in two counts once.
    """
    word = _ASCII_WORD if text.isascii() and before.isascii() else _WORD
    if not before:
        return len(word.findall(text))
    return len(word.findall(before + text)) - len(word.findall(before))
