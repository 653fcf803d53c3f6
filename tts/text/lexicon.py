"""A speaker's own words: which language's reader is told which, and those said in another language.

A lexicon is word -> reading, or language -> words, or both in one. Without a language the letters of the word
and the notation of the reading tell it.
"""

import re
from collections.abc import Mapping

from tts.text.forced import FORCED, NOTATIONS, languages_of, phones_of
from tts.text.languages import READERS, check_reading
from tts.text.scripts import HAN, HANGUL, KANA

Lexicon = Mapping[str, str | Mapping[str, str]]

# What the words of each language look like.
_WORDS = {
    "zh": re.compile(f"[{HAN}]+"),
    "en": re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*"),
    "ja": re.compile(f"[{HAN}{KANA}]+"),
    "ko": re.compile(f"[{HANGUL}]+(?: [{HANGUL}]+)*"),
    "yue": re.compile(f"[{HAN}]+"),
}


class SpeakerWords:
    """The words of a lexicon, sorted."""

    def __init__(self, lexicon: Lexicon, languages: tuple[str, ...]) -> None:
        """Sorts words by language; their own readers check those they are given.

        Args:
            lexicon: word -> reading, and language code -> such a table.
            languages: codes that the models speak.

        Raises:
            ValueError: for a language that is unknown or not spoken, or a word whose reading is in none of
                the notations; the message names the valid ones.
        """
        self._languages = languages
        self._by_language: dict[str, dict[str, str]] = {}
        self._shared: dict[str, str] = {}  # Han words whose reading is good pinyin and perhaps jyutping, too
        self._elsewhere: dict[str, str] = {}  # said in another language than their letters are of
        for key, value in lexicon.items():
            if isinstance(value, str):
                self._sort(key, value)
                continue
            if key not in languages:
                raise ValueError(
                    f"lexicon: no words can be given for {key!r}; valid: {', '.join(languages)}"
                    + ("" if key in READERS else ", or a word with its reading")
                )
            for word, reading in value.items():
                self._add(word, reading, key)
        longest_first = sorted(self._elsewhere, key=len, reverse=True)
        either = "|".join(map(_as_pattern, longest_first))
        self._pattern = re.compile(f"{FORCED}|({either})", re.IGNORECASE) if either else None

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages that certainly have words."""
        return tuple(self._by_language)

    def of(self, code: str) -> dict[str, str]:
        """Returns the words the reader of a language is told."""
        words = dict(self._by_language.get(code, {}))
        if code == "yue":
            words = {word: text for word, text in self._shared.items() if _is_valid("yue", text)} | words
        return words

    def mark(self, text: str) -> str:
        """Returns a text with `{word|reading}` for the words that are said in another language."""
        if self._pattern is None:
            return text
        return self._pattern.sub(self._marked, text)

    def _marked(self, match: re.Match[str]) -> str:
        return f"{{{match[1]}|{self._elsewhere[match[1].lower()]}}}" if match[1] else match[0]

    def _sort(self, word: str, reading: str) -> None:
        likely = languages_of(reading, "zh")
        possible = [code for code, pattern in _WORDS.items() if pattern.fullmatch(word)]
        if not likely and not possible:
            raise ValueError(f"lexicon: the reading {reading!r} of {word!r} has to be one of {NOTATIONS}")
        natural = [code for code in likely if code in possible]
        if natural[:2] == ["zh", "yue"]:
            is_jyutping = not _is_valid("zh", reading) and _is_valid("yue", reading)
            natural = ["yue"] if is_jyutping else ["zh"]
            if not is_jyutping:
                self._shared[word] = reading
        self._add(word, reading, next(iter(natural), likely[0] if likely else possible[0]))

    def _add(self, word: str, reading: str, code: str) -> None:
        if code not in self._languages:
            raise ValueError(
                f"lexicon: the reading {reading!r} of {word!r} is in {code}, which these models do not "
                f"speak; valid: {', '.join(self._languages)}"
            )
        if _WORDS[code].fullmatch(word):
            self._by_language.setdefault(code, {})[word] = reading
            return
        if phones_of(reading, code, self._languages) is None:
            raise ValueError(f"lexicon: the reading {reading!r} of {word!r} has to be one of {NOTATIONS}")
        self._elsewhere[word.lower()] = reading


def _as_pattern(word: str) -> str:
    begins = r"(?<![A-Za-z])" if word[:1].isascii() else ""
    return begins + re.escape(word) + (r"(?![A-Za-z])" if word[-1:].isascii() else "")


def _is_valid(code: str, reading: str) -> bool:
    try:
        check_reading(code, reading)
    except ValueError:
        return False
    return True
