"""The Korean reader: text -> Hangul as spoken -> syllables as they sound -> phones."""

from tts.text.korean import upstream
from tts.text.korean.lexicon import Lexicon
from tts.text.korean.normalise import normalise, plain_text
from tts.text.korean.sounds import apply_sounds
from tts.text.korean.syllables import SPACE, Syllable, is_syllable, to_phones, to_units
from tts.text.korean.words import mark_words
from tts.text.languages import ReaderOptions, Reading
from tts.text.marks import UPSTREAM_MARKS


class KoreanReader:
    """Reads Korean. Stateless but for its options; the dictionary is shared by all readers."""

    def __init__(self, options: ReaderOptions) -> None:
        """Checks the lexicon.

        Raises:
            ValueError: for a lexicon reading that is not Hangul as it is pronounced.
        """
        self._is_like_upstream = options.is_like_upstream
        self._lexicon = Lexicon(options.lexicon)

    def read(self, text: str, *, is_alone: bool = True) -> Reading:
        """Returns phones, among them `空` for a blank; a text that ends without a mark gets a `.`.

        Between other languages no mark is added and outer blanks stay: they part words there.
        """
        text = self._lexicon.hide(plain_text(text))
        if self._is_like_upstream:
            said, numbers = self._lexicon.show(upstream.rewrite(text).translate(UPSTREAM_MARKS))
            phones = self._phones(said, numbers)
            return Reading(text, phones + _end(said, phones), None)
        text, num_skipped = normalise(text)
        said, numbers = self._lexicon.show(text.strip() if is_alone else text)
        phones = self._phones(said, numbers)
        return Reading(said, phones + (_end(said, phones) if is_alone else ()), None, num_skipped)

    def _phones(self, said: str, numbers: list[int]) -> tuple[str, ...]:
        """Returns the phones of a text in Hangul; `numbers` tells which words have readings of their own."""
        units = to_units(said)
        for unit, number in zip(units, numbers, strict=True):
            if isinstance(unit, Syllable):
                unit.fixed = number
        mark_words(said, units, is_like_upstream=self._is_like_upstream)
        apply_sounds(units, is_like_upstream=self._is_like_upstream)
        phones = [
            phone
            for unit in units
            for phone in (isinstance(unit, str) and upstream.phones(unit)) or to_phones(unit)
        ]
        is_silent = all(phone == SPACE for phone in phones)
        return () if is_silent and not self._is_like_upstream else tuple(phones)


def _end(said: str, phones: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the mark that a text without one at its end gets."""
    is_open = bool(phones) and (is_syllable(said[-1]) or "ㄱ" <= said[-1] <= "ㅣ")
    return (".",) if is_open else ()
