"""Written English to words and marks."""

import re
import unicodedata

from tts.text.english.rules import say_numbers

_QUOTES = {"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "＇": "'"}
_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_UPSTREAM_MARKS = str.maketrans({"。": ".", "！": "!", "？": "?"})
_MARKS = str.maketrans(
    {char: "," for char in "、;:；：，"} | {char: "." for char in "…。｡⋯"} | {char: "-" for char in "‐‑"}
)
_DASH = re.compile(r"\s+-+\s+|--+|\s*[–—―─]+\s*")
_KEPT = re.compile(r"[^A-Za-z' .,?!-]")
_UPSTREAM_RUN = re.compile(r"([ .,?!-])[.,?!-]+")
_RUN = re.compile(r"([.,?!])[\s.,?!]*(?=[.,?!])")


def normalise(text: str, *, is_like_upstream: bool = False) -> tuple[str, int]:
    """Says an English text in letters.

    Args:
        text: any string.
        is_like_upstream: repeat GPT-SoVITS's rules: most marks that are not ASCII vanish and every capital inside a
            word starts a new word (HELP is then spelled).

    Returns:
        The text in ASCII letters, spaces and `' . , ? ! -`; and the number of letters, digits and signs left out.
    """
    if is_like_upstream:
        text = text.translate(_UPSTREAM_MARKS)
    else:
        text = text.translate(_FULL_WIDTH).translate(str.maketrans(_QUOTES)).translate(_MARKS | {ord(":"): ":"})
        text = _DASH.sub(", ", text)
    text = say_numbers(text, is_like_upstream=is_like_upstream)
    if not is_like_upstream:
        text = text.replace(":", ",")
    text = "".join(char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")
    num_skipped = sum(unicodedata.category(char)[0] in "LNS" for char in _KEPT.findall(text))
    text = _KEPT.sub("", text if is_like_upstream else _joined_lines(text))
    if is_like_upstream:
        text = re.sub(r"(?<![\s.,?!-])(?<!^)(?=[A-Z])", " ", text)
        return _UPSTREAM_RUN.sub(r"\1", text), num_skipped
    return _collapse(text), num_skipped


def _joined_lines(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _collapse(text: str) -> str:
    """Keeps the first of a run of marks, with the blanks between them, and the blanks off the marks."""
    text = re.sub(r"([.,?!])(?:\s*[.,?!-])+", r"\1", text)
    return re.sub(r"\s+(?=[.,?!])", "", re.sub(r"\s{2,}", " ", text))
