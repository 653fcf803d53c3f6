import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from evaluation.front_end import __main__ as command
from evaluation.front_end.improvements import Improvement

ROW = {"id": "r", "lang": "zh", "version": "v2", "text": "你好。", "phones": ["n", "i2", "h", "ao3", "."]}
WISH = {"id": "w", "norm_any": [], "norm_none": [], "phone_any": [], "phone_none": []}


def write(folder: Path, name: str, *rows: dict) -> None:
    (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_the_command_prints_a_table_and_the_differences(tmp_path, monkeypatch):
    wrong = ROW | {"id": "bad", "text": "我们好。", "phones": ["n", "i3", "h", "ao3", "."]}
    write(tmp_path, "zh.jsonl", ROW, wrong, ROW | {"version": "v1"})
    write(tmp_path, "mixed.jsonl", ROW | {"lang": "auto"})
    write(tmp_path, "want.jsonl", WISH | {"lang": "zh", "text": "好"})
    write(tmp_path, "notes.jsonl", {})
    monkeypatch.setattr(
        command, "load_improvements", lambda: {"我们好。": Improvement("so is better", False)}
    )
    arguments = [str(tmp_path), "--diff", "--json", str(tmp_path / "scores.json")]
    result = CliRunner().invoke(command.main, arguments)
    assert result.exit_code == 0, result.output
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert (scores["zh.jsonl"]["rows"], scores["zh.jsonl"]["exact"]) == (2, 1)
    assert scores["zh.jsonl"]["phone_agreement"] == pytest.approx(0.6)
    assert scores["zh.jsonl (ours), without improvements"]["rows"] == 1
    assert scores["zh.jsonl (ours), without improvements"]["phone_agreement"] == 1
    assert scores["zh.jsonl (v1)"]["rows"] == 1
    assert scores["mixed.jsonl"]["rows"] == 1
    assert scores["want.jsonl"] == {"rows": 1, "kept": 1}
    lines = [line.split() for line in result.output.splitlines()]
    assert ["on", "purpose:", "so", "is", "better"] in lines
    assert ["zh.jsonl", "2", "50.0%", "0.6000", "4", "edits", "of", "10", "phones"] in lines
    assert ["improved", "on", "purpose", "in", "zh.jsonl", "(ours):", "bad"] in lines
    assert ["not", "scored:", "notes.jsonl"] in lines
