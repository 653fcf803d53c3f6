"""The phones that count: those of our front end without marks, stress and silent initials."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tts.text.front_end import FrontEnd, Phones
from tts.text.pieces import prepare_target

# Stand for "no consonant" in front of a Mandarin final.
SILENT_INITIALS = frozenset(("AA", "EE", "OO"))
NEVER_SAID = frozenset(("UNK", "SP", "SP2", "SP3", "_"))
_MARKS = frozenset("!,-.?…")
TONES = "12345"
LANGUAGES = ("en", "zh")


def labels_of(text: str, language: str, front_end: FrontEnd) -> list[str]:
    """Returns what has to be heard when a sentence is spoken; language is a mode of the front end."""
    return said(front_end.read(prepare_target(text, language), language))


def said(phones: Phones) -> list[str]:
    """Returns the labels of a sentence that has been read."""
    return [label for segment in phones.segments for label in labels(segment.phones, segment.language)]


def labels(phones: Iterable[str], language: str) -> list[str]:
    """Returns labels: English without stress (`AH`), Mandarin with tone (`ang3`)."""
    found = [phone for phone in phones if phone not in _MARKS | SILENT_INITIALS | NEVER_SAID]
    return [phone.rstrip("012") for phone in found] if language == "en" else found


def language_of(label: str) -> str:
    """Tells whose label it is: English ones are all capitals; of Mandarin only `E3` and its like are."""
    return "en" if label.isupper() and label[-1] not in TONES else "zh"


def without_tone(label: str) -> str:
    """Returns `ang` for `ang3`, and what has no tone as it is.

    The `i` after s and that after sh are written `i04` and `ir4`: they become `i0` and `ir`.
    """
    return label[:-1] if language_of(label) == "zh" and label[-1] in TONES and len(label) > 1 else label


def without_tones(sequence: Sequence[str]) -> list[str]:
    """Returns all labels of a sentence without their tones."""
    return [without_tone(label) for label in sequence]
