import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evaluation.front_end import Agreement, edit_distance, is_built, keeps_wish, main

ROW = {"lang": "zh", "version": "v2", "text": "你好。", "phones": ["n", "i2", "h", "ao3", "."]}
WISH = {"norm_any": [], "norm_none": [], "phone_any": [], "phone_none": []}


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "", 3),
        ("", "ab", 2),
        ("kitten", "sitting", 3),
        ("abc", "axbc", 1),
    ],
)
def test_edit_distance(left, right, edits):
    assert edit_distance(left, right) == edit_distance(right, left) == edits


def test_agreement_is_over_all_phones_not_a_mean_of_rows():
    score = Agreement()
    score.add(["a"] * 9, ["a"] * 9)
    score.add(["b"], ["c"])
    assert (score.rows, score.exact) == (2, 1)
    assert score.phone_agreement == pytest.approx(0.9)


def test_wishes():
    assert keeps_wish(WISH, "a", ["b"])
    assert keeps_wish(WISH | {"norm_any": ["x", "four, five"]}, "FOURFIVE six", [])
    assert not keeps_wish(WISH | {"norm_any": ["x"]}, "four", [])
    assert not keeps_wish(WISH | {"norm_none": ["减"]}, "五减三", [])
    assert keeps_wish(WISH | {"phone_any": ["b c"]}, "", ["a", "b", "c"])
    assert not keeps_wish(WISH | {"phone_any": ["b c"]}, "", ["a", "ab", "c"])
    assert not keeps_wish(WISH | {"phone_none": ["b"]}, "", ["a", "b"])


def test_rows_in_other_languages_are_told_apart():
    assert is_built({"lang": "auto", "splits": [["zh", "好"], ["en", "ok"]]})
    assert not is_built({"lang": "auto", "splits": [["zh", "好"], ["ja", "まいご"]]})
    assert not is_built({"lang": "all_yue", "splits": None})


def write(folder: Path, name: str, *rows: dict) -> None:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_the_command_scores_what_it_knows_and_names_the_rest(tmp_path):
    write(tmp_path, "zh.jsonl", ROW, ROW | {"phones": ["n", "i3", "h", "ao3", "."]}, ROW | {"version": "v1"})
    write(tmp_path, "mixed.jsonl", ROW | {"lang": "auto", "splits": [["zh", "你好。"]]}, ROW | {"lang": "ja"})
    target = {"index": 1, "char": "长", "accept": ["zhang3"]}
    write(
        tmp_path,
        "zh_polyphone_truth.jsonl",
        {"text": "校长", "targets": [target, target | {"accept": ["chang2"]}]},
    )
    write(tmp_path, "want.jsonl", WISH | {"lang": "zh", "text": "好"}, WISH | {"lang": "all_ja", "text": "x"})
    write(tmp_path, "ja.jsonl", {"lang": "ja"})
    result = CliRunner().invoke(main, [str(tmp_path), "--json", str(tmp_path / "scores.json")])
    assert result.exit_code == 0, result.output
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert (scores["zh.jsonl"]["rows"], scores["zh.jsonl"]["exact"]) == (2, 1)
    assert scores["zh.jsonl"]["phone_agreement"] == pytest.approx(0.9)
    assert scores["zh.jsonl (v1)"]["rows"] == 1
    assert scores["mixed.jsonl"]["rows"] == 1
    assert scores["zh_polyphone_truth.jsonl"] == {"targets": 2, "right": 1}
    assert scores["want.jsonl"] == {"rows": 2, "kept": 1, "not_built": 1}
    assert "ja.jsonl" not in scores
    assert any(line.split() == ["ja.jsonl", "not", "built"] for line in result.output.splitlines())
