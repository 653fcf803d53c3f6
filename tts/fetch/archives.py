"""Unpacking a zip of model files: data only, inside one folder, whole or not at all."""

from __future__ import annotations

import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from tts.fetch.downloading import FetchFailed

MAX_BYTES = 4 << 30
MAX_ENTRIES = 1000
_PROGRAM_SUFFIXES = frozenset({".py", ".pyc", ".so", ".dll", ".exe", ".sh", ".bat", ".pickle", ".pkl"})


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip whose files lie in one folder, and remove the zip. Programs in it are left out.

    Args:
        archive: the zip.
        folder: becomes what the zip's one folder is; files that are there already stay if not in the zip.

    Raises:
        FetchFailed: no zip, damaged, unreasonably large, or with names that lead out of the folder.
    """
    unpacked = folder.with_name(f".{folder.name}.unpacking")
    shutil.rmtree(unpacked, ignore_errors=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise FetchFailed(f"{archive}: is unreasonably large")
            for entry in entries:
                inner = _inner_path(entry, archive)
                if inner.suffix.lower() not in _PROGRAM_SUFFIXES:
                    target = unpacked / inner
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with opened.open(entry) as source, target.open("wb") as file:
                        shutil.copyfileobj(source, file)
        shutil.copytree(unpacked, folder, dirs_exist_ok=True)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise FetchFailed(f"{archive}: cannot be unpacked ({error})") from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)
    archive.unlink()


def _inner_path(entry: zipfile.ZipInfo, archive: Path) -> PurePosixPath:
    """Return an entry's path below the zip's one folder."""
    parts = entry.filename.split("/")
    is_link = stat.S_ISLNK(entry.external_attr >> 16)
    if (
        len(parts) < 2
        or is_link
        or any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts)
    ):
        raise FetchFailed(f"{archive}: has an entry with an unfit name {entry.filename[:80]!r}")
    return PurePosixPath(*parts[1:])
