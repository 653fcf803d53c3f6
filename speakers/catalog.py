"""The speakers of a folder, one `<name>.toml` each, kept in step with the files while the server runs."""

from __future__ import annotations

import logging
import time
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speakers.speaker import BadSpeaker, Speaker

logger = logging.getLogger(__name__)

# A lexicon of ten thousand words fits.
MAX_FILE_BYTES = 1 << 20

Stamp = tuple[int, int, int]


class UnknownSpeaker(LookupError):
    """No speaker of that name; the message names the ones there are."""


@dataclass(slots=True)
class _Entry:
    """What is known of one file: when it was read, the last good speaker in it, what is wrong with it now."""

    stamp: Stamp
    speaker: Speaker | None
    problem: str | None


class SpeakerCatalog:
    """Loads every `*.toml` of a folder and looks again, at most every `check_interval_sec`, when it is asked.

    A file that turns bad keeps its last good speaker and shows up in `problems()`; a file that is deleted
    takes its speaker with it. Names are found without regard to case. No threads: the checks run inside the
    calls, and cost one `stat` per file.

    Args:
        folder: where the speaker files are.
        models_dir: where relative paths are looked for next (see `Speaker.from_dict`).
        roots: if given, the folders every path of a speaker must lie in.
        check_interval_sec: how long the files are taken to be unchanged.
        clock: seconds, monotonic; tests bring their own.
    """

    def __init__(
        self,
        folder: str | Path,
        models_dir: str | Path | None = None,
        *,
        roots: Sequence[str | Path] = (),
        check_interval_sec: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = Path(folder)
        self._models_dir = models_dir
        self._roots = tuple(roots)
        self._check_interval_sec = check_interval_sec
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._speakers: dict[str, Speaker] = {}
        self._problems: dict[str, str] = {}
        self.reload()

    def get(self, name: str) -> Speaker:
        """Return the speaker of that name.

        Raises:
            UnknownSpeaker: names the ones there are, and what is wrong with files.
        """
        self._refresh()
        speaker = self._speakers.get(_key(name))
        if speaker is None:
            known = ", ".join(s.name for s in self._speakers.values()) or f"none (see {self._folder})"
            told = [f"unknown speaker {name[:64]!r}", f"known: {known}", *self._problems.values()]
            raise UnknownSpeaker("; ".join(told))
        return speaker

    def names(self) -> list[str]:
        """Return the names of all speakers, in the order of their file names."""
        self._refresh()
        return [speaker.name for speaker in self._speakers.values()]

    def describe(self) -> list[dict[str, Any]]:
        """Return `{name, language, description}` of each speaker, for lists shown to clients.

        Those with more than one recording have `emotions`, too.
        """
        self._refresh()
        return [_description(speaker) for speaker in self._speakers.values()]

    def problems(self) -> dict[str, str]:
        """Return file name -> what is wrong with it, for every file that cannot be used as it stands."""
        self._refresh()
        return dict(self._problems)

    def reload(self) -> None:
        """Look at the files now; those whose time and size have not changed are not read again."""
        self._checked_at = self._clock()
        stamps = self._stamps()
        entries: dict[str, _Entry] = {}
        for file_name, stamp in stamps.items():
            old = self._entries.get(file_name)
            entries[file_name] = old if old and old.stamp == stamp else self._read(file_name, stamp, old)
        self._entries = entries
        self._speakers, problems = _by_name(entries)
        if not self._folder.is_dir():
            problems[self._folder.name] = f"{self._folder}: there is no such folder of speakers"
        for file_name, problem in problems.items():
            if self._problems.get(file_name) != problem:
                logger.warning("speakers: %s", problem)
        self._problems = problems

    def _refresh(self) -> None:
        if self._clock() - self._checked_at >= self._check_interval_sec:
            self.reload()

    def _stamps(self) -> dict[str, Stamp]:
        """Return file name -> (time, size, inode); the inode tells a replaced file of equal size and time."""
        stamps: dict[str, Stamp] = {}
        for path in sorted(self._folder.glob("*.toml")):
            try:
                stat = path.stat()
            except OSError:
                # Deleted since the listing, or a link to nothing: the reading of it reports that, once.
                stamps[path.name] = (0, 0, 0)
            else:
                stamps[path.name] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        return stamps

    def _read(self, file_name: str, stamp: Stamp, old: _Entry | None) -> _Entry:
        """Read one file; what was good before stays where the file now is not."""
        try:
            return _Entry(stamp, self._load(self._folder / file_name), None)
        except BadSpeaker as error:
            return _Entry(stamp, old.speaker if old else None, str(error))

    def _load(self, path: Path) -> Speaker:
        try:
            with path.open("rb") as file:
                raw = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise BadSpeaker(f"{path.name}: cannot be read: {error.strerror}") from error
        if len(raw) > MAX_FILE_BYTES:
            raise BadSpeaker(f"{path.name}: larger than {MAX_FILE_BYTES} bytes")
        try:
            data = tomllib.loads(raw.decode("utf-8-sig"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadSpeaker(f"{path.name}: not valid TOML: {error}") from error
        return Speaker.from_dict(
            data,
            name=path.stem,
            source=path.name,
            folder=path.parent,
            models_dir=self._models_dir,
            roots=self._roots,
        )


def _by_name(entries: dict[str, _Entry]) -> tuple[dict[str, Speaker], dict[str, str]]:
    """Return key -> speaker and file name -> problem; of two files with one name the first counts."""
    speakers: dict[str, Speaker] = {}
    problems: dict[str, str] = {}
    for file_name, entry in entries.items():
        if entry.problem is not None:
            problems[file_name] = entry.problem
        if entry.speaker is None:
            continue
        taken = speakers.setdefault(_key(entry.speaker.name), entry.speaker)
        if taken is not entry.speaker:
            problems[file_name] = f"{file_name}: name: another file already gives {taken.name!r}"
    return speakers, problems


def _key(name: str) -> str:
    return name.strip().casefold()


def _description(speaker: Speaker) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": speaker.name,
        "language": speaker.language,
        "description": speaker.description,
    }
    if len(speaker.emotion_names()) > 1:
        told["emotions"] = list(speaker.emotion_names())
    return told
