"""Which syllable each character of a clause gets: phrases first, then context rules, then the particles."""

import re
from functools import cache
from pathlib import Path

from tts.text.languages import PolyphoneModel
from tts.text.mandarin.pinyin import (
    MAX_PHRASE_CHARS,
    is_hand_checked,
    phrase_table,
    read_word,
    syllable_phones,
)

DATA = Path(__file__).parent / "data"
Tagged = tuple[str, str]
_NOTHING: Tagged = ("", "")


@cache
def context_rules() -> tuple[tuple[re.Pattern[str], str, bool], ...]:
    """Returns the rows of `data/polyphones.txt`: pattern, syllable, whether it wins over phrases."""
    rows = []
    for line in (DATA / "polyphones.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            syllable, pattern = line.split(None, 1)
            rows.append((re.compile(pattern), syllable.rstrip("!"), syllable.endswith("!")))
            if syllable_phones(rows[-1][1]) is None or rows[-1][0].groups != 1:
                raise ValueError(f"polyphones.txt: not a syllable and a pattern with one group: {line!r}")
    return tuple(rows)


def read_clause(
    tagged: list[Tagged], *, is_like_upstream: bool = False, polyphones: PolyphoneModel | None = None
) -> list[str]:
    """Returns one syllable per character of the clause.

    Args:
        tagged: words and their tags, Han characters only.
        is_like_upstream: look no further than each word, as GPT-SoVITS does without its neural model.
        polyphones: asked about characters that stand in no known phrase; our context rules come after it.
    """
    if is_like_upstream:
        return [syllable for word, _ in tagged for syllable in read_word(word)]
    syllables = _phrases([word for word, _ in tagged])
    if polyphones is not None:
        _ask(polyphones, syllables, tagged)
    _apply_context(syllables, tagged)
    start = 0
    for index, (word, tag) in enumerate(tagged):
        if len(word) > 2 and word.endswith("地") and tag[:1] in "dz":
            syllables[start + len(word) - 1] = "de5"
        elif word == "地":
            after = tagged[index + 1] if index + 1 < len(tagged) else _NOTHING
            syllables[start] = (
                "de5" if _is_adverbial(tagged[index - 1] if index else _NOTHING, after) else "di4"
            )
        start += len(word)
    return syllables


def _phrases(words: list[str]) -> list[str]:
    """Reads words, or the longest run of words that is a known phrase: 参差不齐 may be cut into two."""
    table = phrase_table()
    syllables: list[str] = []
    first = 0
    while first < len(words):
        last = first + 1
        for end in range(min(len(words), first + MAX_PHRASE_CHARS), last, -1):
            run = "".join(words[first:end])
            if 2 < len(run) <= MAX_PHRASE_CHARS and run in table:
                syllables += table[run]
                last = end
                break
        else:
            syllables += read_word(words[first])
        first = last
    return syllables


def _ask(polyphones: PolyphoneModel, syllables: list[str], tagged: list[Tagged]) -> None:
    table = phrase_table()
    is_known = [known for word, _ in tagged for known in [is_hand_checked(word) or word in table] * len(word)]
    for index, syllable in polyphones.read("".join(word for word, _ in tagged)).items():
        if not is_known[index]:
            syllables[index] = syllable


def _apply_context(syllables: list[str], tagged: list[Tagged]) -> None:
    text = "".join(word for word, _ in tagged)
    is_checked = [checked for word, _ in tagged for checked in [is_hand_checked(word)] * len(word)]
    for pattern, syllable, is_strong in context_rules():
        for match in pattern.finditer(text):
            index = match.start(1)
            if is_strong or not is_checked[index]:
                syllables[index] = syllable


def _is_adverbial(before: Tagged, after: Tagged) -> bool:
    """Tells whether a free-standing 地 makes an adverb of the word before: 好奇地问, but 一块地 and 种地."""
    word, tag = before
    return (
        len(word) > 1
        and tag[:1] not in "rqp"
        and after[1][:1] in ("v", "d", "p", "a", "n", "r", "c", "z", "i", "l")
    )
