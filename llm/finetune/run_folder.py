"""The folder of one run: its checkpoints, and a note of what it trains, so that a resumed run is the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from llm.finetune.encoding import Row
from llm.finetune.errors import BadRun

NOTE_FILE = "run.json"


def describe(settings: Mapping[str, Any], base: Path, rows: Sequence[Row]) -> dict[str, Any]:
    """Returns what makes a run the same run: settings, base model and data."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps([row.ids, row.labels]).encode())
    return {**settings, "base": base.name, "num_rows": len(rows), "rows": digest.hexdigest()}


def open_run(folder: Path, note: Mapping[str, Any], *, is_resumed: bool) -> bool:
    """Makes the folder ready; returns whether there is a checkpoint to go on from.

    Raises:
        BadRun: checkpoints are there but --resume was not given; --resume was given but there are none, or
            they are of another run.
    """
    checkpoints = sorted(folder.glob("checkpoint-*")) if folder.is_dir() else []
    path = folder / NOTE_FILE
    if checkpoints and not is_resumed:
        raise BadRun(
            f"{folder} holds checkpoints of an earlier run: give --resume to go on with it, "
            "or delete the folder (or give another --work) to begin anew"
        )
    if is_resumed and not checkpoints:
        raise BadRun(f"{folder} holds no checkpoint to go on from; leave --resume out to begin")
    if is_resumed:
        before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        changed = sorted(key for key in {*before, *note} if before.get(key) != note.get(key))
        if changed:
            parts = ", ".join(f"{key} was {before.get(key)!r} and is {note.get(key)!r}" for key in changed)
            raise BadRun(
                f"{folder} is of another run ({parts}); give the same settings and data, or begin anew"
            )
        return True
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dict(note), indent=2) + "\n", encoding="utf-8")
    return False
