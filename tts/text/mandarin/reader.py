"""The Mandarin reader: text -> characters as spoken -> words -> syllables -> phones."""

from tts.text.languages import ReaderOptions, Reading
from tts.text.mandarin import lexicon as lexicons
from tts.text.mandarin.merges import merge_words
from tts.text.mandarin.normalise import normalise
from tts.text.mandarin.pinyin import syllable_phones
from tts.text.mandarin.readings import read_clause
from tts.text.mandarin.sandhi import apply_erhua, apply_tones
from tts.text.mandarin.words import Word, cut
from tts.text.marks import CLAUSE, MARKS

_UPSTREAM_PAUSES = {"￥": "SP2", "^": "SP3"}


class MandarinReader:
    """Reads Mandarin. Stateless but for its options; the dictionaries are shared by all readers."""

    def __init__(self, options: ReaderOptions) -> None:
        """Checks the lexicon.

        Raises:
            ValueError: for a lexicon reading that is not one syllable with a tone digit per character.
        """
        self._is_like_upstream = options.is_like_upstream
        self._has_erhua = options.has_erhua
        self._polyphones = options.polyphones
        self._lexicon = lexicons.Lexicon(options.lexicon)

    def read(self, text: str, *, is_alone: bool = True) -> Reading:
        """Returns phones, two per character and one per mark, and their `word2ph`."""
        pause = _upstream_pause(text) if self._is_like_upstream else None
        text = text.replace(pause, ",") if pause else text
        norm_text, num_skipped = normalise(text, is_like_upstream=self._is_like_upstream)
        phones: list[str] = []
        word2ph: list[int] = []
        for clause in CLAUSE.findall(norm_text):
            if clause in MARKS:
                phones.append(clause)
                word2ph.append(1)
                continue
            for word in self._words(clause):
                for syllable in word.syllables:
                    phones += syllable_phones(syllable) or ()
                word2ph += [2] * len(word.text)
        if pause:
            phones = [_UPSTREAM_PAUSES[pause] if phone == "," else phone for phone in phones]
        return Reading(norm_text, tuple(phones), tuple(word2ph), num_skipped)

    def _words(self, clause: str) -> list[Word]:
        """Returns the words of one clause, merged, with the syllables as they are spoken."""
        words: list[Word] = []
        for part, reading in self._lexicon.split(clause):
            if reading:
                words.append(Word(part, "nz", list(reading), is_fixed=True))
                continue
            tagged = cut(part)
            syllables = iter(
                read_clause(tagged, is_like_upstream=self._is_like_upstream, polyphones=self._polyphones)
            )
            words += [Word(text, tag, [next(syllables) for _ in text]) for text, tag in tagged]
        words = merge_words(words)
        before = ""
        for word in words:
            apply_tones(word, before=before, is_like_upstream=self._is_like_upstream)
            before = word.text
            if self._has_erhua:
                apply_erhua(word)
        return words


def _upstream_pause(text: str) -> str | None:
    """Upstream reads ￥ or ^ as a comma and then all commas of the text as a longer pause."""
    return next((sign for sign in _UPSTREAM_PAUSES if sign in text), None)
