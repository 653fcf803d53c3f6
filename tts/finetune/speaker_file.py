"""Writing `speakers/<name>.toml` for a new voice; of a file that is there already, all else is kept."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speakers.speaker import BadSpeaker, Speaker
from tts.finetune.run_folder import write_atomically


def write_speaker(
    path: Path, keys: Mapping[str, Any], models_dir: Path, *, usual: Mapping[str, Any] | None = None
) -> Speaker:
    """Writes a speaker file and reads it again.

    Args:
        path: the file; its keys that are not among `keys` stay, as do comments above its first key.
        keys: of the speaker; paths as `Path`. Those below the models folder are written relative to it.
        models_dir: the models folder.
        usual: keys that are written only where the file has none of that name.

    Returns:
        The speaker as a server will read it.

    Raises:
        BadSpeaker: the file that is there cannot be read, or a value is not valid; the file is left alone.
    """
    head, old = _read(path)
    values = {**old, **{key: _plain(value, models_dir) for key, value in keys.items()}}
    values |= {key: value for key, value in (usual or {}).items() if key not in values}
    speaker = Speaker.from_dict(
        values, name=path.stem, source=path.name, folder=path.parent, models_dir=models_dir
    )
    lines = [*head, *(f"{key} = {_toml(value)}" for key, value in values.items())]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, ("\n".join(lines) + "\n").encode())
    return speaker


def _read(path: Path) -> tuple[list[str], dict[str, Any]]:
    """Comments at the top, and the keys; nothing of a file that is not there."""
    if not path.is_file():
        return [], {}
    try:
        text = path.read_text(encoding="utf-8-sig")
        old = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSpeaker(f"{path.name}: is there already and cannot be read: {error}") from error
    lines = text.splitlines()
    num_comments = next((i for i, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return lines[:num_comments], old


def _plain(value: Any, models_dir: Path) -> Any:
    if not isinstance(value, Path):
        return value
    path, models = value.resolve(), models_dir.resolve()
    return (path.relative_to(models) if path.is_relative_to(models) else path).as_posix()


def _toml(value: Any) -> str:
    """A value as TOML; tables and lists in one line."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # JSON's numbers, true, false and strings are TOML's; but for the letter DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
