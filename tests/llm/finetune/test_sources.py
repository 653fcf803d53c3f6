"""Training files: lists and lines, dataset_info.json, and errors that name file and line."""

import json

import pytest

from llm.finetune.errors import BadData
from llm.finetune.sources import read_chats

ROWS = [
    {"instruction": "a", "output": "b"},
    {"instruction": "c", "output": ""},
    {"instruction": "e", "output": "f"},
]


def write(path, rows, *, lines=False):
    text = "\n".join(json.dumps(row) for row in rows) + "\n" if lines else json.dumps(rows)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "lines"), [("d.json", False), ("d.jsonl", True), ("d.json", True), ("d.jsonl", False)]
)
def test_lists_and_lines_under_either_suffix(tmp_path, name, lines) -> None:
    result = read_chats(write(tmp_path / name, ROWS, lines=lines))
    assert [chat.turns[0][1] for chat in result.chats] == ["a", "e"]
    assert result.skipped == {"an empty question or answer": 1}


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(ROWS[0]).encode() + b"\n\n" + json.dumps(ROWS[2]).encode())
    assert len(read_chats(path).chats) == 2


def test_dataset_info(tmp_path) -> None:
    write(tmp_path / "rows.json", [{"q": "a", "r": "b"}, {"q": "c", "r": "d"}])
    info = {
        "mine": {"file_name": "rows.json", "columns": {"prompt": "q", "response": "r"}, "num_samples": 1},
        "web": {"hf_hub_url": "someone/something"},
        "ranked": {"file_name": "rows.json", "ranking": True},
        "odd": {"file_name": "rows.json", "formating": "sharegpt"},
    }
    write(tmp_path / "dataset_info.json", info)
    assert read_chats(tmp_path, ["mine"]).chats[0].turns == (("user", "a"), ("assistant", "b"))
    assert len(read_chats(tmp_path / "dataset_info.json", ["mine"]).chats) == 1
    for names, message in (
        ([], "mine, odd, ranked, web"),
        (["other"], "no data set 'other'; there are mine"),
        (["web"], "hf_hub_url is not supported; download"),
        (["ranked"], "rankings"),
        (["odd"], "unknown key 'formating'; valid: .*formatting"),
    ):
        with pytest.raises(BadData, match=message):
            read_chats(tmp_path, names)


def test_errors_name_file_and_line(tmp_path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_text('{"instruction": "a", "output": "b"}\n{oops\n', encoding="utf-8")
    with pytest.raises(BadData, match=r"d\.jsonl, line 2: not JSON"):
        read_chats(path)
    with pytest.raises(BadData, match=r"gone\.json: cannot be read"):
        read_chats(tmp_path / "gone.json")
    with pytest.raises(BadData, match=r"must be a \.json or \.jsonl file"):
        read_chats(tmp_path / "d.parquet")
    with pytest.raises(BadData, match="names only in a dataset_info"):
        read_chats(path, ["x"])
    (tmp_path / "latin.json").write_bytes(b'["\xe9"]')
    with pytest.raises(BadData, match="not UTF-8"):
        read_chats(tmp_path / "latin.json")
