"""Written Cantonese to spoken Cantonese: numbers in words, readable characters and six marks only."""

import re
import unicodedata

from tts.text.cantonese.jyutping import char_syllables
from tts.text.cantonese.rules import say_numbers
from tts.text.cantonese.scripts import as_traditional
from tts.text.marks import DASHES, MARKS, collapse_marks
from tts.text.scripts import num_content, plain_units

_MARKS = str.maketrans(
    dict.fromkeys("：；，、·・:;/｜|", ",")
    | dict.fromkeys("。\n｡", ".")
    | dict.fromkeys("~～⋯‥", "…")
    | {"！": "!", "？": "?", "〇": "零"}
)
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
    text = plain_units(text)
    text = say_numbers(_SPACE.sub("", text)).replace("...", "…")
    text = DASHES.sub(",", text).translate(_MARKS)
    kept = [char for char in text if char in MARKS or char_syllables(char)]
    num_skipped = num_content(text) - num_content(kept)
    return collapse_marks("".join(kept)), num_skipped
