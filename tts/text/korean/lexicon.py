"""A speaker's own readings for names and other words, in Hangul as it is pronounced."""

import re
import unicodedata
from collections.abc import Mapping

from tts.text.korean.syllables import Syllable, is_syllable, parts, to_phones

_FIRST_PLACE = 0xF0000  # private characters stand for listed words while numbers and marks are said


def check_reading(reading: str) -> tuple[str, ...]:
    """Returns the phones of a reading such as `나히다`, said as it is written.

    Raises:
        ValueError: if it is empty or has anything but Hangul syllables and single blanks between them.
    """
    reading = unicodedata.normalize("NFC", reading)
    if not re.fullmatch("[가-힣]+(?: [가-힣]+)*", reading):
        raise ValueError(
            f"the Korean reading {reading!r} has to be Hangul syllables as they are pronounced, such as "
            "'나히다' or '꼰닙', with single blanks between words"
        )
    return tuple(
        phone
        for char in reading
        for phone in to_phones(Syllable(*parts(char)) if is_syllable(char) else char)
    )


class Lexicon:
    """The Korean words of a lexicon; those without Hangul in word or reading belong to other languages."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        """Reads entries such as `{"나히다": "나히다"}`.

        Raises:
            ValueError: for the reading of a Hangul word that is not Hangul as it is pronounced.
        """
        self._readings: list[str] = []
        self._places: dict[str, str] = {}
        for word, reading in entries.items():
            word, reading = (unicodedata.normalize("NFC", part.strip()) for part in (word, reading))
            if not word or not any(map(is_syllable, word + reading)):
                continue
            check_reading(reading)
            self._places[word] = chr(_FIRST_PLACE + len(self._readings))
            self._readings.append(reading)
        longest_first = sorted(self._places, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def hide(self, text: str) -> str:
        """Returns the text with a private character in place of each listed word."""
        return self._pattern.sub(lambda match: self._places[match[0]], text) if self._pattern else text

    def show(self, text: str) -> tuple[str, list[int]]:
        """Returns the text with the readings in place, and for each character its word's number, or 0."""
        shown, numbers = "", []
        for num_words, char in enumerate(text, 1):
            is_word = _FIRST_PLACE <= ord(char) < _FIRST_PLACE + len(self._readings)
            said = self._readings[ord(char) - _FIRST_PLACE] if is_word else char
            shown += said
            numbers += [num_words if is_word else 0] * len(said)
        return shown, numbers
