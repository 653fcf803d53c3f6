"""The words of an English text, as a machine that listens writes them."""

from __future__ import annotations

import re

from tts.text.english.normalise import normalise

LANGUAGES = ("en",)
_WORDS = re.compile(r"[a-z]+(?:'[a-z]+)*")


def words_of(text: str) -> list[str]:
    """Returns English text as words in lower case, numbers and abbreviations written out as they are said."""
    return _WORDS.findall(normalise(text)[0].lower())
