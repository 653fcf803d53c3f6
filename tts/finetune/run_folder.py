"""The folder of one training run: its two newest checkpoints, and a note of what it trains."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from tts.finetune.errors import FinetuneError

NOTE_FILE = "run.json"
NUM_KEPT = 2


class BadRun(FinetuneError):
    """A folder cannot be trained on in: it holds another run, or its checkpoints are damaged."""


class RunFolder:
    """Reads and writes the folder; made at once if it is not there.

    Args:
        path: the folder.
        note: plain values; what makes a run the same run.

    Raises:
        BadRun: it holds checkpoints of a run with another note.
    """

    def __init__(self, path: Path, note: Mapping[str, Any]) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dict(note), indent=2)
        file = path / NOTE_FILE
        if self.checkpoints():
            self._compare(json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}, text)
        write_atomically(file, (text + "\n").encode())

    def checkpoints(self) -> list[Path]:
        """Return the checkpoints' paths, oldest first."""
        return sorted(self.path.glob("checkpoint-*.pt"))

    def save(self, step: int, state: Mapping[str, Any]) -> None:
        """Write a checkpoint so that no crash leaves half a file, and forget all but the two newest."""
        path = self.path / f"checkpoint-{step:09d}.pt"
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("wb") as file:
            torch.save(dict(state), file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        for old in self.checkpoints()[:-NUM_KEPT]:
            old.unlink()

    def newest(self) -> dict[str, Any] | None:
        """Return the newest checkpoint that can be read, on the CPU; None if there is none at all.

        Raises:
            BadRun: there are checkpoints, but none can be read.
        """
        paths = self.checkpoints()
        for path in reversed(paths):
            try:
                return torch.load(path, map_location="cpu", weights_only=True)
            except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):
                continue  # a full disk or a power cut; that is what the older one is kept for
        if paths:
            raise BadRun(f"{self.path}: none of its {len(paths)} checkpoints can be read; delete the folder")
        return None

    def _compare(self, before: Mapping[str, Any], text: str) -> None:
        now = json.loads(text)
        changed = sorted(key for key in {*before, *now} if before.get(key) != now.get(key))
        if changed:
            parts = ", ".join(f"{key} was {before.get(key)!r} and is {now.get(key)!r}" for key in changed)
            raise BadRun(
                f"{self.path} holds checkpoints of another run ({parts}): give the same settings and data "
                "to go on with it, or another folder, or delete this one"
            )


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)
