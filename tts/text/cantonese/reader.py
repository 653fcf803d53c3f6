"""The Cantonese reader: text -> characters as spoken -> syllables -> phones."""

from tts.text.cantonese import upstream
from tts.text.cantonese.jyutping import read_clause, syllable_phones, upstream_clause, upstream_phones
from tts.text.cantonese.lexicon import Lexicon
from tts.text.cantonese.normalise import normalise
from tts.text.languages import ReaderOptions, Reading
from tts.text.marks import CLAUSE, MARKS


class CantoneseReader:
    """Reads Cantonese. Stateless but for its options; the dictionary is shared by all readers."""

    def __init__(self, options: ReaderOptions) -> None:
        """Checks the lexicon.

        Raises:
            ValueError: for a lexicon reading that is not one jyutping syllable per character.
        """
        self._is_like_upstream = options.is_like_upstream
        self._lexicon = Lexicon(options.lexicon)

    def read(self, text: str, *, is_alone: bool = True) -> Reading:
        """Returns phones, mostly two per character and one per mark, and their `word2ph`."""
        norm_text, num_skipped = (upstream.normalise(text), 0) if self._is_like_upstream else normalise(text)
        phones: list[str] = []
        word2ph: list[int] = []
        for clause in CLAUSE.findall(norm_text):
            if clause in MARKS:
                phones.append(clause)
                word2ph.append(1)
                continue
            for said in self._clause(clause):
                phones += said
                word2ph.append(len(said))
        return Reading(norm_text, tuple(phones), tuple(word2ph), num_skipped)

    def _clause(self, clause: str) -> list[tuple[str, ...]]:
        """Returns the phones of each character of a clause."""
        phones_of = upstream_phones if self._is_like_upstream else syllable_phones
        said: list[tuple[str, ...]] = []
        for part, reading in self._lexicon.split(clause):
            if reading:
                read = [(syllable,) for syllable in reading]
            else:
                read = upstream_clause(part) if self._is_like_upstream else read_clause(part)
            said += [
                tuple(phone for syllable in syllables for phone in phones_of(syllable) or ())
                for syllables in read
            ]
        return said
