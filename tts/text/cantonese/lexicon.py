"""A speaker's own readings for names and other words, in jyutping."""

import re
from collections.abc import Iterator, Mapping

from tts.text.cantonese.jyutping import char_syllables, syllable_phones
from tts.text.cantonese.scripts import simplified, traditional


def check_reading(reading: str) -> tuple[str, ...]:
    """Returns the phones of a reading such as `hoeng1 gong2`.

    Raises:
        ValueError: if it is empty or has anything but jyutping syllables with tones 1 to 6.
    """
    phones: list[str] = []
    for syllable in reading.lower().split():
        found = syllable_phones(syllable)
        if found is None:
            raise ValueError(_refusal(reading, syllable))
        phones += found
    if not phones:
        raise ValueError(_refusal(reading, ""))
    return tuple(phones)


def _refusal(reading: str, syllable: str) -> str:
    return (
        f"the Cantonese reading {reading!r} has to be jyutping syllables with tone digits 1 to 6, such as "
        f"'hoeng1 gong2'{f', not {syllable!r}' if syllable else ''}"
    )


class Lexicon:
    """The Cantonese words of a lexicon; those without Han characters belong to other languages."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        """Reads entries such as `{"香港": "hoeng1 gong2"}`; found in simplified characters, too, and back.

        Raises:
            ValueError: for a reading that is not one valid syllable per character.
        """
        self._readings: dict[str, tuple[str, ...]] = {}
        for word, reading in entries.items():
            if not any(map(char_syllables, word)):
                continue
            check_reading(reading)
            syllables = tuple(reading.lower().split())
            if len(syllables) != len(word):
                raise ValueError(
                    f"lexicon: the reading {reading!r} of {word!r} has to be {len(word)} jyutping syllables, "
                    "one per character"
                )
            for form in (simplified(word), traditional(word), word):
                if len(form) == len(word):
                    self._readings[form] = syllables
        longest_first = sorted(self._readings, key=len, reverse=True)
        self._pattern = re.compile(f"({'|'.join(map(re.escape, longest_first))})") if longest_first else None

    def split(self, clause: str) -> Iterator[tuple[str, tuple[str, ...] | None]]:
        """Yields the parts of a clause with their given syllables, None for what stands between."""
        for part in self._pattern.split(clause) if self._pattern else (clause,):
            if part:
                yield part, self._readings.get(part)
