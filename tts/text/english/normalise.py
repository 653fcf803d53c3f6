"""English text as it is spoken: plain letters, the marks `! ? . , -` and apostrophes inside words."""

import re
import unicodedata

from tts.text.english.abbreviations import TOP_DOMAINS, expand_latin, expand_signs, expand_titles
from tts.text.english.capitals import spell_capitals
from tts.text.english.forms import expand_forms
from tts.text.english.quantities import say_quantities

# What numbers and abbreviations are made of, before they are read.
_EARLY = str.maketrans(
    {
        **dict.fromkeys("‘’ʼ´`ʹ＇′", "'"),
        **dict.fromkeys("“”„«»「」『』《》【】〈〉〔〕[]{}<>＂″*_^|\\", " "),
        **dict.fromkeys("，、،", ","),
        **dict.fromkeys("。．｡।", "."),
        **dict.fromkeys("−‐‑", "-"),
        **dict.fromkeys("〜～", "~"),
        "！": "!",
        "？": "?",
        "؟": "?",
        "：": ":",
        "；": ";",
        "￥": "¥",
        "…": ".",
    }
)
_LOST_UPSTREAM = dict.fromkeys(map(ord, '，：；、—–“”‘’…()[]{}<>"'))
_UPSTREAM_MARKS = re.compile(r"([ .,?!-])[.,?!-]+")
_O_CLOCK = re.compile(r" o'clock(?= [ap]\.m\.)")
_TIMES = re.compile(r"(?<=\d) ?\* ?(?=\d)")
_DIGIT_DASH = re.compile(r"(?<=\d)\s?[–—]\s?(?=\d)")
_POWERS = {"²": " squared ", "³": " cubed ", "^": " to the power of "}
_POWER = re.compile(r"(?<!m)[²³]|(?<=[\da-z])\^(?=[\da-z])")
_PAUSES = re.compile(r"\s*[;:—–―─~]+\s*|\s+-+\s+|--+")
_UNSAID = re.compile(r"[;:—–―─~@&+=]+|(?<=\s)-+(?=\s)|--+")
_QUOTED = re.compile(r"(?<![A-Za-z])'((?:[^']|(?<=[A-Za-z])'(?=[A-Za-z]))*)'(?![A-Za-z])")
_LOOSE_APOSTROPHE = re.compile(r"(?<![A-Za-z])'(?![A-Za-z])|(?<![sS])'(?![A-Za-z])")
_LOOSE_HYPHEN = re.compile(r"(?<![A-Za-z])-+|-+(?![A-Za-z])")
_OTHER = re.compile(r"[^A-Za-z .,!?'-]")
_MARKS = re.compile(r"\s*([.,!?])(?:\s*[.,!?])*\s*")
SITE = rf"[A-Za-z]+(?:\.[A-Za-z]+)*\.(?:{TOP_DOMAINS})\b"  # upstream takes it for one word; ours has "dot"
_INITIALS = re.compile(r"\b((?:[A-Za-z]\.){2,})(?:\s*\.)*")
_INITIALS_OR_SITE = re.compile(rf"{_INITIALS.pattern}|\b({SITE})")
_SAID = frozenset("LMNS")  # letters, digits and symbols are missed when they are left out, punctuation is not


def normalise(text: str, *, is_like_upstream: bool = False) -> tuple[str, int]:
    """Returns the text as spoken and the number of characters that could not be said.

    Args:
        is_like_upstream: no pause at `: ; —`, titles unread, all capitals spelled.
    """
    text = text.translate(_LOST_UPSTREAM) if is_like_upstream else _say_powers(text)
    text = _TIMES.sub(" × ", _without_accents(text)).translate(_EARLY)
    text = expand_latin(_DIGIT_DASH.sub("-", text))
    if not is_like_upstream:
        text = expand_titles(expand_forms(text))
    text = say_quantities(text)
    if is_like_upstream:
        text = _UNSAID.sub("", text)
    else:
        text = _PAUSES.sub(", ", expand_signs(_O_CLOCK.sub("", text)))
    num_skipped = sum(unicodedata.category(char)[0] in _SAID for char in _OTHER.findall(text))
    text = _UPSTREAM_MARKS.sub(r"\1", _OTHER.sub("", text)) if is_like_upstream else _OTHER.sub(" ", text)
    text = _LOOSE_HYPHEN.sub(" ", _LOOSE_APOSTROPHE.sub(" ", _QUOTED.sub(r" \1 ", text)))
    text = spell_capitals(text, is_like_upstream=is_like_upstream)
    return _tidy(text, _INITIALS_OR_SITE if is_like_upstream else _INITIALS), num_skipped


def _without_accents(text: str) -> str:
    """Returns full-width forms as plain ones, letters without their accents and all decimal digits as 0-9."""
    text = "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
    if text.isascii():
        return text
    return "".join(_LETTERS.get(char) or _digit(char) for char in text)


def _say_powers(text: str) -> str:
    """Says x² as x squared and 2^10 as 2 to the power of 10; units such as m² stay."""
    return _POWER.sub(lambda match: _POWERS[match[0]], text)


def _digit(char: str) -> str:
    value = None if char.isascii() else unicodedata.decimal(char, None)
    return char if value is None else str(int(value))


_LETTERS = {
    "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ß": "ss", "đ": "d", "ð": "th", "þ": "th",
    "ł": "l", "Ł": "L", "ı": "i", "⁄": "/",
}  # fmt: skip


def _tidy(text: str, whole: re.Pattern[str]) -> str:
    """Collapses blanks and runs of marks to the first; a blank follows each mark but within `whole` words."""
    pieces: list[str] = []
    end = 0
    for match in whole.finditer(text):
        pieces += [_MARKS.sub(r"\1 ", text[end : match.start()]), match[match.lastindex or 0]]
        end = match.end()
    pieces.append(_MARKS.sub(r"\1 ", text[end:]))
    text = " ".join("".join(pieces).split())
    return text.lstrip(",- ") if text[:1] == "," and len(text) > 1 else text
