"""Labelled recordings, and the `.list` files that name them: path, speaker, language and text in a line."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tts.finetune.errors import BadList

# Code -> how list files name the language.
LABELS = {
    "zh": ("ZH", "zh"),
    "ja": ("JP", "jp", "JA", "ja"),
    "en": ("EN", "En", "en"),
    "ko": ("KO", "Ko", "ko"),
    "yue": ("YUE", "Yue", "yue"),
}
_CODE_OF = {label: code for code, labels in LABELS.items() for label in labels}
NUM_FIELDS = 4
MAX_PROBLEMS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording and what is said in it.

    Attributes:
        path: the sound file.
        speaker: who speaks.
        language: code: zh, en, ja, ko or yue.
        text: the words; "" if nobody has written them down yet.
    """

    path: Path
    speaker: str
    language: str
    text: str


def language_of(label: str) -> str:
    """Returns the code of a language label.

    Raises:
        BadList: for an unknown label; the message lists the valid ones.
    """
    code = _CODE_OF.get(label.strip())
    if code is None:
        valid = ", ".join("/".join(labels) for labels in LABELS.values())
        raise BadList(f"unknown language {label.strip()[:40]!r}; valid: {valid}")
    return code


def read_list(path: Path) -> list[Clip]:
    """Reads a list file; relative paths are taken from the list's folder, empty lines are skipped.

    Raises:
        BadList: unreadable, no lines, or lines that are wrong, each named with its number and the reason.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadList(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadList(f"{path}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    clips: list[Clip] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            clips.append(_parse(line, path.parent))
        except BadList as error:
            problems.append(f"line {number}: {error}")
    if problems:
        more = len(problems) - MAX_PROBLEMS_SHOWN
        shown = problems[:MAX_PROBLEMS_SHOWN] + ([f"and {more} more"] if more > 0 else [])
        raise BadList(f"{path}: " + "; ".join(shown))
    if not clips:
        raise BadList(f"{path}: the list is empty; each line is path|speaker|language|text")
    return clips


def write_list(path: Path, clips: Iterable[Clip]) -> None:
    """Writes a list file; recordings below its folder are named relative to it. Never leaves half a file."""
    folder = path.parent.resolve()
    lines = []
    for clip in clips:
        recording = clip.path.resolve()
        if recording.is_relative_to(folder):
            recording = recording.relative_to(folder)
        label = LABELS[clip.language][0]
        text = " ".join(clip.text.split())
        lines.append(f"{recording.as_posix()}|{clip.speaker}|{label}|{text}\n")
    partial = path.with_name(path.name + ".partial")
    partial.write_text("".join(lines), encoding="utf-8")
    os.replace(partial, path)


def _parse(line: str, folder: Path) -> Clip:
    fields = [field.strip() for field in line.split("|", NUM_FIELDS - 1)]
    if len(fields) != NUM_FIELDS:
        raise BadList(f"has {len(fields)} of the 4 fields path|speaker|language|text")
    path, speaker, label, text = fields
    if not path:
        raise BadList("names no file")
    language = language_of(label)
    # Lists written on Windows spell paths with backslashes.
    return Clip(folder / path.replace("\\", "/"), speaker, language, text)
