"""Fetching one file: whole, continued, wrong, without space; and the zips."""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.tts.fetch.fake_hub import FakeHub, sha256
from tts.fetch.archives import unpack
from tts.fetch.downloading import MAX_ATTEMPTS, FetchFailed, download

REPO = "owner/models"
DATA = bytes(range(256)) * 4
NAME = "a/model.pth"


def fetch(hub: FakeHub, target: Path, name: str = NAME, **options) -> str:
    remote = hub.list_files(REPO)[name]
    return download(hub, REPO, remote, target, wait=lambda _: None, **options)


def left_over(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.endswith(".part")]


def test_a_file_arrives_whole_with_its_progress(tmp_path) -> None:
    told: list[int] = []
    hub = FakeHub({REPO: {NAME: DATA}}, piece=300)
    words = fetch(hub, tmp_path / "deep/model.pth", on_progress=told.append)
    assert (tmp_path / "deep/model.pth").read_bytes() == DATA
    assert told == [300, 600, 900, 1024]
    assert words == "sha256 as the hub says"
    assert left_over(tmp_path) == []


def test_what_was_compared_is_said(tmp_path) -> None:
    hub = FakeHub({REPO: {NAME: DATA, "config.json": b"{}", "empty.txt": b""}})
    assert fetch(hub, tmp_path / "m.pth", sha256=sha256(DATA)) == "sha256 as known"
    assert fetch(hub, tmp_path / "config.json", "config.json") == "git hash as the hub says"
    assert fetch(hub, tmp_path / "empty.txt", "empty.txt") == "git hash as the hub says"
    assert (tmp_path / "empty.txt").read_bytes() == b""


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path) -> None:
    hub = FakeHub({REPO: {NAME: DATA}}, breaks=[100, 500, None], piece=50)
    fetch(hub, tmp_path / "model.pth")
    assert (tmp_path / "model.pth").read_bytes() == DATA
    assert hub.reads == [(NAME, 0), (NAME, 100), (NAME, 600)]


def test_an_interrupted_run_is_continued_by_the_next(tmp_path) -> None:
    hub = FakeHub({REPO: {NAME: DATA}}, breaks=[400, *[0] * MAX_ATTEMPTS], piece=50)
    with pytest.raises(FetchFailed, match="what is there is kept"):
        fetch(hub, tmp_path / "model.pth")
    assert not (tmp_path / "model.pth").exists(), "never there half"
    (part,) = left_over(tmp_path)
    assert part.read_bytes() == DATA[:400]
    hub.reads.clear()
    fetch(hub, tmp_path / "model.pth")
    assert hub.reads == [(NAME, 400)]
    assert (tmp_path / "model.pth").read_bytes() == DATA
    assert left_over(tmp_path) == []


def test_another_version_on_the_hub_does_not_continue_the_old_one(tmp_path) -> None:
    hub = FakeHub({REPO: {NAME: DATA}}, breaks=[400, *[0] * MAX_ATTEMPTS])
    with pytest.raises(FetchFailed):
        fetch(hub, tmp_path / "model.pth")
    hub.repos[REPO][NAME] = DATA[::-1]
    fetch(hub, tmp_path / "model.pth")
    assert (tmp_path / "model.pth").read_bytes() == DATA[::-1]


@pytest.mark.parametrize("name", [NAME, "config.json"])
def test_wrong_contents_are_refused_and_removed(tmp_path, name) -> None:
    hub = FakeHub({REPO: {name: DATA}})
    hub.sent[name] = b"x" + DATA[1:]
    with pytest.raises(FetchFailed, match=r"checksum is \w+ instead of"):
        fetch(hub, tmp_path / "file", name)
    assert list(tmp_path.iterdir()) == []


def test_more_than_was_listed_is_refused(tmp_path) -> None:
    hub = FakeHub({REPO: {NAME: DATA}})
    hub.sent[NAME] = DATA * 2
    with pytest.raises(FetchFailed, match="sent more than the 1024 bytes"):
        fetch(hub, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_replaced_on_the_hub_is_not_fetched(tmp_path) -> None:
    hub = FakeHub({REPO: {NAME: DATA}})
    with pytest.raises(FetchFailed, match="not the file that is known"):
        fetch(hub, tmp_path / "file", sha256=sha256(b"another"))
    assert hub.reads == []


def test_a_full_disk_is_told_before_anything_is_fetched(tmp_path, monkeypatch) -> None:
    class Usage(NamedTuple):
        free: int

    hub = FakeHub({REPO: {NAME: DATA}})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1000))
    with pytest.raises(FetchFailed, match=r"1024 bytes are missing for a/model\.pth, only 1000 are free"):
        fetch(hub, tmp_path / "file")
    assert hub.reads == []


def test_a_place_that_cannot_be_written_is_named(tmp_path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FetchFailed, match=r"file/model\.pth: cannot be written"):
        fetch(FakeHub({REPO: {NAME: DATA}}), tmp_path / "file/model.pth")


# --- zips


def zipped(path: Path, *entries: str | zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            archive.writestr(entry, b"data")
    return path


def test_a_zip_becomes_its_folder_without_programs(tmp_path) -> None:
    archive = zipped(tmp_path / "G.zip", "Any/g2pW.onnx", "Any/sub/chars.txt", "Any/config.py")
    unpack(archive, tmp_path / "G2PWModel")
    there = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert there == {"G2PWModel/g2pW.onnx", "G2PWModel/sub/chars.txt"}


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


@pytest.mark.parametrize(
    "entry", ["a/../../evil", "/evil", "top.txt", "a/b\\..\\evil", "a/C:evil", link("a/link")]
)
def test_zips_that_lead_elsewhere_are_refused(tmp_path, entry) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    archive = zipped(inner / "G.zip", "a/good.txt", entry)
    with pytest.raises(FetchFailed, match="unfit name"):
        unpack(archive, inner / "G2PWModel")
    assert {path.name for path in tmp_path.rglob("*")} == {"inner", "G.zip"}, "whole or not at all"


def test_a_damaged_zip_is_named(tmp_path) -> None:
    archive = tmp_path / "G.zip"
    archive.write_bytes(zipped(tmp_path / "whole.zip", "a/file").read_bytes()[:20])
    with pytest.raises(FetchFailed, match=r"G\.zip: cannot be unpacked"):
        unpack(archive, tmp_path / "out")
