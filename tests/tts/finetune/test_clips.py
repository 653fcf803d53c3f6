from __future__ import annotations

from pathlib import Path

import pytest

from tts.finetune.clips import LABELS, Clip, read_list, write_list
from tts.finetune.errors import BadList


def test_a_list_is_read_with_every_label_people_use(tmp_path) -> None:
    lines = [
        f"wavs/{number}.wav|anna|{label}|words {number}"
        for number, label in enumerate(label for labels in LABELS.values() for label in labels)
    ]
    (tmp_path / "a.list").write_text("\ufeff" + "\n\n".join(lines) + "\n", encoding="utf-8")
    clips = read_list(tmp_path / "a.list")
    assert [clip.language for clip in clips] == [code for code, labels in LABELS.items() for _ in labels]
    assert clips[0] == Clip(tmp_path / "wavs/0.wav", "anna", "zh", "words 0")


def test_text_may_hold_bars_or_nothing_and_paths_backslashes(tmp_path) -> None:
    (tmp_path / "a.list").write_text("a\\b.wav|x|ZH|\nc.wav|x|EN|one|two\n", encoding="utf-8")
    first, second = read_list(tmp_path / "a.list")
    assert first.path == tmp_path / "a" / "b.wav"
    assert (first.text, second.text) == ("", "one|two")


def test_what_is_written_is_read_again(tmp_path) -> None:
    outside = tmp_path / "elsewhere" / "b.wav"
    folder = tmp_path / "lists"
    folder.mkdir()
    clips = [Clip(folder / "a.wav", "x", "ja", "はい"), Clip(outside, "y", "yue", "係\n嘅")]
    write_list(folder / "a.list", clips)
    assert (folder / "a.list").read_text(encoding="utf-8").splitlines()[0] == "a.wav|x|JP|はい"
    assert read_list(folder / "a.list") == [clips[0], Clip(outside, "y", "yue", "係 嘅")]
    assert [path.name for path in folder.iterdir()] == ["a.list"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a.wav|x|ZH|ok\nb.wav|x|ZH\n", r"line 2: has 3 of the 4 fields"),
        ("a.wav|x|Klingon|nuqneH\n", r"line 1: unknown language 'Klingon'; valid: ZH/zh, JP/jp/JA/ja, EN"),
        ("|x|ZH|a\n", r"line 1: names no file"),
        ("\n \n", r"the list is empty"),
        ("a\n" * 12, r"line 10: .*; and 2 more"),
    ],
)
def test_wrong_lines_are_named(tmp_path, content: str, message: str) -> None:
    (tmp_path / "a.list").write_text(content, encoding="utf-8")
    with pytest.raises(BadList, match=message) as caught:
        read_list(tmp_path / "a.list")
    assert "a.list" in str(caught.value)


def test_files_that_are_no_lists_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadList, match="cannot be read"):
        read_list(tmp_path / "none.list")
    (tmp_path / "a.list").write_bytes("a.wav|x|ZH|你好".encode("gb18030"))
    with pytest.raises(BadList, match="not UTF-8"):
        read_list(tmp_path / "a.list")
