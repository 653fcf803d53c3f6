"""Written Japanese to what is said: words, digits the dictionary can read, and the marks of the models."""

import re
import unicodedata

from tts.text.japanese.kana import plain_kana
from tts.text.japanese.latin import say_latin
from tts.text.japanese.marks import plain_marks, without_laughter
from tts.text.japanese.numbers import say_numbers
from tts.text.scripts import HAN

# Stand for words whose reading is given; no text has them, for they are taken out first.
PRIVATE = "\ue000-\uf8ff"
_PRIVATE = re.compile(f"[{PRIVATE}]")
_HYPHENS = re.compile("[\u2010-\u2012\u2212\ufe63\uff0d]")
_KEEPS_WIDTH = re.compile("[～…‥゛゜´¨]")
# What the analyser may see; `−` only between the groups of a phone number, and `.` in decimals.
_SAID = rf"{HAN}ぁ-ゖァ-ヺ・ーΑ-ω0-9−{PRIVATE}"
_DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")
_NOT_SAID = re.compile(rf"[^{_SAID}．,.!?…\-]")
_DOUBLED_COMMA = re.compile(r",+(?=[.!?…])|(?<=[.!?…]),+")
_BLANKS = re.compile(rf"(?<=[{_SAID}])\s+(?=[{_SAID}])")
# A person, not a direction or a choice: その方は, あの方が.
_PERSON = re.compile(r"(?<=[こそ]の)方(?=[はもをに])|(?<=あの)方(?![法向角面]|が(?:いい|良い|よい))")
_LEADING_LONG = re.compile(r"(?:(?<=[!?….,-])|\A)ー+")


def without_private(text: str) -> str:
    """Returns a text without characters of private use, which stand for given readings here."""
    return _PRIVATE.sub("", text)


def normalise(text: str) -> tuple[str, int]:
    """Writes a text as it is spoken.

    Args:
        text: any string; characters of `PRIVATE` stand for words and stay.

    Returns:
        Kana, Han, digits, stand-ins and the marks `! ? … , . -`; and the number of letters, digits and signs
        that could not be read and were left out.
    """
    text = "".join(map(_same_width, text)).replace("\u2044", "/")  # ½ has become 1⁄2
    text = without_laughter(_HYPHENS.sub("-", text))
    text = _PERSON.sub("かた", plain_kana(say_latin(say_numbers(text))))
    text = _DECIMAL_POINT.sub("．", text)
    num_skipped = sum(unicodedata.category(char) == "So" for char in text)
    text = _LEADING_LONG.sub("", _BLANKS.sub(",", plain_marks(text)))
    num_skipped += sum(unicodedata.category(char)[0] in "LN" for char in _NOT_SAID.findall(text))
    return _DOUBLED_COMMA.sub("", _NOT_SAID.sub("", text)), num_skipped


def _same_width(char: str) -> str:
    """Full-width letters and signs become ASCII, half-width kana full, signs of several letters letters."""
    return char if char.isascii() or _KEEPS_WIDTH.match(char) else unicodedata.normalize("NFKC", char)
