"""Features of all clips, each kept in a file of its own, so that only new or changed clips are computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, overload

import numpy as np

from tts.audio import INT16_SCALE, to_pcm16
from tts.finetune.clips import Clip
from tts.finetune.features import ClipFeatures
from tts.finetune.stages import file_hash

INDEX = "index.json"
_OPTIONAL = ("bert", "ssl", "speaker_embedding", "alignment")


class Maker(Protocol):
    """What makes the features of a clip; see `FeatureMaker`."""

    def make(self, name: str, clip: Clip) -> ClipFeatures:
        """Returns the features of one clip."""
        ...


class StoredClips(Sequence[ClipFeatures]):
    """Clips on disk, read when they are asked for.

    Args:
        files: one per clip, as `save_features` wrote them.
    """

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = tuple(files)

    def chosen(self, is_chosen: Sequence[bool]) -> StoredClips:
        """Those of the clips whose mark is true."""
        return StoredClips([file for file, mark in zip(self._files, is_chosen, strict=True) if mark])

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, index: int) -> ClipFeatures: ...

    @overload
    def __getitem__(self, index: slice) -> StoredClips: ...

    def __getitem__(self, index: int | slice) -> ClipFeatures | StoredClips:
        if isinstance(index, slice):
            return StoredClips(self._files[index])
        return load_features(self._files[index])


def store_features(
    clips: Sequence[Clip],
    make_maker: Callable[[], Maker],
    folder: Path,
    store: Path,
    *,
    models: str,
    told: Callable[[int, int], object] = lambda num_done, num: None,
) -> None:
    """Computes what is missing and writes an index of all clips.

    Args:
        clips: good ones.
        make_maker: loads the models; is called only if something is missing.
        folder: receives the index.
        store: the files; ones that no clip needs any more are deleted.
        models: says which models and settings make the features: other models, other files.
        told: is called with the number of clips done, and of all.
    """
    store.mkdir(parents=True, exist_ok=True)
    maker: Maker | None = None
    files = []
    for number, clip in enumerate(clips):
        key = _key(clip, models)
        file = store / f"{key}.npz"
        if not file.is_file():
            maker = maker or make_maker()
            save_features(file, maker.make(f"{clip.path.stem}-{key[:8]}", clip))
        files.append(file.name)
        told(number + 1, len(clips))
    for file in store.iterdir():
        if file.name not in files:
            file.unlink()
    index = [{"file": file, "path": str(clip.path)} for file, clip in zip(files, clips, strict=True)]
    (folder / INDEX).write_text(json.dumps(index, indent=1, ensure_ascii=False), encoding="utf-8")


def stored_features(folder: Path, store: Path) -> StoredClips:
    """The clips of an index, in the order `store_features` was given them."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return StoredClips([store / entry["file"] for entry in index])


def save_features(path: Path, features: ClipFeatures) -> None:
    """Writes one clip, sound in 16 bit; never leaves half a file."""
    arrays: dict[str, Any] = {
        "name": np.array(features.name),
        "phones": features.phones,
        "tokens": features.tokens,
        "waveform": to_pcm16(features.waveform),
    }
    arrays |= {name: array for name in _OPTIONAL if (array := getattr(features, name)) is not None}
    unfinished = path.with_name(path.name + ".unfinished")
    with unfinished.open("wb") as file:
        np.savez(file, **arrays)
    unfinished.replace(path)


def load_features(path: Path) -> ClipFeatures:
    """Reads what `save_features` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        return ClipFeatures(
            name=str(arrays["name"]),
            phones=arrays["phones"],
            tokens=arrays["tokens"],
            waveform=arrays["waveform"].astype(np.float32) / np.float32(INT16_SCALE),
            **{name: arrays.get(name) for name in _OPTIONAL},
        )


def _key(clip: Clip, models: str) -> str:
    what = json.dumps([file_hash(clip.path), clip.text, clip.language, models], ensure_ascii=False)
    return hashlib.sha256(what.encode()).hexdigest()[:32]
