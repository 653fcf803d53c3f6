"""A speaker's own readings of words, as they stand in its file."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from speakers.checks import Fields

LANGUAGES = ("zh", "en", "ja", "ko", "yue")
MAX_WORDS = 10000
MAX_READING_CHARS = 200

Lexicon = Mapping[str, str | Mapping[str, str]]


def read_lexicon(take: Fields) -> Lexicon:
    """Returns word -> reading, and language -> such words for the tables among them.

    Whether a reading can be said is for the text front end to judge; it knows the languages.

    Raises:
        BadSpeaker: a reading that is no text, a table that is no language's, or too many words.
    """
    entries = take.table("lexicon", max_items=MAX_WORDS)
    inner = Fields(entries, source=take.source, valid=None, where="lexicon")
    lexicon: dict[str, Any] = {}
    for key, value in entries.items():
        if not isinstance(value, Mapping):
            lexicon[key] = _reading(inner, key)
            continue
        if key not in LANGUAGES:
            raise inner.bad(key, f"is no language with words of its own; valid: {', '.join(LANGUAGES)}")
        words = Fields(
            inner.table(key, max_items=MAX_WORDS), source=take.source, valid=None, where=f"lexicon.{key}"
        )
        lexicon[key] = MappingProxyType({word: _reading(words, word) for word in words.data})
    return MappingProxyType(lexicon)


def _reading(fields: Fields, word: str) -> str:
    return fields.line(word, default=None, max_chars=MAX_READING_CHARS)
