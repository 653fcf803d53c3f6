"""Written Mandarin to spoken Mandarin: simplified characters, numbers in words, six marks only."""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

from tts.text.mandarin.pinyin import is_readable
from tts.text.mandarin.rules import say_numbers
from tts.text.marks import DASHES, MARKS, collapse_marks
from tts.text.scripts import num_content

# Full-width forms to their ASCII twins; upstream leaves the marks, which end a clause for it.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_FULL_WIDTH_WORDS = {code: twin for code, twin in _FULL_WIDTH.items() if chr(twin).isalnum() or twin == 0x20}

# Upstream deletes these first, so that its long dash is never a pause.
_UPSTREAM_DELETED = dict.fromkeys(map(ord, "—《》【】<>{}()（）#&@“”^_|\\"))

# 嗯 and 呣 have readings (n, m) the models have no phones for.
_RESPELLED = str.maketrans({"嗯": "恩", "呣": "母", "〇": "零"})
_MARKS = str.maketrans({
    "：": ",", "；": ",", "，": ",", "、": ",", "·": ",", ":": ",", ";": ",", "/": ",", "・": ",",
    "。": ".", "\n": ".", "｡": ".", "！": "!", "？": "?", "~": "…", "～": "…", "⋯": "…", "‥": "…",
})  # fmt: skip
_UPSTREAM_MARKS = _MARKS | {ord("$"): ".", ord("—"): "-"}
# Units that are one character: ㎡ ㎏ ㎞ and their kin.
_SQUARED_UNITS = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0x3380, 0x33DE)}


@cache
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def simplify(text: str) -> str:
    """Returns the text in simplified characters."""
    return _simplifier().convert(text)


def normalise(text: str, *, is_like_upstream: bool = False) -> tuple[str, int]:
    """Says a Mandarin text in characters.

    Args:
        text: any string; lone surrogates and control characters are ignored.
        is_like_upstream: number readings and mark rules of GPT-SoVITS where ours differ.

    Returns:
        The text, made of readable Han characters and the marks `! ? … , . -` only, runs of marks collapsed to
        the first; and the number of letters, digits and signs that were left out.
    """
    text = "".join(char for char in text if unicodedata.category(char) != "Cs")
    text = simplify(text)
    if is_like_upstream:
        text = text.translate(_UPSTREAM_DELETED).replace(" ", "").translate(_FULL_WIDTH_WORDS)
    else:
        text = text.translate(_FULL_WIDTH).translate(_SQUARED_UNITS)
        text = re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", text)
    text = say_numbers(text, is_like_upstream=is_like_upstream).translate(_RESPELLED)
    text = text.replace("...", "…")
    text = text.translate(_UPSTREAM_MARKS) if is_like_upstream else DASHES.sub(",", text).translate(_MARKS)
    kept = [char for char in text if char in MARKS or is_readable(char)]
    num_skipped = num_content(text) - num_content(kept)
    return collapse_marks("".join(kept)), num_skipped
