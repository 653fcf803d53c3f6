"""How near the front end is to GPT-SoVITS on its own goldens, and to what a person would say."""

from dataclasses import asdict
from pathlib import Path

import pytest

from evaluation.front_end.__main__ import score_folder

GOLDENS = Path(__file__).parents[2] / "data" / "text" / "goldens"


@pytest.fixture(scope="module")
def scores() -> dict:
    return {name: asdict(score) for name, score in score_folder(GOLDENS).scores.items()}


def test_phones_agree_with_upstream(scores):
    assert scores["zh.jsonl"]["phone_agreement"] >= 0.995
    assert scores["zh.jsonl (v1)"]["phone_agreement"] >= 0.995
    assert scores["en.jsonl"]["phone_agreement"] >= 0.985
    assert scores["ja.jsonl"]["phone_agreement"] >= 0.99
    assert scores["ko.jsonl"]["phone_agreement"] >= 0.995
    assert scores["yue.jsonl"]["phone_agreement"] >= 0.99
    assert scores["mixed.jsonl, without improvements"]["phone_agreement"] >= 0.98


def test_ours_differs_from_upstream_only_where_it_is_wrong(scores):
    assert scores["zh.jsonl (ours)"]["phone_agreement"] >= 0.97
    assert scores["en.jsonl (ours)"]["phone_agreement"] >= 0.95


def test_polyphones_are_read_right(scores):
    assert scores["zh_polyphone_truth.jsonl"]["targets"] == 123
    assert scores["zh_polyphone_truth.jsonl"]["right"] >= 120


def test_wishes_come_true(scores):
    wishes = scores["want.jsonl"]
    assert wishes["rows"] == 27
    assert wishes["kept"] == 27
