"""How GPT-SoVITS normalises Cantonese, in simplified characters and as Mandarin; for comparisons only."""

import re
from functools import lru_cache

from tts.text.cantonese.scripts import simplified
from tts.text.mandarin.rules import say_numbers
from tts.text.marks import MARKS

_DELETED = dict.fromkeys(map(ord, " —《》【】<>{}()（）#&@“”^_|\\"))
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}
_MARKS = str.maketrans(
    dict.fromkeys("：；，、·/", ",")
    | dict.fromkeys("。\n$", ".")
    | dict.fromkeys("~～", "-")
    | {"！": "!", "？": "?", "⋯": "…"}
)
_KEPT_TRADITIONAL = frozenset("乾於瞭")  # upstream simplifies one character at a time, and these not
_NOT_KEPT = re.compile(f"[^一-\u9fa5{''.join(sorted(MARKS))}]")


@lru_cache(maxsize=32768)
def _simplified(char: str) -> str:
    return char if char in _KEPT_TRADITIONAL else simplified(char)


def normalise(text: str) -> str:
    """Returns what upstream says: signs outside its block are gone, marks are not collapsed."""
    text = "".join(_simplified(char) for char in text if not "\ud800" <= char <= "\udfff")
    text = text.translate(_DELETED).translate(_FULL_WIDTH)
    text = say_numbers(text, is_like_upstream=True).replace("...", "…").translate(_MARKS)
    return _NOT_KEPT.sub("", text)
