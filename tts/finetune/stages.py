"""Work in stages: a folder each, with a manifest of what it was made from; what is unchanged is not redone.

A stage that is done is a folder `<number>-<name>` with a `manifest.json`. One under way is the same name with
`.unfinished`; only a complete one is renamed, so a stage is there whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tts.finetune.errors import BadStage
from tts.finetune.run_folder import write_atomically

MANIFEST = "manifest.json"
BLOCK_BYTES = 1 << 20

Build = Callable[[Path], None]


class Stages:
    """The stages of one work folder.

    Args:
        folder: made when the first stage is.
        names: of all stages in their order.
        redo_from: this stage and all behind it are made anew, whatever their manifests say.
        told: is called with a stage's name and `is_done` when it begins, or is skipped as done.

    Raises:
        BadStage: `redo_from` is no stage.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        *,
        redo_from: str | None = None,
        told: Callable[[str, bool], object] = lambda name, is_done: None,
    ) -> None:
        if redo_from is not None and redo_from not in names:
            raise BadStage(f"there is no stage {redo_from!r}; stages: {', '.join(names)}")
        self.folder = folder
        self._names = tuple(names)
        self._told = told
        self._redone = set(self._names[self._names.index(redo_from) :]) if redo_from else set()

    def path(self, name: str) -> Path:
        """Where a stage's files are once it is done."""
        return self.folder / f"{self._names.index(name) + 1}-{name}"

    def unfinished_path(self, name: str) -> Path:
        """Where they are until then."""
        return self.path(name).with_suffix(".unfinished")

    def run(self, name: str, inputs: Mapping[str, Any], build: Build, *, is_resumable: bool = False) -> Path:
        """Makes a stage unless it has been made from the same inputs.

        Args:
            name: of the stage.
            inputs: everything it depends on, as plain values; files as their `file_hash`.
            build: is given an empty folder and fills it. When it raises, the stage stays undone.
            is_resumable: `build` goes on with what an interrupted one left in the folder, if that was made
                from the same inputs.

        Returns:
            The stage's folder.
        """
        path, unfinished = self.path(name), self.unfinished_path(name)
        stamp = {"stage": name, "inputs": json.loads(json.dumps(dict(inputs), default=str))}
        is_redone = name in self._redone
        self._redone.discard(name)
        if not is_redone and _manifest(path) == stamp:
            self._told(name, True)
            return path
        self._told(name, False)
        if is_redone or not is_resumable or _manifest(unfinished) != stamp:
            _remove(unfinished)
            unfinished.mkdir(parents=True)
        write_atomically(unfinished / MANIFEST, json.dumps(stamp, indent=2, ensure_ascii=False).encode())
        build(unfinished)
        _remove(path)
        unfinished.rename(path)
        return path


def file_hash(path: Path) -> str:
    """SHA-256 of a file, or of all files of a folder with their names."""
    digest = hashlib.sha256()
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        if file != path:
            digest.update(f"{file.relative_to(path).as_posix()}\0".encode())
        with file.open("rb") as content:
            while block := content.read(BLOCK_BYTES):
                digest.update(block)
    return digest.hexdigest()


def _manifest(folder: Path) -> Any:
    """The manifest in a folder; None if there is none that can be read."""
    try:
        return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
