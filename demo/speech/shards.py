"""Recordings on disk: shards of a file of samples and a list of its clips. Made once, read lazily.

The list is written last, so a shard without one is unfinished and is made again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from demo.speech.labels import label_ids
from demo.speech.recording import FRAMES_PER_TOKEN, Recording


@dataclass(frozen=True, slots=True, eq=False)
class ShardClip:
    """One clip of a shard.

    Attributes:
        name: folder, shard and number.
        kind: where the text is from: `random`, `reply` or `held-out`.
        text: as written.
        language: of the text.
        phones: int64 (P,), ids of the front end's phones.
        labels: int64 (2 * T,), what each 20 ms frame is, see `demo.speech.labels.labels`.
        owners: int64 (2 * T,), index into `phones` for each frame.
        samples_path: file of the shard's samples.
        start: first of the clip's samples in it.
        num_samples: how many.
    """

    name: str
    kind: str
    text: str
    language: str
    phones: np.ndarray
    labels: np.ndarray
    owners: np.ndarray
    samples_path: Path
    start: int
    num_samples: int

    @property
    def num_tokens(self) -> int:
        """Semantic tokens, 25 a second."""
        return len(self.labels) // FRAMES_PER_TOKEN

    def samples(self) -> np.ndarray:
        """int16 (N,) at 32 kHz."""
        return np.array(_mapped(self.samples_path)[self.start : self.start + self.num_samples])


class ShardWriter:
    """Gathers the clips of one shard and writes it."""

    def __init__(self, folder: Path, number: int) -> None:
        self._stem = folder / f"shard-{number:04d}"
        self._rows: list[str] = []
        self._parts: list[np.ndarray] = []
        self._start = 0

    @property
    def is_done(self) -> bool:
        """Whether an earlier run has written it."""
        return self._stem.with_suffix(".jsonl").is_file()

    def add(self, kind: str, text: str, language: str, phones: np.ndarray, recording: Recording) -> None:
        """Adds a clip."""
        row = {
            "name": f"{self._stem.name}-{len(self._rows):04d}",
            "kind": kind,
            "text": text,
            "language": language,
            "start": self._start,
            "num_samples": len(recording.samples),
            "phones": phones.tolist(),
            "runs": [[run.label, run.frames, run.phone] for run in recording.runs],
        }
        self._rows.append(json.dumps(row, ensure_ascii=False) + "\n")
        self._parts.append(recording.samples)
        self._start += len(recording.samples)

    def write(self) -> None:
        """Writes the shard; its list last."""
        self._stem.parent.mkdir(parents=True, exist_ok=True)
        np.save(self._stem.with_suffix(".npy"), np.concatenate(self._parts or [np.zeros(0, np.int16)]))
        partial = self._stem.with_suffix(".partial")
        partial.write_text("".join(self._rows), encoding="utf-8")
        os.replace(partial, self._stem.with_suffix(".jsonl"))


def read_shards(folder: Path) -> list[ShardClip]:
    """Returns all clips of a folder's finished shards, in order; samples stay on disk.

    Raises:
        FileNotFoundError: there is no finished shard; says how to make some.
    """
    lists = sorted(folder.glob("shard-*.jsonl"))
    if not lists:
        raise FileNotFoundError(f"no speech in {folder}; make it with: python -m demo.speech {folder.name}")
    return [clip for path in lists for clip in _read_list(path)]


def _read_list(path: Path) -> Sequence[ShardClip]:
    clips = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        sizes = [frames for _, frames, _ in row["runs"]]
        ids = [label_ids()[label] for label, _, _ in row["runs"]]
        clips.append(
            ShardClip(
                name=f"{path.parent.name}-{row['name']}",
                kind=row["kind"],
                text=row["text"],
                language=row["language"],
                phones=np.array(row["phones"], dtype=np.int64),
                labels=np.repeat(np.array(ids, dtype=np.int64), sizes),
                owners=np.repeat(np.array([phone for _, _, phone in row["runs"]], dtype=np.int64), sizes),
                samples_path=path.with_suffix(".npy"),
                start=row["start"],
                num_samples=row["num_samples"],
            )
        )
    return clips


@lru_cache(maxsize=256)
def _mapped(path: Path) -> np.ndarray:
    return np.load(path, mmap_mode="r")
