"""Which syllable each character of a clause gets: phrases first, then context rules, then the particles."""

import re
from functools import cache
from pathlib import Path

from tts.text.mandarin.pinyin import MAX_PHRASE_CHARS, char_syllables, phrase_table, read_word, syllable_phones

DATA = Path(__file__).parent / "data"


@cache
def context_rules() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Returns the rows of `data/polyphones.txt`: a pattern whose only group is one character, and its syllable."""
    rows = []
    for line in (DATA / "polyphones.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            syllable, pattern = line.split(None, 1)
            if syllable_phones(syllable) is None or re.compile(pattern).groups != 1:
                raise ValueError(f"polyphones.txt: not a syllable and a pattern with one group: {line!r}")
            rows.append((re.compile(pattern), syllable))
    return tuple(rows)


def read_clause(tagged: list[tuple[str, str]]) -> list[str]:
    """Returns one syllable per character of the clause.

    Args:
        tagged: words and tags, Han characters only.
    """
    syllables = _phrases([word for word, _ in tagged])
    text = "".join(word for word, _ in tagged)
    for pattern, syllable in context_rules():
        for match in pattern.finditer(text):
            syllables[match.start(1)] = syllable
    start = 0
    for index, (word, tag) in enumerate(tagged):
        if len(word) == 1:
            before = tagged[index - 1] if index else ("", "")
            after = tagged[index + 1] if index + 1 < len(tagged) else ("", "")
            syllables[start] = _particle(word, tag, before, after) or syllables[start]
        start += len(word)
    return syllables


def _phrases(words: list[str]) -> list[str]:
    """Reads words, or the longest run of words that is a known phrase: 睡不着觉 is cut into three."""
    table, syllables, first = phrase_table(), [], 0
    while first < len(words):
        for last in range(len(words), first, -1):
            run = "".join(words[first:last])
            if last - first > 1 and 2 < len(run) <= MAX_PHRASE_CHARS and run in table:
                syllables += table[run]
                break
        else:
            last = first + 1
            syllables += read_word(words[first])
        first = last
    return syllables


def _particle(word: str, tag: str, before: tuple[str, str], after: tuple[str, str]) -> str | None:
    """Returns the reading of a free-standing 的 地 得 了 着 过 from its neighbours, None where they do not tell."""
    return None


def default_syllables(text: str) -> list[str]:
    """Returns the commonest reading of each character."""
    return [char_syllables(char)[0] for char in text]
