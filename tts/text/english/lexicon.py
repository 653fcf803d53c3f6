"""A speaker's own readings for names and other words."""

import re
from collections.abc import Mapping

from tts.text.english.dictionary import Phones, phone_symbols

_WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*")


def check_reading(reading: str) -> tuple[str, ...]:
    """Returns the phones of a reading such as `K IH1 R AH0`; case does not count.

    Raises:
        ValueError: for a reading that is empty or has a symbol that is no ARPAbet phone with stress.
    """
    phones = tuple(reading.upper().split())
    wrong = [phone for phone in phones if phone not in phone_symbols()]
    if wrong or not phones:
        raise ValueError(
            f"the reading {reading!r} has to be ARPAbet phones with a blank between them"
            f"{f', not {wrong[0]!r}' if wrong else ''}; valid: {' '.join(sorted(phone_symbols()))}"
        )
    return phones


class Lexicon:
    """The English words of a lexicon; entries that are not one Latin word belong to other languages."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        """Reads entries such as `{"Nahida": "N AA0 HH IY1 D AA0"}`; case does not count.

        Raises:
            ValueError: for a reading that is empty or has a symbol that is no ARPAbet phone with stress.
        """
        self._readings: dict[str, Phones] = {}
        for word, reading in entries.items():
            key = word.lower().replace("’", "'")
            if not _WORD.fullmatch(key):
                continue
            try:
                self._readings[key] = check_reading(reading)
            except ValueError as error:
                raise ValueError(f"lexicon: {word!r}: {error}") from error

    def __bool__(self) -> bool:
        return bool(self._readings)

    def __contains__(self, word: str) -> bool:
        return word in self._readings

    def find(self, word: str) -> Phones | None:
        """Returns the given reading of a lower-case word."""
        return self._readings.get(word)
