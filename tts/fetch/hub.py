"""What fetching needs of a model hub, and nothing more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


class HubError(Exception):
    """The hub cannot be reached or does not give what was asked for; the message says which."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository as the hub lists it.

    Attributes:
        name: path in the repository.
        num_bytes: size.
        sha256: of its contents, for large files.
        git_sha1: of its git blob, for the others.
    """

    name: str
    num_bytes: int
    sha256: str | None = None
    git_sha1: str | None = None


class Hub(Protocol):
    """A place that holds repositories of files."""

    def list_files(self, repo: str) -> Mapping[str, RemoteFile]:
        """Return name -> file of a repository.

        Raises:
            HubError: there is no such repository, or no network.
        """
        ...

    def read(self, repo: str, name: str, start: int) -> AbstractContextManager[Iterator[bytes]]:
        """Return the bytes of a file from `start` on, in pieces.

        Raises:
            HubError: on entering or while reading.
        """
        ...
