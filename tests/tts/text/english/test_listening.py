"""Sentences of role-play with the readings a person would give them, checked by eye and then frozen."""

import json
from pathlib import Path

import pytest

from tts.text.front_end import FrontEnd

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[3] / "data" / "listening_en.jsonl").read_text("utf-8").splitlines()
]
FRONT_END = FrontEnd()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["text"][:12])
def test_a_person_would_read_it_so(row):
    phones = FRONT_END.read(row["text"], row["lang"])
    assert " ".join(phones.symbols) == row["reading"]
    assert phones.num_skipped == 0


def test_the_list_is_whole():
    assert len(ROWS) == 8
