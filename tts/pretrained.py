"""Where the pretrained parts lie: HuBERT, RoBERTa, speaker network, vocoders and base models, by name.

The one place that knows the layout. The folder may be our `models/`, upstream's `pretrained_models`, or a
whole upstream install; all three hold the same files below themselves. Nothing here reads a weight or needs
torch, and nothing is ever downloaded here (`python -m tts.fetch` does that).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tts.versions import Version

__all__ = [
    "BERT",
    "G2PW",
    "SPEAKER_NET",
    "SSL",
    "MissingPart",
    "Part",
    "PretrainedModels",
    "parts",
    "parts_for",
]

SSL = "ssl"
BERT = "bert"
G2PW = "g2pw"
SPEAKER_NET = "speaker-net"

# Where a folder that is given may keep upstream's files: a whole install, its GPT_SoVITS, or the files alone.
_INNER_FOLDERS = ("GPT_SoVITS/pretrained_models", "pretrained_models", ".")
_DATA_FILE = Path(__file__).parent / "data" / "pretrained.toml"


class MissingPart(ValueError):
    """A pretrained part that is needed is not there; the message says what to put where."""


@dataclass(frozen=True, slots=True)
class Part:
    """One pretrained part.

    Attributes:
        name: what `PretrainedModels` is asked for.
        title: what it is, for people.
        path: place below the folder of pretrained models.
        also: other places where upstream installs have it.
        files: what makes a folder complete, each entry a choice of names; empty if the part is one file.
    """

    name: str
    title: str
    path: str
    also: tuple[str, ...] = ()
    files: tuple[tuple[str, ...], ...] = ()

    def lacking(self, place: Path) -> tuple[str, ...]:
        """Return what is not there of the part at a place: names below it, or "" for the place itself."""
        if not self.files:
            return () if place.is_file() else ("",)
        return tuple(
            " or ".join(choice)
            for choice in self.files
            if not any((place / name).is_file() for name in choice)
        )


@cache
def parts() -> Mapping[str, Part]:
    """Return every part there is, by name."""
    with _DATA_FILE.open("rb") as file:
        tables = tomllib.load(file)
    return {
        name: Part(
            name=name,
            title=table["title"],
            path=table["path"],
            also=tuple(table.get("also", ())),
            files=tuple(tuple(choice.split("|")) for choice in table.get("files", ())),
        )
        for name, table in tables.items()
    }


def parts_for(version: Version, *, is_lora: bool = False) -> tuple[str, ...]:
    """Return the names of the parts that speaking with a SoVITS (s2) file of a version takes besides it.

    Args:
        version: of the file.
        is_lora: whether the file is a LoRA adapter, which is merged onto the base of its version.
    """
    names = [f"acoustic-{version.name}"] if is_lora else []
    if version.vocoder is not None:
        names.append(f"vocoder-{version.vocoder}")
    if version.uses_speaker_embedding:
        names.append(SPEAKER_NET)
    return tuple(names)


class PretrainedModels:
    """Finds the pretrained parts of one installation.

    Args:
        folder: our models folder, upstream's `pretrained_models`, or an upstream install.
        chosen: part name -> its place, where the settings name one; nowhere else is looked then.
    """

    def __init__(self, folder: Path | str, chosen: Mapping[str, Path | None] | None = None) -> None:
        self.folder = Path(folder)
        self._chosen = {name: path for name, path in (chosen or {}).items() if path is not None}

    def place(self, name: str) -> Path:
        """Return where a part is, or where it belongs if it is nowhere (completely).

        Raises:
            KeyError: no such part.
        """
        part = parts()[name]
        if name in self._chosen:
            return self._chosen[name]
        places = [
            root / path
            for root in self._roots()
            for path in (part.path, *part.also)
            if (root / path).exists()
        ]
        complete = (place for place in places if not part.lacking(place))
        return next(complete, next(iter(places), self._roots()[0] / part.path))

    def lacking(self, name: str) -> tuple[str, ...]:
        """Return what is not there of a part: names below its place, or "" for the place itself."""
        return parts()[name].lacking(self.place(name))

    def find(self, name: str) -> Path | None:
        """Return where a part is, None if it is not there or incomplete.

        A place that was chosen is returned in any case: that it is empty is an error to be told by whoever
        reads it.
        """
        return self.place(name) if name in self._chosen or not self.lacking(name) else None

    def require(self, name: str) -> Path:
        """Return where a part is.

        Raises:
            MissingPart: it is not there, or files of it are missing.
        """
        place, lacking = self.place(name), self.lacking(name)
        if not lacking:
            return place
        named = "there is no such file" if lacking == ("",) else f"it lacks {', '.join(lacking)}"
        raise MissingPart(
            f"{place}: {named}. This is the {parts()[name].title}; put it there, set tts.pretrained_dir to "
            "the folder that has it, or run: python -m tts.fetch --download"
        )

    def vocoder(self, kind: str) -> Path:
        """Return the vocoder of a flow version (`Version.vocoder`): bigvgan, a folder, or hifigan, a file.

        Raises:
            MissingPart: see `require`.
        """
        return self.require(f"vocoder-{kind}")

    def acoustic_base(self, version_name: str) -> Path:
        """Return the SoVITS (s2) base of a version, which LoRA files of it are merged onto.

        Raises:
            MissingPart: see `require`.
        """
        return self.require(f"acoustic-{version_name}")

    def semantic_base(self, version_name: str) -> Path:
        """Return the GPT (s1) base of a version.

        Raises:
            MissingPart: see `require`.
        """
        return self.require(f"semantic-{version_name}")

    def _roots(self) -> list[Path]:
        """Return the folders the layout may start in; new files go into the first."""
        inner = [self.folder / name for name in _INNER_FOLDERS]
        return [root for root in inner if root.is_dir()] or [self.folder]
