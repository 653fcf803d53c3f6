from __future__ import annotations

from pathlib import Path

import pytest

from tts.finetune.errors import BadStage
from tts.finetune.stages import Stages, file_hash

NAMES = ("clips", "words", "features")


class Work:
    """Three stages that each write down that they were made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[str] = []
        self.told: list[tuple[str, bool]] = []

    def go(self, redo_from: str | None = None, **inputs: str) -> Stages:
        self.made.clear()
        self.told.clear()
        stages = Stages(
            self.folder, NAMES, redo_from=redo_from, told=lambda name, done: self.told.append((name, done))
        )
        for name in NAMES:

            def build(folder: Path, name: str = name) -> None:
                self.made.append(name)
                (folder / "result").write_text(name)

            stages.run(name, {"of": inputs.get(name, "")}, build)
        return stages


def test_what_has_not_changed_is_not_made_again(tmp_path) -> None:
    work = Work(tmp_path / "work")
    stages = work.go()
    assert work.made == list(NAMES)
    assert (tmp_path / "work/2-words/result").read_text() == "words"
    assert stages.path("words") == tmp_path / "work/2-words"
    work.go()
    assert work.made == []
    assert work.told == [(name, True) for name in NAMES]
    work.go(words="other")
    assert work.made == ["words"]
    assert work.told[1] == ("words", False)


def test_from_makes_a_stage_and_all_behind_it_again(tmp_path) -> None:
    work = Work(tmp_path)
    work.go()
    work.go(redo_from="words")
    assert work.made == ["words", "features"]
    with pytest.raises(BadStage, match="no stage 'wrods'; stages: clips, words, features"):
        work.go(redo_from="wrods")


def test_an_interrupted_stage_is_not_there(tmp_path) -> None:
    stages = Stages(tmp_path, NAMES)

    def broken(folder: Path) -> None:
        (folder / "half").write_text("")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stages.run("clips", {}, broken)
    assert not stages.path("clips").exists()

    seen = []
    stages.run("clips", {}, lambda folder: seen.append([p.name for p in folder.iterdir()]))
    assert seen == [["manifest.json"]], "it begins anew"
    with pytest.raises(KeyboardInterrupt):
        Stages(tmp_path, NAMES, redo_from="clips").run("clips", {}, broken)
    assert stages.path("clips").is_dir(), "the old one stays until the new one is whole"


def test_a_resumable_stage_goes_on_if_its_inputs_are_the_same(tmp_path) -> None:
    def broken(folder: Path) -> None:
        (folder / "half").write_text("")
        raise KeyboardInterrupt

    def seen_with(inputs: dict, redo_from: str | None = None) -> bool:
        stages = Stages(tmp_path, NAMES, redo_from=redo_from)
        seen = []
        stages.run("clips", inputs, lambda f: seen.append((f / "half").exists()), is_resumable=True)
        return seen[0]

    def interrupt() -> None:
        with pytest.raises(KeyboardInterrupt):
            Stages(tmp_path, NAMES, redo_from="clips").run("clips", {"a": 1}, broken, is_resumable=True)

    interrupt()
    assert seen_with({"a": 1})
    interrupt()
    assert not seen_with({"a": 2})
    interrupt()
    assert not seen_with({"a": 1}, redo_from="clips")


def test_hashes_tell_contents_and_names(tmp_path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x").write_text("1")
    first = file_hash(tmp_path / "a")
    assert first == file_hash(tmp_path / "a")
    (tmp_path / "a/x").rename(tmp_path / "a/y")
    second = file_hash(tmp_path / "a")
    (tmp_path / "a/y").write_text("2")
    assert len({first, second, file_hash(tmp_path / "a"), file_hash(tmp_path / "a/y")}) == 4
