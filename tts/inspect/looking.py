"""Any path -> its description: the one place that decides which kind of file it is."""

from __future__ import annotations

from pathlib import Path

from tts.checkpoint import judge_checkpoint, judge_state_dict
from tts.inspect.description import Description
from tts.inspect.flat_files import describe_flat
from tts.inspect.folders import describe_folder
from tts.inspect.voice_files import describe_acoustic, describe_semantic
from tts.safe_archive import Archive, read_archive

_VOICE_PART, _BIGVGAN_PART = "weight", "generator"
_DISCRIMINATOR_PREFIX = "discriminators."


def describe(path: Path) -> Description:
    """Return what a model file or folder is, without running anything in it.

    Raises:
        BadCheckpoint: missing, damaged, hostile, or no model known here; the message is one line.
    """
    if path.is_dir():
        return describe_folder(path)
    if path.suffix == ".safetensors" and path.is_file():  # tells its sizes only with the config beside it
        return describe_folder(path.parent)
    archive = read_archive(path)
    if _has(archive, _VOICE_PART) and not _is_discriminator(archive):
        checkpoint = judge_checkpoint(archive, path, may_be_undecided=True)
        return (
            describe_semantic(checkpoint) if checkpoint.kind == "semantic" else describe_acoustic(checkpoint)
        )
    key = _VOICE_PART if _has(archive, _VOICE_PART) else _BIGVGAN_PART
    return describe_flat(path, judge_state_dict(archive, path, key=key))


def _has(archive: Archive, part: str) -> bool:
    return isinstance(archive.content, dict) and part in archive.content


def _is_discriminator(archive: Archive) -> bool:
    weights = archive.content[_VOICE_PART]
    return isinstance(weights, dict) and any(str(name).startswith(_DISCRIMINATOR_PREFIX) for name in weights)
