"""A speaker's own pronunciations of English names."""

import re
from collections.abc import Mapping

from tts.text.symbols import symbol_table

_WORD = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*")
_ARPABET = re.compile(r"[A-Z]{1,2}[012]?")


def read_lexicon(entries: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Returns lower-case word -> phones for the entries that are single words in Latin letters.

    Raises:
        ValueError: for a word of Latin letters whose reading is not made of ARPAbet symbols with stress digits.
    """
    table = symbol_table("v2")
    lexicon = {}
    for word, reading in entries.items():
        if not _WORD.fullmatch(word):
            continue
        phones = tuple(reading.upper().split())
        wrong = [phone for phone in phones if phone not in table or not _ARPABET.fullmatch(phone)]
        if wrong or not phones:
            raise ValueError(
                f"lexicon: the reading {reading!r} of {word!r} has to be ARPAbet symbols such as 'K IH1 R AH0'"
                + (f"; not valid: {' '.join(wrong)}" if wrong else "")
            )
        lexicon[word.lower()] = phones
    return lexicon
