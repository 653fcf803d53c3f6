"""A hub in memory, whose connections break when they are told to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tts.fetch.hub import HubError, RemoteFile


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class FakeHub:
    """Implements `tts.fetch.hub.Hub` over a dict.

    Args:
        repos: repository -> name -> contents.
        breaks: bytes after which each connection breaks, in turn; None lets one through.
        piece: bytes of a piece.
    """

    def __init__(
        self,
        repos: Mapping[str, Mapping[str, bytes]],
        breaks: list[int | None] | None = None,
        piece: int = 10,
    ) -> None:
        self.repos = {repo: dict(files) for repo, files in repos.items()}
        self.breaks = list(breaks or [])
        self.piece = piece
        self.is_online = True
        self.reads: list[tuple[str, int]] = []
        self.sent: dict[str, bytes] = {}

    def list_files(self, repo: str) -> Mapping[str, RemoteFile]:
        if not self.is_online:
            raise HubError(f"{repo}: the hub cannot be reached")
        if repo not in self.repos:
            raise HubError(f"{repo}: no such repository")
        return {name: self.remote(name, data) for name, data in self.repos[repo].items()}

    def remote(self, name: str, data: bytes) -> RemoteFile:
        """Large files have an sha256, small ones a git hash, as on the real hub."""
        if name.endswith((".json", ".txt")):
            return RemoteFile(name, len(data), git_sha1=git_sha1(data))
        return RemoteFile(name, len(data), sha256=sha256(data))

    @contextmanager
    def read(self, repo: str, name: str, start: int) -> Iterator[Iterator[bytes]]:
        if not self.is_online:
            raise HubError(f"{name}: the hub cannot be reached")
        self.reads.append((name, start))
        limit = self.breaks.pop(0) if self.breaks else None
        data = self.sent.get(name, self.repos[repo][name])[start:]
        yield self._pieces(name, data, limit)

    def _pieces(self, name: str, data: bytes, limit: int | None) -> Iterator[bytes]:
        end = len(data) if limit is None else min(limit, len(data))
        for i in range(0, end, self.piece):
            yield data[i : min(i + self.piece, end)]
        if limit is not None:
            raise HubError(f"{name}: connection reset")
