"""A speaker's own readings for names and other words."""

import re
from collections.abc import Iterator, Mapping

from tts.text.mandarin.normalise import simplify
from tts.text.mandarin.pinyin import is_readable, syllable_phones


def check_reading(reading: str) -> tuple[str, ...]:
    """Returns the phones of a reading such as `na4 xi1 da2`: initial and final of each syllable.

    Raises:
        ValueError: for a reading that is not pinyin syllables with tone digits.
    """
    syllables = _syllables(reading)
    pairs = [syllable_phones(syllable) for syllable in syllables]
    if not pairs or None in pairs:
        wrong = f", not {syllables[pairs.index(None)]!r}" if None in pairs else ""
        raise ValueError(
            f"the reading {reading!r} has to be pinyin syllables with tone digits 1 to 5 and blanks between "
            f"them{wrong}; valid is such as 'na4 xi1 da2', with v or ü in 'lv4'"
        )
    return tuple(phone for pair in pairs for phone in pair or ())


def _syllables(reading: str) -> tuple[str, ...]:
    return tuple(reading.lower().replace("ü", "v").replace("u:", "v").split())


class Lexicon:
    """The Mandarin words of a lexicon; words without Han characters belong to other languages."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        """Reads entries such as `{"纳西妲": "na4 xi1 da2"}`.

        Raises:
            ValueError: for a reading that is not one valid syllable with a tone digit 1..5 per character.
        """
        self._readings: dict[str, tuple[str, ...]] = {}
        for word, reading in entries.items():
            if not any(is_readable(char) for char in word):
                continue
            syllables = _syllables(reading)
            if len(syllables) != len(word) or any(
                syllable_phones(syllable) is None for syllable in syllables
            ):
                raise ValueError(
                    f"lexicon: the reading {reading!r} of {word!r} has to be {len(word)} pinyin syllables "
                    "with tone digits 1 to 5, one per character, such as 'na4 xi1 da2'"
                )
            self._readings[simplify(word)] = syllables
        longest_first = sorted(self._readings, key=len, reverse=True)
        self._pattern = re.compile(f"({'|'.join(map(re.escape, longest_first))})") if longest_first else None

    def split(self, clause: str) -> Iterator[tuple[str, tuple[str, ...] | None]]:
        """Yields the parts of a clause with their given readings, None for what stands between."""
        for part in self._pattern.split(clause) if self._pattern else (clause,):
            if part:
                yield part, self._readings.get(part)
