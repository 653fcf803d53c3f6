"""Words: cutting a clause with jieba, and the merges that the tone rules want to see as one word."""

import logging
import warnings
from dataclasses import dataclass
from functools import cache


@dataclass(slots=True)
class Word:
    """A word on its way to phones.

    Attributes:
        text: its characters, Han only. tag: jieba's part of speech: n noun, v verb, a adjective, r pronoun,
        m number, u particle, nr a name ... syllables: one per character, pinyin with a tone digit; the tone
        rules change them in place. is_fixed: the reading was given by a lexicon and is not to be changed.
    """

    text: str
    tag: str
    syllables: list[str]
    is_fixed: bool = False

    def tone(self, index: int) -> str:
        """Returns the tone digit of one character."""
        return self.syllables[index][-1]

    def set_tone(self, index: int, tone: str) -> None:
        """Gives one character another tone."""
        self.syllables[index] = self.syllables[index][:-1] + tone

    @property
    def tones(self) -> str:
        """The tone digits of the word."""
        return "".join(syllable[-1] for syllable in self.syllables)


@cache
def _tagger():
    """Loads jieba (0.9 s). Its modules use escapes and a resource finder Python warns of at import."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
        import jieba.posseg
    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return jieba.posseg.POSTokenizer(tokenizer)


def cut(clause: str) -> list[tuple[str, str]]:
    """Returns words and their tags; joined they are `clause`."""
    return [(pair.word, pair.flag) for pair in _tagger().lcut(clause)]


@cache
def halves(text: str) -> tuple[str, str]:
    """Returns a word cut after the shortest word at its start, or before it; the second may be empty."""
    parts = sorted(_tagger().tokenizer.cut_for_search(text), key=len)
    short = parts[0] if parts else text
    if text.startswith(short):
        return short, text[len(short) :]
    return text[: -len(short)], short
