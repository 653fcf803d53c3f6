"""The small interface between the front end and the languages, and the modes a caller may name.

A language is anything with the one method of `Reader`. Each lives in its own package and is imported, with
its dictionaries, when the first text in it arrives.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
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


class PolyphoneModel(Protocol):
    """Tells the readings of Mandarin characters from the text round them; `tts.text.mandarin.g2pw` is one."""

    def read(self, text: str) -> Mapping[int, str]:
        """Returns index -> syllable (`chong2`) for those characters of a clause it has an opinion on."""
        ...


@dataclass(frozen=True, slots=True)
class ReaderOptions:
    """What a reader may be told.

    Attributes:
        has_erhua: a final 儿 takes the tone before it; models of version v1 were trained without.
        lexicon: word -> reading, for names, in the notation of the reader's language.
        is_like_upstream: repeat the known misreadings of GPT-SoVITS instead of what a person would say. For
            comparisons with it only.
        polyphones: a model that reads Mandarin characters with several readings, or None.
    """

    has_erhua: bool = True
    lexicon: Mapping[str, str] = field(default_factory=dict)
    is_like_upstream: bool = False
    polyphones: PolyphoneModel | None = None


@dataclass(frozen=True, slots=True)
class Mode:
    """What a language code asks for.

    Attributes:
        main: language of what cannot be told otherwise.
        others: languages that may stand beside it; letters of any further one are left out.
        is_split: text is cut into runs of different languages first; else all of it goes to `main`.
        takes_digits: digits always belong to `main`, whatever stands beside them.
    """

    main: str
    others: frozenset[str] = frozenset(("en",))
    is_split: bool = True
    takes_digits: bool = False

    def speaks(self, code: str) -> bool:
        """Whether text in a language may stand in this mode."""
        return code == self.main or code in self.others


# Where each language is read: a class with the method of `Reader`, made with `ReaderOptions`.
READERS: Mapping[str, str] = {
    "zh": "tts.text.mandarin.reader:MandarinReader",
    "en": "tts.text.english.reader:EnglishReader",
    "ja": "tts.text.japanese.reader:JapaneseReader",
    "ko": "tts.text.korean.reader:KoreanReader",
    "yue": "tts.text.cantonese.reader:CantoneseReader",
}

# Readers that take `{word|reading}` within their text, and say it in one breath with what stands around it.
TAKE_READINGS = frozenset(("ja",))

MODES: Mapping[str, Mode] = {
    "auto": Mode("zh", frozenset(("en", "ja", "ko"))),
    "auto_yue": Mode("yue", frozenset(("en", "ja", "ko"))),
    "en": Mode("en", frozenset(), is_split=False),
    **{code: Mode(code) for code in ("zh", "ja", "ko", "yue")},
    **{f"all_{code}": Mode(code, takes_digits=True) for code in ("zh", "ja", "ko", "yue")},
}


def modes_of(languages: Collection[str]) -> tuple[str, ...]:
    """Returns the modes whose main language is one of `languages`."""
    return tuple(name for name, mode in MODES.items() if mode.main in languages)


@cache
def mode_of(language: str, languages: tuple[str, ...] = tuple(READERS)) -> Mode:
    """Returns the mode a language code names.

    Args:
        language: the code.
        languages: those that can be spoken; what stands beside the main one is cut down to them.

    Raises:
        ValueError: for a code that is not in `MODES` or whose main language cannot be spoken; the message
            lists the valid ones.
    """
    mode = MODES.get(language)
    if mode is None or mode.main not in languages:
        known = "unknown language" if mode is None else "these models do not speak the language"
        raise ValueError(f"{known} {language!r}; valid: {', '.join(modes_of(languages))}")
    return replace(mode, others=mode.others.intersection(languages))


def make_reader(code: str, options: ReaderOptions) -> Reader:
    """Returns the reader of one language, importing its package now.

    Raises:
        ValueError: for a code that is not in `READERS`, or for a lexicon entry whose reading is not valid.
    """
    if code not in READERS:
        raise ValueError(f"no reader for language {code!r}; valid: {', '.join(READERS)}")
    module, _, name = READERS[code].partition(":")
    return getattr(import_module(module), name)(options)


def check_reading(code: str, reading: str) -> tuple[str, ...]:
    """Returns the phones of a reading given in the notation of a language.

    Raises:
        ValueError: for a reading that is not valid; the message says what is.
    """
    package = READERS[code].partition(":")[0].rpartition(".")[0]
    return import_module(f"{package}.lexicon").check_reading(reading)
