"""English sentences without end: any words in templates, and words strung together.

They are nonsense, but sound English. What a voice learns to say depends on how many different sequences of
sounds it has met; sense does not matter.
"""

from __future__ import annotations

import itertools
import random
import re
from functools import cache

from demo.llm.names import draw_name
from demo.speech.word_lists import data_lines
from tts.text.english.dictionary import look_up

NUM_WORDS = 22_000
# Common words come more often, but far less so than in real text, or rare sounds would be rare.
FREQUENCY_POWER = 0.55
TEMPLATE_SHARE = 0.45
FUNCTION_SHARE = 0.42
_LENGTHS = ((1, 3), (4, 8), (9, 14), (15, 24))
_LENGTH_WEIGHTS = (15, 40, 33, 12)
_ENDS = ".......??!!"
_COMMA_SHARE = 0.09


class EnglishText:
    """Draws sentences.

    Raises:
        ImportError: the package wordfreq is missing.
    """

    def __init__(self) -> None:
        self._words, self._weights = _words()
        self._templates = data_lines("templates_en.txt")
        self._function_words = [word for line in data_lines("function_words_en.txt") for word in line.split()]

    def draw(self, rng: random.Random) -> str:
        """Returns a sentence."""
        text = self._filled(rng) if rng.random() < TEMPLATE_SHARE else self._strung(rng)
        return text[0].upper() + text[1:]

    def word(self, rng: random.Random) -> str:
        """Returns a word."""
        return rng.choices(self._words, cum_weights=self._weights)[0]

    def _filled(self, rng: random.Random) -> str:
        return re.sub(r"\{(\w+)\}", lambda slot: self._slot(slot.group(1), rng), rng.choice(self._templates))

    def _slot(self, kind: str, rng: random.Random) -> str:
        if kind == "name":
            return draw_name("en", rng)
        if kind == "num":
            return str(rng.choice((rng.randint(2, 20), rng.randint(21, 99), rng.randint(100, 9999))))
        if kind == "time":
            return f"{rng.randint(1, 12)}:{rng.randint(0, 59):02d}"
        if kind == "year":
            return str(rng.randint(1200, 2040))
        return self.word(rng)

    def _strung(self, rng: random.Random) -> str:
        num_words = rng.randint(*rng.choices(_LENGTHS, _LENGTH_WEIGHTS)[0])
        parts = []
        for place in range(num_words):
            is_function = rng.random() < FUNCTION_SHARE
            word = rng.choice(self._function_words) if is_function else self.word(rng)
            is_inside = 0 < place < num_words - 1
            parts.append(word + ("," if is_inside and rng.random() < _COMMA_SHARE else ""))
        return " ".join(parts) + rng.choice(_ENDS)


@cache
def _words() -> tuple[list[str], list[float]]:
    """Returns the most frequent words that our dictionary can read, and their weights added up."""
    try:
        from wordfreq import top_n_list, word_frequency  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ImportError("the demo corpus needs word frequencies: pip install wordfreq") from error
    known = (word for word in top_n_list("en", 3 * NUM_WORDS) if word.isalpha() and word.isascii())
    words = list(itertools.islice((word for word in known if look_up(word)), NUM_WORDS))
    weights = itertools.accumulate(word_frequency(word, "en") ** FREQUENCY_POWER for word in words)
    return words, list(weights)
