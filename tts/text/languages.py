"""The small interface between the front end and the languages, and the modes a caller may name.

A language is anything with the one method of `Reader`. Each lives in its own package and is imported, with
its dictionaries, when the first text in it arrives.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reading:
    """How one piece of text in one language is spoken.

    Attributes:
        norm_text: the text as it is spoken: numbers in words, only the marks `! ? … , . -`.
        phones: symbols, not yet checked against a symbol table.
        word2ph: number of phones per character of `norm_text`; None where a language has no such relation.
        num_skipped: characters of the text that could not be read and were left out.
    """

    norm_text: str
    phones: tuple[str, ...]
    word2ph: tuple[int, ...] | None
    num_skipped: int = 0


class Reader(Protocol):
    """Turns text of one language into phones. Total: no string makes it raise."""

    def read(self, text: str, *, is_alone: bool = True) -> Reading:
        """Reads `text`; `is_alone` is False when it stands among segments of other languages."""
        ...


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """What a reader may be told.

    Attributes:
        has_erhua: a final 儿 takes the tone before it; models of version v1 were trained without.
        lexicon: word -> reading, for names (Mandarin: pinyin with tone digits; English: ARPAbet).
        is_like_upstream: repeat the known misreadings of GPT-SoVITS instead of what a person would say. For
            comparisons with it only.
    """

    has_erhua: bool = True
    lexicon: Mapping[str, str] = field(default_factory=dict)
    is_like_upstream: bool = False


@dataclass(frozen=True, slots=True)
class Mode:
    """What a language code asks for.

    Attributes:
        is_split: text is cut into runs of different languages first; else all of it goes to `main`.
        main: language of what cannot be told otherwise.
        takes_digits: digits always belong to `main`, whatever stands beside them.
    """

    main: str
    is_split: bool = True
    takes_digits: bool = False


MODES: Mapping[str, Mode] = {
    "auto": Mode("zh"),
    "zh": Mode("zh"),
    "all_zh": Mode("zh", takes_digits=True),
    "en": Mode("en", is_split=False),
}


def mode_of(language: str) -> Mode:
    """Returns the mode a language code names.

    Raises:
        ValueError: for a code that is not in `MODES`; the message lists the valid ones.
    """
    if language not in MODES:
        raise ValueError(f"unknown language {language!r}; valid: {', '.join(MODES)}")
    return MODES[language]


def make_reader(code: str, options: ReaderOptions) -> Reader:
    """Returns the reader of one language, `zh` or `en`, importing its package now.

    Raises:
        ValueError: for another code, or for a lexicon entry whose reading is not valid.
    """
    if code == "zh":
        from tts.text.mandarin.reader import MandarinReader

        return MandarinReader(options)
    if code == "en":
        from tts.text.english.reader import EnglishReader

        return EnglishReader(options)
    raise ValueError(f"no reader for language {code!r}; valid: zh, en")
