"""Cutting a text into runs of one language by its scripts.

Han is Mandarin, Latin letters are English, marks go with the run before them, and numbers go with a
neighbour. No
statistics: what GPT-SoVITS takes from a language detector is, for these two languages, decided by the
letters.
"""

import re
import unicodedata
from dataclasses import dataclass

from tts.text.languages import Mode

_LATIN = (
    r"[A-Za-z\uff21-\uff3a\uff41-\uff5a\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff\u0300-\u036f]"
)
_DIGIT = "[0-9０-９⁰¹²³⁴-⁹]"
_HAN = r"[々〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_READABLE_LETTER = re.compile(rf"{_LATIN}|{_HAN}|[Α-ω]")
# What is written with a number and is said in the language the number is said in.
_UNITS = (
    r"(?:km/h|km²|km2|cm²|cm2|m²|m2|m³|m3|km|cm|mm|kg|mg|ml|mL|min|MHz|GHz|kHz|Hz|dB|db|kW|ms|°C|°F|[mgtLhsVW])"
    r"(?![A-Za-z])"
)
_NUMBER = rf"[-+￥¥$€£]?{_DIGIT}+(?:[.,:/~～–-]{_DIGIT}+)*(?:\s?{_UNITS}|[%％‰℃℉°])?"
# Letters and a number that are one name: Lv.5, No. 1, v2.0.
_NAMED = r"(?<![A-Za-z])(?:[Ll][Vv]|[Nn]o|[Vv]ol|[Vv]er|[Vv])\.?\s?\d+(?:\.\d+)*"
_OTHER_RUNS = rf"(?P<zh>{_HAN}+|[Α-ω℃℉①-⑳]+)|(?P<en>{{named}}{{latin}}+(?:['’]{{latin}}+)*)|(?P<mark>.)"
_TOKENS = re.compile(
    rf"(?P<number>{_NUMBER})|" + _OTHER_RUNS.format(named=f"{_NAMED}|", latin=_LATIN), re.DOTALL
)
_UPSTREAM_TOKENS = re.compile(
    rf"(?P<number>{_DIGIT}+(?:°[CF])?)|" + _OTHER_RUNS.format(named="", latin="[A-Za-z]"), re.DOTALL
)


@dataclass(slots=True)
class Run:
    """Neighbouring text of one language: `zh`, `en`, or `number` until it is decided."""

    language: str
    text: str


def split_languages(text: str, mode: Mode, *, is_like_upstream: bool = False) -> tuple[list[Run], int]:
    """Cuts a text into runs.

    Args:
        text: any string.
        mode: what the caller's language code asks for.
        is_like_upstream: units after numbers are English letters, as GPT-SoVITS has it.

    Returns:
        The runs in order, neighbours of different languages; and the number of letters of other scripts
        (kana, hangul, Cyrillic ...) that were left out.
    """
    if not mode.is_split:
        return ([Run(mode.main, text)] if text else []), 0
    text, num_skipped = _without_other_scripts(text)
    tokens = (_UPSTREAM_TOKENS if is_like_upstream else _TOKENS).finditer(text)
    runs = _merge(_attach_marks([Run(match.lastgroup or "mark", match[0]) for match in tokens]), mode.main)
    _decide_numbers(runs, mode, is_like_upstream=is_like_upstream)
    return _merge(runs, mode.main), num_skipped


def _without_other_scripts(text: str) -> tuple[str, int]:
    kept = [char for char in text if not _is_other_letter(char)]
    return "".join(kept), len(text) - len(kept)


def _is_other_letter(char: str) -> bool:
    if char < "\u0370" or unicodedata.category(char)[0] != "L":
        return False
    return _READABLE_LETTER.match(char) is None


def _attach_marks(tokens: list[Run]) -> list[Run]:
    """Joins marks to the run before them, those at the start to the run after."""
    runs: list[Run] = []
    leading = ""
    for token in tokens:
        if token.language != "mark":
            runs.append(Run(token.language, leading + token.text))
            leading = ""
        elif runs:
            runs[-1].text += token.text
        else:
            leading += token.text
    if leading:
        runs.append(Run("mark", leading))
    return runs


def _decide_numbers(runs: list[Run], mode: Mode, *, is_like_upstream: bool) -> None:
    for index, run in enumerate(runs):
        if run.language == "number":
            before = runs[index - 1] if index else None
            after = next((later for later in runs[index + 1 :] if later.language != "number"), None)
            if mode.takes_digits:
                run.language = mode.main
            elif is_like_upstream:
                run.language = _neighbour_by_length(run, before, after, mode.main)
            else:
                run.language = _neighbour_by_touch(run, before, after, mode.main)


def _neighbour_by_touch(run: Run, before: Run | None, after: Run | None, main: str) -> str:
    """A number counts the Han it touches (3个) and names the letters it touches or follows (T60)."""
    if before and after and before.language != after.language:
        if after.language == "zh" and run.text[-1:].isalnum():
            touches_letters = before.language == "en" and before.text[-1:].isalpha()
            return "en" if touches_letters else "zh"
        if before.language == "zh" and before.text[-1:].isalnum() and not run.text[-1:].isspace():
            return "zh"
    return _neighbour_by_length(run, before, after, main)


def _neighbour_by_length(run: Run, before: Run | None, after: Run | None, main: str) -> str:
    """Upstream's rule: the only neighbour; else the one no mark parts it from; else the longer."""
    if before is None or after is None:
        near = before or after
        return near.language if near else main
    if before.language == after.language:
        return before.language
    if not before.text[-1:].isalnum() and not before.text[-1:].isspace():
        return after.language
    if not run.text[-1:].isalnum() and not run.text[-1:].isspace():
        return before.language
    return before.language if len(before.text) >= len(after.text) else after.language


def _merge(runs: list[Run], main: str) -> list[Run]:
    merged: list[Run] = []
    for run in runs:
        language = main if run.language == "mark" else run.language
        if merged and merged[-1].language == language:
            merged[-1].text += run.text
        else:
            merged.append(Run(language, run.text))
    return merged
