"""Written Korean to spoken Korean: Hangul, blanks and six marks only."""

import re
import unicodedata

from tts.text.korean.lists import pairs
from tts.text.korean.rules import say_numbers
from tts.text.korean.syllables import CODAS, VOWELS, is_syllable
from tts.text.korean.tagger import morphemes
from tts.text.marks import DASHES, MARKS
from tts.text.scripts import num_content, plain_units

_MARKS = str.maketrans(
    dict.fromkeys("：；，、·:;/・ㆍ｜|", ",")
    | dict.fromkeys("。\n｡।", ".")
    | dict.fromkeys("~～∼⋯‥", "…")
    | dict.fromkeys("([{<《〈【_", " ")  # what closes goes without a blank, so that a particle can follow
    | {"！": "!", "？": "?"}
)
_MARK_RUN = re.compile(r"([!?….,-])[\s!?….,-]*[!?….,-]")
_HAN = re.compile("[㐀-鿿豈-﫿]")
_LETTERS = re.compile("[ㄱ-ㅎ]+|[ㅏ-ㅣ]")
_LETTER_NAMES = dict(
    zip(
        "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎㄲㄸㅃㅆㅉ",
        (
            *("기역", "니은", "디귿", "리을", "미음", "비읍", "시옷", "이응", "지읒", "치읓", "키읔"),
            *("티읕", "피읖", "히읗", "쌍기역", "쌍디귿", "쌍비읍", "쌍시옷", "쌍지읒"),
        ),
        strict=True,
    )
)
_LAUGHTER = {"ㅋ": "크", "ㅎ": "흐"}
_BEFORE_LAUGHTER = re.compile("(?<=[가-힣]) ?(?=[ㅋㅎ])")  # which is not joined to the word before
_TEARS = frozenset("ㅠㅜㅡㅗ")  # drawn faces, not sounds
_MAX_LAUGHS = 4


def plain_text(text: str) -> str:
    """Returns the text composed, with one kind of digits, without control and private characters."""
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cs", "Co"))
    text = unicodedata.normalize("NFC", text)
    text = "".join(char if char in "\n\t" or unicodedata.category(char) != "Cc" else " " for char in text)
    return "".join(str(unicodedata.decimal(char, char)) for char in text)


def normalise(text: str) -> tuple[str, int]:
    """Says a Korean text in Hangul.

    Args:
        text: as `plain_text` returns it; private characters, which stand for words of a lexicon, stay.

    Returns:
        The text, made of Hangul, blanks and the marks `! ? … , . -` only, runs of marks collapsed to the
        first; and the number of letters, digits and signs that were left out.
    """
    text = plain_units(text)
    text = _LETTERS.sub(_say_letters, _BEFORE_LAUGHTER.sub(", ", say_numbers(_read_han(text))))
    text = text.replace("...", "…")
    text = DASHES.sub(",", text).translate(_MARKS)
    kept = "".join(
        char for char in re.sub(r"\s", " ", text) if char in MARKS or char == " " or _is_spoken(char)
    )
    num_skipped = num_content(text) - num_content(kept)
    kept = re.sub(" {2,}", " ", _MARK_RUN.sub(r"\1", kept))
    return re.sub(" (?=[!?…,.])", "", kept), num_skipped


def _read_han(text: str) -> str:
    """Reads Chinese characters as the dictionary does; those it does not know stay."""
    if not _HAN.search(text):
        return text
    parts, end = [], 0
    for morpheme in morphemes(text):
        start, stop = morpheme.span
        reading = morpheme.feature.reading
        is_read = reading and _HAN.search(text[start:stop]) and all(map(is_syllable, reading))
        parts += [text[end:start], reading if is_read else text[start:stop]]
        end = stop
    return "".join(parts) + text[end:]


def _say_letters(match: re.Match[str]) -> str:
    """Lone letters: what chats mean by them, laughter, or their names; vowels as they sound."""
    written = match[0]
    if written in pairs("chat"):
        return pairs("chat")[written]
    if written in VOWELS:
        return written if written in _TEARS else _vowel_syllable(written)
    if set(written) <= set(_LAUGHTER):
        return "".join(_LAUGHTER[letter] for letter in written[:_MAX_LAUGHS])
    return "".join(_LETTER_NAMES.get(letter, "") for letter in written)


def _vowel_syllable(vowel: str) -> str:
    return chr(ord("아") + VOWELS.index(vowel) * len(CODAS))


def _is_spoken(char: str) -> bool:
    return is_syllable(char) or unicodedata.category(char) == "Co"
