"""Everything that is missing -> its place: patterns are looked up, files fetched in turn, zips unpacked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from tts.fetch.archives import unpack
from tts.fetch.downloading import FetchFailed, download
from tts.fetch.hub import Hub, HubError, RemoteFile
from tts.fetch.sources import EVERYTHING, Wanted

# Called with the file and its size, before its bytes come; the result is told how many there are.
Watch = Callable[[str, int], Callable[[int], None]]


class Fetcher:
    """Fetches things from one hub; each repository is listed once.

    Args:
        hub: where from.
        watch: is told of every file and its progress.
    """

    def __init__(self, hub: Hub, watch: Watch = lambda name, size: lambda num_bytes: None) -> None:
        self._hub = hub
        self._watch = watch
        self._listings: dict[str, Mapping[str, RemoteFile]] = {}

    def files(self, wanted: Wanted) -> list[tuple[Wanted, RemoteFile]]:
        """Return the single files that are meant, with what the hub says of them.

        Raises:
            FetchFailed: the hub does not answer, or has no such file.
        """
        listing = self._listing(wanted.repo)
        if EVERYTHING not in wanted.name:
            if wanted.name not in listing:
                raise FetchFailed(f"{wanted.repo} has no file {wanted.name}")
            return [(wanted, listing[wanted.name])]
        found = [
            (replace(wanted, name=name, target=wanted.target / name.removeprefix(wanted.folder)), remote)
            for name, remote in listing.items()
            if fnmatchcase(name, wanted.name) and _is_fit(name)
        ]
        if not found:
            raise FetchFailed(f"{wanted.repo} has no file that fits {wanted.name}")
        return found

    def fetch(self, wanted: Iterable[Wanted]) -> Iterator[tuple[Path, str]]:
        """Fetch things; yields each file as it is there, and what was compared of it.

        Raises:
            FetchFailed: what is missing still, and why; what came before it stays.
        """
        for item in wanted:
            for single, remote in self.files(item):
                if single.target.is_file() and single.target.stat().st_size == remote.num_bytes:
                    continue
                yield single.target, self._fetch_file(single, remote)

    def _fetch_file(self, wanted: Wanted, remote: RemoteFile) -> str:
        target = wanted.target
        if wanted.is_archive:
            target = target.with_name(PurePosixPath(wanted.name).name)
        compared = download(
            self._hub,
            wanted.repo,
            remote,
            target,
            sha256=wanted.sha256,
            on_progress=self._watch(remote.name, remote.num_bytes),
        )
        if wanted.is_archive:
            unpack(target, wanted.target)
        return compared

    def _listing(self, repo: str) -> Mapping[str, RemoteFile]:
        if repo not in self._listings:
            try:
                self._listings[repo] = self._hub.list_files(repo)
            except HubError as error:
                raise FetchFailed(str(error)) from error
        return self._listings[repo]


def _is_fit(name: str) -> bool:
    """Whether a file of a repository is of any use: not hidden, and no name that leads elsewhere."""
    parts = name.split("/")
    return not any(
        part in ("", "..") or part.startswith(".") or "\\" in part or ":" in part for part in parts
    )
