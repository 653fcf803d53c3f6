"""One file from the hub to its place: continued where it broke off, checked, and never there half."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tts.fetch.hub import Hub, HubError, RemoteFile

MAX_ATTEMPTS = 5  # in a row without a single new byte
_PIECE_BYTES = 1 << 20
_SPARE_BYTES = 64 << 20


class FetchFailed(Exception):
    """A file could not be fetched; the message names it and the reason."""


def download(
    hub: Hub,
    repo: str,
    remote: RemoteFile,
    target: Path,
    *,
    sha256: str | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
    wait: Callable[[float], None] = time.sleep,
) -> str:
    """Fetch a file. A part that an interrupted run left beside the target is continued.

    Args:
        hub: where from.
        repo: repository on the hub.
        remote: the file as the hub lists it.
        target: where to; its folder is made.
        sha256: what the file is known to be; without it the hub's own checksum is compared.
        on_progress: told the number of bytes there are so far.
        wait: passes so many seconds before another attempt.

    Returns:
        What was compared, for people.

    Raises:
        FetchFailed: no space, no network after several attempts, or the contents are not the right ones.
    """
    if sha256 is not None and remote.sha256 not in (None, sha256):
        raise FetchFailed(
            f"{repo}: {remote.name} on the hub is not the file that is known (sha256 {remote.sha256} "
            f"instead of {sha256}); if its maker has replaced it on purpose, fetch it by hand"
        )
    part = _part_path(target, sha256 or remote.sha256 or remote.git_sha1 or "")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _check_space(part, remote)
        _complete(hub, repo, remote, part, on_progress, wait)
        compared = _compare(part, remote, sha256)
        os.replace(part, target)
    except OSError as error:
        raise FetchFailed(f"{target}: cannot be written ({error.strerror or error})") from error
    return compared


def _part_path(target: Path, checksum: str) -> Path:
    """Return the name of the unfinished file: another version on the hub never continues it."""
    return target.with_name(f".{target.name}.{checksum[:12]}.part")


def _check_space(part: Path, remote: RemoteFile) -> None:
    missing = remote.num_bytes - _size(part)
    free = shutil.disk_usage(part.parent).free
    if free < missing + _SPARE_BYTES:
        raise FetchFailed(
            f"{part.parent}: {missing} bytes are missing for {remote.name}, only {free} are free"
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _complete(
    hub: Hub,
    repo: str,
    remote: RemoteFile,
    part: Path,
    on_progress: Callable[[int], None],
    wait: Callable[[float], None],
) -> None:
    if _size(part) > remote.num_bytes:
        part.unlink()
    num_idle = 0
    while (start := _size(part)) < remote.num_bytes or not part.exists():
        try:
            with part.open("ab") as file, hub.read(repo, remote.name, start) as pieces:
                for piece in pieces:
                    file.write(piece)
                    on_progress(file.tell())
            reason = f"{repo}: {remote.name}: the connection ended early"
        except HubError as error:
            reason = str(error)
        size = _size(part)
        if size > remote.num_bytes:
            part.unlink()
            raise FetchFailed(
                f"{repo}: {remote.name}: the hub sent more than the {remote.num_bytes} bytes it lists"
            )
        num_idle = num_idle + 1 if size == start and remote.num_bytes else 0
        if num_idle >= MAX_ATTEMPTS:
            raise FetchFailed(f"{reason}; what is there is kept, run the command again")
        wait(num_idle)


def _compare(part: Path, remote: RemoteFile, sha256: str | None) -> str:
    """Compare the finished file with what is known of it; a wrong one is removed."""
    if sha256 is not None or remote.sha256 is not None:
        expected, found = sha256 or remote.sha256, _digest(part, hashlib.sha256())
        words = "sha256 as known" if sha256 is not None else "sha256 as the hub says"
    elif remote.git_sha1 is not None:
        header = f"blob {remote.num_bytes}\0".encode()
        expected, found = remote.git_sha1, _digest(part, hashlib.sha1(header, usedforsecurity=False))
        words = "git hash as the hub says"
    else:
        return "size only: the hub gives no checksum"
    if found != expected:
        part.unlink()
        raise FetchFailed(
            f"{remote.name}: its checksum is {found} instead of {expected}; it was removed again"
        )
    return words


def _digest(path: Path, digest: Any) -> str:
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
