"""A speaker's own readings for names and other words, in kana: `ナヒーダ`, or with the accent `ナヒ'ーダ`.

The apostrophe stands after the mora on which the voice falls; at the end it says that it falls after the
word, and without one the voice falls on the third mora from the end, as in most names from abroad.
"""

import re
from collections.abc import Mapping

from tts.text.forced import FORCED, split_forced
from tts.text.japanese.engine import get_engine
from tts.text.japanese.kana import MORA, katakana, morae
from tts.text.japanese.labels import BORDER, FALL, PAUSE, RISE
from tts.text.japanese.sentence import Given, given_phones

_ACCENT_MARK = re.compile("['’＇]")
_VOWELS = frozenset("aiueo")
_MARKS = frozenset((RISE, FALL, BORDER, PAUSE))
_CANNOT_FALL = frozenset("ーンッ")
_USUAL_FALL = 3  # from the end
_FIRST_STAND_IN, _LAST_STAND_IN = 0xE000, 0xF8FF
_VALID = "valid is kana with at most one ' after the mora where the voice falls: ナヒーダ, ナヒ'ーダ, ななみ"


def check_reading(reading: str) -> tuple[str, ...]:
    """Returns the phones of a reading in kana.

    Raises:
        ValueError: if it is empty or not kana that can be said; the message says what is valid.
    """
    phones = given_phones(get_engine(), read_kana(reading))
    return tuple(phone for phone in phones if phone not in (BORDER, PAUSE))


def read_kana(reading: str) -> Given:
    """Returns a reading as sound and accent.

    Raises:
        ValueError: as `check_reading`.
    """
    parts = _ACCENT_MARK.split(re.sub(r"[\s・]", "", reading))
    beats = morae(katakana("".join(parts)))
    sound = "".join(beats)
    if not beats or len(parts) > 2 or sound != katakana("".join(parts)) or not MORA.match(parts[0] and sound):
        raise ValueError(f"the reading {reading!r} is not kana; {_VALID}")
    accent = len(morae(katakana(parts[0]))) if len(parts) == 2 else _usual_accent(beats)
    given = Given(sound, accent)
    sounds = [phone for phone in given_phones(get_engine(), given) if phone not in _MARKS]
    num_said = sum(phone in _VOWELS or phone in ("N", "cl") for phone in sounds)
    if num_said != len(beats) or beats[0] == "ー":
        raise ValueError(f"the reading {reading!r} has kana that cannot be said together; {_VALID}")
    return given


def _usual_accent(beats: list[str]) -> int:
    accent = max(1, len(beats) - _USUAL_FALL + 1)
    while accent > 1 and beats[accent - 1] in _CANNOT_FALL:
        accent -= 1
    return accent


class Lexicon:
    """The words of a lexicon, and those that a text brings along as `{word|kana}`."""

    def __init__(self, entries: Mapping[str, str]) -> None:
        """Checks the readings.

        Raises:
            ValueError: for a reading that is not valid; the message names the word and what is valid.
        """
        self._given: dict[str, Given] = {}
        for word, reading in entries.items():
            try:
                self._given[word] = read_kana(reading)
            except ValueError as error:
                raise ValueError(f"lexicon: {word!r}: {error}") from error
        longest_first = sorted(filter(None, self._given), key=len, reverse=True)
        self._pattern = re.compile("|".join((FORCED, *map(re.escape, longest_first))))

    def take_out(self, text: str) -> tuple[str, dict[str, Given]]:
        """Returns a text with a character of private use for each word that is given, and the readings.

        Args:
            text: without such characters.
        """
        given: dict[str, Given] = {}

        def stand_in(match: re.Match[str]) -> str:
            one = self._given.get(match[0]) or _forced(match[0])
            if one is None:
                return split_forced(match[0])[0]
            if _FIRST_STAND_IN + len(given) > _LAST_STAND_IN:
                return match[0]
            sign = chr(_FIRST_STAND_IN + len(given))
            given[sign] = one
            return sign

        return self._pattern.sub(stand_in, text), given


def _forced(markup: str) -> Given | None:
    try:
        return read_kana(split_forced(markup)[1])
    except ValueError:
        return None
