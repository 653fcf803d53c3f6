"""Training files: json and jsonl, alone or listed in LLaMA-Factory's dataset_info.json."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from llm.finetune.errors import BadData, BadFormat, BadRow
from llm.finetune.formats import Chat, Layout, guess_layout

INFO_FILE = "dataset_info.json"
SUFFIXES = (".json", ".jsonl")
_ENTRY_KEYS = {
    "file_name",
    "formatting",
    "columns",
    "tags",
    "num_samples",
    "split",
    "ranking",
    "subset",
    "folder",
}
_ELSEWHERE = ("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name")


@dataclass
class Chats:
    """What was read.

    Attributes:
        chats: the usable rows.
        skipped: reason -> number of rows.
    """

    chats: list[Chat] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def read_chats(path: Path, names: Sequence[str] = ()) -> Chats:
    """Reads a training file, or the named data sets of a dataset_info.json (or of the folder that holds one).

    Raises:
        BadData: names the file and what would be valid.
    """
    if path.is_dir():
        path = path / INFO_FILE
    if path.name == INFO_FILE:
        return _read_listed(path, names)
    if names:
        raise BadData(f"{path}: data sets have names only in a {INFO_FILE}")
    return _read_file(path, None, None)


def _read_listed(path: Path, names: Sequence[str]) -> Chats:
    info = _load_json(path, _read_text(path))
    if not isinstance(info, dict):
        raise BadData(f"{path}: must hold an object that maps data set names to their files")
    if not names:
        raise BadData(f"{path}: say which data set, with --dataset; there are {', '.join(sorted(info))}")
    result = Chats()
    for name in names:
        entry = info.get(name)
        if not isinstance(entry, dict):
            raise BadData(f"{path}: no data set {name!r}; there are {', '.join(sorted(info)) or 'none'}")
        try:
            part = _read_entry(path, name, entry)
        except BadFormat as error:
            raise BadData(f"{path}, data set {name!r}: {error}") from error
        result.chats += part.chats
        result.skipped.update(part.skipped)
    return result


def _read_entry(path: Path, name: str, entry: dict[str, Any]) -> Chats:
    where = f"{path}, data set {name!r}"
    for key in _ELSEWHERE:
        if key in entry:
            raise BadData(f"{where}: {key} is not supported; download the file and name it as file_name")
    unknown = sorted(set(entry) - _ENTRY_KEYS)
    if unknown:
        raise BadData(f"{where}: unknown key {unknown[0]!r}; valid: {', '.join(sorted(_ENTRY_KEYS))}")
    if entry.get("ranking"):
        raise BadData(f"{where}: rankings (chosen and rejected answers) are not learned from")
    if not isinstance(entry.get("file_name"), str):
        raise BadData(f"{where}: lacks file_name")
    columns, tags = entry.get("columns") or {}, entry.get("tags") or {}
    if not isinstance(columns, dict) or not isinstance(tags, dict):
        raise BadData(f"{where}: columns and tags must be objects")
    formatting = entry.get("formatting", "alpaca")
    layout = Layout(formatting, columns, tags)
    num_samples = entry.get("num_samples")
    if num_samples is not None and (not isinstance(num_samples, int) or num_samples < 1):
        raise BadData(f"{where}: num_samples must be a number above 0, not {num_samples!r}")
    return _read_file(path.parent / entry["file_name"], layout, num_samples)


def _read_file(path: Path, layout: Layout | None, num_samples: int | None) -> Chats:
    if path.suffix.lower() not in SUFFIXES:
        raise BadData(f"{path}: must be a {' or '.join(SUFFIXES)} file; convert other formats first")
    result = Chats()
    for number, row in enumerate(_rows(path)):
        if num_samples is not None and number >= num_samples:
            break
        if not isinstance(row, dict):
            result.skipped["not an object"] += 1
            continue
        if layout is None:
            try:
                layout = guess_layout(row)
            except BadFormat as error:
                raise BadData(f"{path}: {error}") from error
        try:
            result.chats.append(layout.read(row))
        except BadRow as error:
            result.skipped[str(error)] += 1
    return result


def _rows(path: Path) -> Iterator[Any]:
    """Yields the rows of a JSON list or of JSON lines; either may stand under either suffix."""
    text = _read_text(path)
    if text.lstrip().startswith("["):
        yield from _load_json(path, text)
        return
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield json.loads(line)
            except (ValueError, RecursionError) as error:
                raise BadData(
                    f"{path}, line {number}: not JSON ({error}); the file must be a JSON list, "
                    "or hold one JSON object per line"
                ) from error


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadData(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadData(f"{path}: not UTF-8 text") from error


def _load_json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadData(f"{path}: not JSON: {error}") from error
