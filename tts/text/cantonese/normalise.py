"""Written Cantonese to spoken Cantonese: numbers in words, readable characters and six marks only."""

import re
import unicodedata

from tts.text.cantonese.jyutping import char_syllables
from tts.text.cantonese.rules import say_numbers
from tts.text.cantonese.scripts import as_traditional

MARKS = frozenset("!?…,.-")
_MARKS = str.maketrans(
    dict.fromkeys("：；，、·・:;/｜|", ",")
    | dict.fromkeys("。\n｡", ".")
    | dict.fromkeys("~～⋯‥", "…")
    | {"！": "!", "？": "?", "〇": "零"}
)
_DASH = re.compile(r"\s*[—–―─]+\s*|--+")
_MARK_RUN = re.compile(r"([!?….,-])[!?….,-]+")
_COMPATIBLE = re.compile(
    "[！-～　①-⑳㈀-㏿Ⅰ-ⅿ²³℃℉₀-₉]"
)  # forms of letters, digits and units that have plain twins
_SPACE = re.compile(r"(?<![\dA-Za-z])\s+|\s+(?![\dA-Za-z])")


def normalise(text: str) -> tuple[str, int]:
    """Says a Cantonese text in characters.

    Args:
        text: any string; lone surrogates, control and private characters are ignored.

    Returns:
        The text, made of readable Han characters and the marks `! ? … , . -` only, runs of marks collapsed to
        the first; and the number of letters, digits and signs that were left out.
    """
    text = "".join(char for char in text if unicodedata.category(char) not in ("Cs", "Co"))
    text = as_traditional(unicodedata.normalize("NFC", text))
    text = "".join(str(unicodedata.decimal(char, char)) for char in text)
    text = _COMPATIBLE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    text = say_numbers(_SPACE.sub("", text)).replace("...", "…")
    text = _DASH.sub(",", text).translate(_MARKS)
    kept = [char for char in text if char in MARKS or char_syllables(char)]
    num_skipped = sum(map(_is_content, text)) - sum(map(_is_content, kept))
    return _MARK_RUN.sub(r"\1", "".join(kept)), num_skipped


def _is_content(char: str) -> bool:
    """Tells whether a listener would miss the character: letters, digits and signs, not marks or spaces."""
    return unicodedata.category(char)[0] in "LNS"
