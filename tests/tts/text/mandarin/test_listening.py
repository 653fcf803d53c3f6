"""Sentences of role-play with the readings a person would give them, checked by eye and then frozen."""

import json
from pathlib import Path

import pytest

from tts.text.front_end import FrontEnd, Segment
from tts.text.mandarin.pinyin import char_syllables, syllable_phones

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[3] / "data" / "listening_zh.jsonl").read_text("utf-8").splitlines()
]
FRONT_END = FrontEnd()


def readable(segment: Segment) -> str:
    """Returns the phones as pinyin, of other languages as they are."""
    if segment.word2ph is None:
        return " ".join(segment.phones)
    phones, words, start = segment.phones, [], 0
    for char, size in zip(segment.norm_text, segment.word2ph, strict=True):
        pair = tuple(phones[start : start + size])
        words.append(_pinyin(char, pair) if size > 1 else pair[0])
        start += size
    return " ".join(words)


def _pinyin(char: str, pair: tuple[str, ...]) -> str:
    """Returns a syllable of the character that sounds so, whatever tone it is said in."""
    toned = (syllable[:-1] + pair[1][-1] for syllable in char_syllables(char))
    return next(syllable for syllable in toned if syllable_phones(syllable) == pair)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"][:8])
def test_a_person_would_read_it_so(row):
    phones = FRONT_END.read(row["text"], row["lang"])
    assert " | ".join(map(readable, phones.segments)) == row["reading"]
    assert phones.num_skipped == 0


def test_the_list_is_whole():
    assert len(ROWS) == 8
