"""The English reader: text -> words and marks -> phones."""

import re

from tts.text.english.homographs import say_homograph
from tts.text.english.lexicon import read_lexicon
from tts.text.english.normalise import normalise
from tts.text.english.spelling import add_possessive, say_word, say_word_like_upstream
from tts.text.languages import ReaderOptions, Reading

_TOKENS = re.compile(r"[A-Za-z]+(?:['-][A-Za-z]+)*|'[a-z]+|[.,?!-]")
_MARKS = frozenset(".,?!-")
MIN_PHONES_ALONE = 4


class EnglishReader:
    """Reads English. Stateless but for its options; the dictionary is shared by all readers."""

    def __init__(self, options: ReaderOptions) -> None:
        """Checks the lexicon.

        Raises:
            ValueError: for a lexicon reading that is not made of ARPAbet symbols.
        """
        self._is_like_upstream = options.is_like_upstream
        self._lexicon = read_lexicon(options.lexicon)

    def read(self, text: str, *, is_alone: bool = True) -> Reading:
        """Returns phones; `word2ph` is None, as an English word has no fixed number of them.

        Fewer than four phones get a comma in front, which keeps a model from swallowing them. Upstream does so amid
        other languages too, where it is a pause before every short word; here only for a text of its own.
        """
        norm_text, num_skipped = normalise(text, is_like_upstream=self._is_like_upstream)
        tokens = _TOKENS.findall(norm_text)
        lower = [token.lower() for token in tokens]
        is_shouted = _is_shouted(tokens)
        phones: list[str] = []
        for index, token in enumerate(tokens):
            if token in _MARKS:
                phones.append(token)
            else:
                phones += self._word(tokens, lower, index, is_shouted=is_shouted)
        if len(phones) < MIN_PHONES_ALONE and (is_alone or self._is_like_upstream):
            phones.insert(0, ",")
        return Reading(norm_text, tuple(phones), None, num_skipped)

    def _word(self, tokens: list[str], lower: list[str], index: int, *, is_shouted: bool) -> tuple[str, ...]:
        token, word = tokens[index], lower[index]
        if word in self._lexicon:
            return self._lexicon[word]
        if word.endswith("'s") and word[:-2] in self._lexicon:
            return add_possessive(self._lexicon[word[:-2]])
        homograph = say_homograph(lower, index, is_like_upstream=self._is_like_upstream)
        if homograph is not None and (is_shouted or not token.isupper()):
            return homograph
        if self._is_like_upstream:
            return say_word_like_upstream(token)
        if token == "A" and _is_article(tokens, index):
            return say_word("a")
        return say_word(token, is_shouted=is_shouted)


def _is_shouted(tokens: list[str]) -> bool:
    """Tells whether capitals are loudness here and not short forms: two words in a row or no small letters at all."""
    words = [token for token in tokens if len(token) > 1 and token not in _MARKS]
    loud = [word.isupper() for word in words]
    is_all = all(loud) and (len(loud) > 1 or any(len(word) > 4 for word in words))
    return is_all or any(a and b and c for a, b, c in zip(loud, loud[1:], loud[2:], strict=False))


def _is_article(tokens: list[str], index: int) -> bool:
    """Tells whether a capital A begins a sentence: A dog, but plan A."""
    is_first = index == 0 or tokens[index - 1] in ".!?"
    return is_first and index + 1 < len(tokens) and tokens[index + 1] not in _MARKS and tokens[index + 1][0].islower()
