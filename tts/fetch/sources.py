"""Where missing files come from: the table of known files, and repositories known by their folder's name."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tts.pretrained import Part

HUB_URL = "https://huggingface.co"
EVERYTHING = "*"  # as a name: all files of a repository
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to fetch and where it goes.

    Attributes:
        repo: repository on the hub.
        name: file in it, or a pattern with `*`.
        target: file to write; for patterns and archives the folder.
        folder: for patterns, what of the names in the repository the target stands for: "" or "name/".
        num_bytes: size of the file, None if not known beforehand.
        sha256: of the file, None if not known beforehand: the hub's own checksum is compared instead.
        is_archive: whether the file is a zip to be unpacked to the target.
    """

    repo: str
    name: str
    target: Path
    num_bytes: int | None = None
    sha256: str | None = None
    is_archive: bool = False
    folder: str = ""

    @property
    def url(self) -> str:
        """The page or file to get by hand."""
        if EVERYTHING in self.name:
            return f"{HUB_URL}/{self.repo}/tree/main"
        return f"{HUB_URL}/{self.repo}/resolve/main/{self.name}"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository that is known by the name of its folder."""

    repo: str
    title: str


@cache
def _table() -> Mapping[str, Mapping[str, Any]]:
    with (_DATA / "sources.toml").open("rb") as file:
        return tomllib.load(file)


@cache
def repositories() -> Mapping[str, Repository]:
    """Return folder name -> repository."""
    with (_DATA / "repositories.toml").open("rb") as file:
        return {name: Repository(**row) for name, row in tomllib.load(file).items()}


def sources_of(part: Part, place: Path) -> tuple[Wanted, ...]:
    """Return everything that is fetched for a part.

    Args:
        part: what is wanted.
        place: where it belongs (`PretrainedModels.place`).
    """
    return tuple(
        Wanted(
            repo=row["repo"],
            name=row.get("name", path),
            target=place if path == part.path else place / path.removeprefix(f"{part.path}/"),
            num_bytes=row.get("size"),
            sha256=row.get("sha256"),
            is_archive=row.get("archive", False),
        )
        for path, row in _table().items()
        if path == part.path or path.startswith(f"{part.path}/")
    )


def source_of_path(path: Path) -> tuple[Repository, Wanted] | None:
    """Return where a path comes from that lies in the folder of a known repository, or is that folder."""
    for i in reversed(range(len(path.parts))):
        repository = repositories().get(path.parts[i])
        if repository is not None:
            inner = "/".join(path.parts[i + 1 :])
            return repository, Wanted(repository.repo, inner or EVERYTHING, path)
    return None
