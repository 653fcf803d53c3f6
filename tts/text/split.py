"""Cutting a text into runs of one language by its scripts.

Kana is Japanese, hangul Korean, Latin letters are English; Han is the mode's main language or, where a text
may mix them, Japanese (`han.py`). Marks go with the run before them, numbers with a neighbour. No statistics:
what GPT-SoVITS takes from a language detector is decided by the letters.
"""

import re
from dataclasses import dataclass

from tts.text.forced import FORCED, languages_of, split_forced
from tts.text.han import decide_han
from tts.text.languages import TAKE_READINGS, Mode
from tts.text.number_neighbours import (
    LETTERS,
    ends_with_mark,
    is_parted,
    neighbour_by_length,
    neighbour_by_touch,
)
from tts.text.scripts import DIGITS, HAN, HANGUL, KANA, LATIN, NAMED_SIGNS, is_letter, plain_letters

# What is written with a number and is said in the language the number is said in.
_UNITS = (
    r"(?:km/h|km²|km2|cm²|cm2|m²|m2|m³|m3|km|cm|mm|kg|mg|ml|mL|min|MHz|GHz|kHz|Hz|dB|db|kW|ms|°C|°F|[mgtLhsW]|V(?!\d))"
    r"(?![A-Za-z])"
)
# Ten thousands and thousands as Chinese chats write them: 100w, 1.5k.
_MYRIADS = r"[wk](?![A-Za-z\d])"
_NUMBER = (
    rf"[-+￥¥$€£]?[{DIGITS}]+(?:[.,:/~～–-][{DIGITS}]+)*(?:\s?{_UNITS}{{myriads}}|[%％‰℃℉°\u3371-\u33df])?"
)
# Letters and a number that are one name: Lv.5, No. 1, v2.0; and who fights whom: 1v1, 5vs5.
_NAMED = r"(?<![A-Za-z\d])(?:[Ll][Vv]|[Nn]o|[Vv]ol|[Vv]er|[Vv])\.?\s?\d+(?:\.\d+)*"
_VERSUS = r"(?<![A-Za-z\d.])\d+[Vv][Ss]?\d+(?![A-Za-z\d]|\.\d)"
_OTHERS = (
    rf"(?P<han>[{HAN}]+|[{NAMED_SIGNS}]+)|(?P<kana>[{KANA}]+)|(?P<hangul>[{HANGUL}]+)"
    r"|(?P<latin>{named}{latin}+(?:['’]{latin}+)*)|(?P<mark>.)"
)
_FORCED = rf"(?P<forced>{FORCED})"
_PATTERN = f"{_FORCED}|(?P<versus>{_VERSUS})|(?P<number>{_NUMBER})|" + _OTHERS.replace(
    "{named}", f"{_NAMED}|"
).replace("{latin}", f"[{LATIN}]")
_TOKENS = re.compile(_PATTERN.replace("{myriads}", ""), re.DOTALL)
_CHINESE_TOKENS = re.compile(_PATTERN.replace("{myriads}", f"|{_MYRIADS}"), re.DOTALL)
_UPSTREAM_TOKENS = re.compile(
    rf"{_FORCED}|(?P<number>[{DIGITS}]+(?:°[CF])?)|"
    + _OTHERS.replace("{named}", "").replace("{latin}", "[A-Za-z]"),
    re.DOTALL,
)
_UNSPLIT = re.compile(rf"{_FORCED}|(?P<rest>(?:(?!{FORCED}).)+)", re.DOTALL)


@dataclass(slots=True)
class Run:
    """Neighbouring text of one language.

    Attributes:
        language: a code such as `zh`; on the way there the kind of a token.
        text: as given, in plain letters.
        reading: how it is to be read, if that was given with it and its reader does not take that in a text.
    """

    language: str
    text: str
    reading: str = ""


