"""The English reader: text -> words as spoken -> phones."""

import re

from tts.text.english.homographs import read_homograph
from tts.text.english.lexicon import Lexicon
from tts.text.english.normalise import SITE, normalise
from tts.text.english.upstream import read_upstream_word
from tts.text.english.words import add_s, read_word, spell
from tts.text.languages import ReaderOptions, Reading

_TOKENS = re.compile(rf"(?:[A-Za-z]\.){{2,}}|{SITE}|'?[A-Za-z]+(?:['-][A-Za-z]+)*'?|[.,!?]")
_MARKS = frozenset(".,!?")
_SHORT_PHONES = 4
_HALVES = ("a.m.", "p.m.")
_VERBS_AFTER_LETTERS = frozenset(("is", "was", "or", "and", "to", "has", "comes", "stands", "means"))


class EnglishReader:
    """Reads English. Stateless but for its options; the dictionaries are shared by all readers."""

    def __init__(self, options: ReaderOptions) -> None:
        """Checks the lexicon.

        Raises:
            ValueError: for a lexicon reading that is not made of ARPAbet phones with stress.
        """
        self._is_like_upstream = options.is_like_upstream
        self._lexicon = Lexicon(options.lexicon)

    def read(self, text: str, *, is_alone: bool = True) -> Reading:
        """Returns phones: ARPAbet with stress digits, one symbol per mark.

        A text of under four phones gets a comma in front, as the models were trained. Within text of another
        language that would be a pause before each short word: there it is left out.
        """
        norm_text, num_skipped = normalise(text, is_like_upstream=self._is_like_upstream)
        phones = [phone for _, reading in self.read_tokens(norm_text) for phone in reading]
        if len(phones) < _SHORT_PHONES and (is_alone or self._is_like_upstream):
            phones.insert(0, ",")
        return Reading(norm_text, tuple(phones), None, num_skipped)

    def read_tokens(self, norm_text: str) -> list[tuple[str, tuple[str, ...]]]:
        """Returns the words and marks of a text as spoken, each with its phones."""
        tokens = _TOKENS.findall(norm_text)
        words = ["" if token in _MARKS else token.lower() for token in tokens]
        return [(token, self._read_token(tokens, words, place)) for place, token in enumerate(tokens)]

    def _read_token(self, tokens: list[str], words: list[str], place: int) -> tuple[str, ...]:
        written, word = tokens[place], words[place]
        after = tokens[place + 1] if place + 1 < len(tokens) else ""
        if written in _MARKS:
            return (written,)
        if "." in word and not word[-1].isalpha():
            return self._read_initials(word, after)
        given = self._lexicon.find(word)
        if given is None and word.endswith("'s") and (base := self._lexicon.find(word[:-2])):
            given = add_s(base)
        if given:
            return given
        if len(word) == 1:
            return self._read_letter(written, words[place - 1] if place else "", after)
        reading = read_homograph(words, place, is_like_upstream=self._is_like_upstream)
        if self._is_like_upstream:
            return reading or read_upstream_word(word)
        return reading or read_word(word, written[0].isupper())

    def _read_letter(self, letter: str, before: str, after: str) -> tuple[str, ...]:
        """Reads one letter by its name, but `a` and the A that begins a sentence as the article."""
        begins = not before and after.islower() and after not in _VERBS_AFTER_LETTERS
        if letter == "a" or (letter == "A" and begins and not self._is_like_upstream):
            return ("AH0",)
        return spell(letter.lower())

    def _read_initials(self, word: str, after: str) -> tuple[str, ...]:
        """Reads `p.m.` or `U.S.`; the last point is a full stop too where the text or the sentence ends."""
        if self._is_like_upstream:
            return tuple(phone for char in word for phone in ((".",) if char == "." else read_word(char)))
        is_end = not after or (word in _HALVES and after[0].isupper())
        return spell(word.replace(".", "")) + ((".",) if is_end else ())
