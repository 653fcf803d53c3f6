"""GPT-SoVITS's ways of cutting a whole text into pieces, cut0 to cut5, and what it does before and after.

For texts that come whole, in the way callers of its programs expect; a reply that streams is cut elsewhere.
Nothing here raises for any text: where upstream gives up there are simply no pieces.
"""

import re
from collections.abc import Callable, Mapping

from tts.text.marks import MARKS
from tts.text.pieces import CLAUSE_MARKS, stop_mark, with_end, with_start

MIN_CHARS = 5  # shorter pieces are joined
MAX_CHARS = 510  # longer ones are cut at any mark
GROUP = 4  # of cut1, in clauses
CUT2_CHARS = 50

_SPOKEN_MARKS = MARKS | {" "}
_CUT5_MARKS = frozenset(",.;?!、，。？！：…")
_CLAUSE = re.compile(f"[^{re.escape(''.join(sorted(CLAUSE_MARKS)))}]*.", re.DOTALL)
_POINT = re.compile(r"(?<!\d)\.(?!\d)")


def cut(text: str, method: str) -> str:
    """Returns a text with a line break at each cut.

    Args:
        text: any text.
        method: a key of `METHODS`.

    Raises:
        ValueError: for another method; the message lists the valid ones.
    """
    if method not in METHODS:
        raise ValueError(f"unknown cut method {method!r}; valid: {', '.join(METHODS)}")
    return METHODS[method](text)


def pieces_of(text: str, language: str, method: str) -> list[str]:
    """Returns the pieces of a text that are spoken one by one, each with a mark at its end.

    Args:
        text: any text.
        language: a mode of `tts.text.languages.MODES`.
        method: a key of `METHODS`.

    Raises:
        ValueError: for an unknown method or language.
    """
    stop = stop_mark(language)
    text = text.strip("\n")
    lines = cut(with_start(text, stop) if text else "", method).split("\n")
    pieces = _join_short([line for line in lines if line not in ("", " ")])
    spoken = [with_end(piece, stop) for piece in pieces if any(map(_is_word_char, piece))]
    return [part for piece in spoken for part in _cut_long(piece)]


def _is_word_char(char: str) -> bool:
    return char.isalnum() or char == "_"


def _join_short(pieces: list[str]) -> list[str]:
    joined: list[str] = []
    short = ""
    for piece in pieces:
        short += piece
        if len(short) >= MIN_CHARS:
            joined.append(short)
            short = ""
    if short and joined:
        joined[-1] += short
    elif short:
        joined.append(short)
    return joined if len(pieces) > 1 else pieces


def _cut_long(piece: str) -> list[str]:
    """Cuts a piece at marks so that no part is too long; a clause that is, is kept whole."""
    if len(piece) <= MAX_CHARS:
        return [piece]
    parts = [""]
    for clause in re.split(f"([{re.escape(''.join(sorted(CLAUSE_MARKS)))}])", piece):
        if parts[-1] and len(parts[-1]) + len(clause) > MAX_CHARS:
            parts.append("")
        parts[-1] += clause
    return parts


def _clauses(text: str) -> list[str]:
    """Cuts behind every mark; long pauses become simple marks, and one is put at the end."""
    text = text.replace("……", "。").replace("——", "，")
    return _CLAUSE.findall(text if text[-1:] in CLAUSE_MARKS else text + "。")


def _lines(items: list[str], marks: frozenset[str] = _SPOKEN_MARKS) -> str:
    return "\n".join(item for item in items if not marks.issuperset(item))


def _cut0(text: str) -> str:
    return _lines([text]) or "\n"


def _cut1(text: str) -> str:
    text = text.strip("\n")
    clauses = _clauses(text)
    starts = range(0, len(clauses), GROUP)[:-1]
    if len(starts) < 2:
        return _lines([text])
    ends = [*starts[1:], len(clauses)]
    return _lines(["".join(clauses[start:end]) for start, end in zip(starts, ends, strict=True)])


def _cut2(text: str) -> str:
    text = text.strip("\n")
    clauses = _clauses(text)
    if len(clauses) < 2:
        return text
    items = [""]
    for clause in clauses:
        if len(items[-1]) > CUT2_CHARS:
            items.append("")
        items[-1] += clause
    if len(items) > 1 and len(items[-1]) < CUT2_CHARS:
        items[-2:] = ["".join(items[-2:])]
    return _lines(items)


def _cut3(text: str) -> str:
    return _lines(text.strip("\n").strip("。").split("。"))


def _cut4(text: str) -> str:
    return _lines(_POINT.split(text.strip("\n").strip(".")))


def _cut5(text: str) -> str:
    text = text.strip("\n")
    items = [""]
    for index, char in enumerate(text):
        items[-1] += char
        is_point = char == "." and text[index - 1 : index].isdigit() and text[index + 1 : index + 2].isdigit()
        if char in _CUT5_MARKS and not is_point:
            items.append("")
    return _lines(items, _CUT5_MARKS)


METHODS: Mapping[str, Callable[[str], str]] = {
    "cut0": _cut0,
    "cut1": _cut1,
    "cut2": _cut2,
    "cut3": _cut3,
    "cut4": _cut4,
    "cut5": _cut5,
}