def split_languages(text: str, mode: Mode, *, is_like_upstream: bool = False) -> tuple[list[Run], int]:
    """Cuts a text into runs.

    Args:
        text: any string.
        mode: what the caller's language code asks for.
        is_like_upstream: units after numbers are English letters, as GPT-SoVITS has it, and letters are taken
            as they are.

    Returns:
        The runs in order, neighbours of different languages but where a reading is given; and the number of
        letters that were left out, being of scripts that nobody reads here or the mode does not speak.
    """
    text = text if is_like_upstream else plain_letters(text)
    if not mode.is_split:
        matches = _UNSPLIT.finditer(text)
        return [_token(match, mode.main) for match in matches], 0
    pattern = _CHINESE_TOKENS if mode.main in ("zh", "yue") else _TOKENS
    pattern = _UPSTREAM_TOKENS if is_like_upstream else pattern
    tokens = [_token(match, match.lastgroup or "mark") for match in pattern.finditer(text)]
    if "ja" in mode.others:
        decide_han(tokens, mode.main, is_like_upstream=is_like_upstream)
    kept, num_skipped = _decide_scripts(tokens, mode)
    runs = _merge(_attach_marks(kept), mode.main, is_like_upstream=is_like_upstream)
    _decide_numbers(runs, mode, is_like_upstream=is_like_upstream)
    return _merge(runs, mode.main), num_skipped


def _token(match: re.Match[str], language: str) -> Run:
    if match.lastgroup == "forced":
        return Run(language, *split_forced(match[0]))
    return Run(language, match[0])


def _decide_scripts(tokens: list[Run], mode: Mode) -> tuple[list[Run], int]:
    """Names the language of each script, leaves out letters that nobody reads, and counts those."""
    languages = {"han": mode.main, "latin": "en", "versus": "en"}
    languages |= {kind: code for kind, code in (("kana", "ja"), ("hangul", "ko")) if mode.speaks(code)}
    kept, num_skipped = [], 0
    for token in tokens:
        if token.reading:
            token.language = next(iter(languages_of(token.reading, mode.main)), mode.main)
            if token.language in TAKE_READINGS:
                token.text, token.reading = f"{{{token.text}|{token.reading}}}", ""
        else:
            token.language = languages.get(token.language, token.language)
        is_letter_mark = token.language == "mark" and is_letter(token.text)
        if is_letter_mark or token.language in ("kana", "hangul"):
            num_skipped += len(token.text)
        else:
            kept.append(token)
    return kept, num_skipped


def _attach_marks(tokens: list[Run]) -> list[Run]:
    """Joins marks to the run before them, those at the start or behind a given reading to the run after."""
    runs: list[Run] = []
    leading = ""
    for token in tokens:
        if token.language != "mark":
            if token.reading and leading:
                runs.append(Run("mark", leading))
                leading = ""
            runs.append(Run(token.language, leading + token.text, token.reading))
            leading = ""
        elif runs and not runs[-1].reading:
            runs[-1].text += token.text
        else:
            leading += token.text
    if leading:
        runs.append(Run("mark", leading))
    return runs


def _decide_numbers(runs: list[Run], mode: Mode, *, is_like_upstream: bool) -> None:
    around = None
    for index, run in enumerate(runs):
        if run.language not in ("number", LETTERS, "mark"):
            around = run.language
        elif run.language == "number":
            before = runs[index - 1] if index else None
            after = next((later for later in runs[index + 1 :] if later.language != "number"), None)
            if mode.takes_digits:
                run.language = mode.main
            elif is_like_upstream:
                run.language = neighbour_by_length(run, before, after, mode.main)
            elif around and is_parted(run, before, after):
                run.language = around
            else:
                run.language = neighbour_by_touch(run, before, after, mode.main)


def _merge(runs: list[Run], main: str, *, is_like_upstream: bool = False) -> list[Run]:
    """Joins neighbours of one language; but not what has a reading, nor numbers with a mark between."""
    merged: list[Run] = []
    for run in runs:
        language = main if run.language == "mark" else run.language
        last = merged[-1] if merged else None
        is_apart = not is_like_upstream and language == "number" and last and ends_with_mark(last.text)
        if last and last.language == language and not (run.reading or last.reading or is_apart):
            last.text += run.text
        else:
            merged.append(Run(language, run.text, run.reading))
    return merged
