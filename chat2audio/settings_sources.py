"""Reads settings from a TOML file and the environment, and words what is wrong with them.

Knows no setting by name: it walks the pydantic model it is given.
"""

from __future__ import annotations

import difflib
import json
import logging
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

logger = logging.getLogger(__name__)

PREFIX = "CHAT2AUDIO_"
# Variables with the prefix that are no settings.
RESERVED = {"CHAT2AUDIO_CONFIG"}
MAX_FILE_BYTES = 1 << 20

Key = tuple[str, ...]


class SettingsError(ValueError):
    """Settings that cannot be used; one line for each fault."""


def read_sources(
    model: type[BaseModel], *, file: Path | None, environ: Mapping[str, str], root: Path
) -> tuple[dict[str, Any], dict[Key, str]]:
    """Join the defaults' paths, the file and the environment to one nested dict of values.

    Returns:
        The values, with absolute paths, and where each key was set ("chat2audio.toml", "CHAT2AUDIO_...").

    Raises:
        SettingsError: the file cannot be read, or a variable names no setting.
    """
    values: dict[str, Any] = {}
    origins: dict[Key, str] = {}
    for key, field in _leaves(model):
        if _is_path(field):
            _put(values, key, _absolute(field, field.get_default(), root))
    if file is not None:
        file_values = _read_file(file)
        for key, value in _flatten(model, file_values):
            field = _field_at(model, key)
            _put(values, key, _absolute(field, value, file.resolve().parent))
            origins[key] = file.name
    for variable, text in sorted(environ.items()):
        if variable.startswith(PREFIX) and variable not in RESERVED:
            key = _key_of(model, variable)
            if key is not None:
                field = _field_at(model, key)
                _put(values, key, _absolute(field, _parse_text(field, text), Path.cwd()))
                origins[key] = variable
    return values, origins


def explain(model: type[BaseModel], error: ValidationError, origins: Mapping[Key, str]) -> Iterator[str]:
    """Yield one line for each fault: where it was set, the key, the reason, what is valid."""
    for fault in error.errors(include_url=False, include_context=False):
        location = fault["loc"]
        names = tuple(str(part) for part in location if not isinstance(part, int))
        origin = next((origins[names[:n]] for n in range(len(names), 0, -1) if names[:n] in origins), None)
        origin = origin or next((origins[key] for key in origins if key[: len(names)] == names), "settings")
        where = ".".join(str(part) for part in location)
        if fault["type"] == "extra_forbidden":
            yield f"{origin}: {where}: {_unknown(model, names)}"
            continue
        reason = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
        field = _field_at(model, names)
        meaning = f" ({field.description})" if field and field.description else ""
        yield f"{origin}: {where}: {reason}{meaning}" if where else f"{origin}: {reason}"


def _read_file(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            raw = opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise SettingsError(f"{file}: larger than {MAX_FILE_BYTES} bytes")
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from error


def _key_of(model: type[BaseModel], variable: str) -> Key | None:
    """Return the key a variable sets, None for a variable that is somebody else's.

    Kubernetes puts variables such as CHAT2AUDIO_PORT_8000_TCP into every container beside a service called
    chat2audio, so only names with the double underscore of ours are held to be settings.
    """
    names = tuple(variable.removeprefix(PREFIX).lower().split("__"))
    if len(names) == 1:
        logger.info("%s is not a setting (they look like %sSERVER__HOST)", variable, PREFIX)
        return None
    if _field_at(model, names) is None:
        raise SettingsError(f"{variable}: {_unknown(model, names)}")
    return names


def _parse_text(field: FieldInfo | None, text: str) -> Any:
    """Return a variable's text as a value: tables are JSON, lists too or parted by commas."""
    kind = get_origin(field.annotation) if field else None
    if kind not in (list, dict):
        return text
    if kind is dict or text.lstrip().startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return [part.strip() for part in text.split(",") if part.strip()]


def _absolute(field: FieldInfo | None, value: Any, base: Path) -> Any:
    """Return the value with its paths made absolute; "" means none where there may be none."""
    if field is None or not _is_path(field):
        return value
    if isinstance(value, list | tuple):
        return [_absolute_path(item, base) for item in value]
    if value == "" and type(None) in get_args(field.annotation):
        return None
    return _absolute_path(value, base)


def _absolute_path(value: Any, base: Path) -> Any:
    if not isinstance(value, str | Path) or not str(value):
        return value
    # expanduser raises RuntimeError where the home folder is unknown; only "~" asks for it.
    path = Path(value)
    path = path.expanduser() if str(path).startswith("~") else path
    return base / path


def _is_path(field: FieldInfo) -> bool:
    return field.annotation is Path or Path in get_args(field.annotation)


def _leaves(model: type[BaseModel], above: Key = ()) -> Iterator[tuple[Key, FieldInfo]]:
    for name, field in model.model_fields.items():
        inner = _model_of(field)
        if inner is None:
            yield (*above, name), field
        else:
            yield from _leaves(inner, (*above, name))


def _flatten(model: type[BaseModel], values: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yield key -> value of a nested dict, going no deeper than the model does."""
    for name, value in values.items():
        field = model.model_fields.get(name)
        inner = _model_of(field) if field else None
        if inner is not None and isinstance(value, Mapping):
            yield from _flatten(inner, value, (*above, name))
        else:
            yield (*above, name), value


def _field_at(model: type[BaseModel], key: Key) -> FieldInfo | None:
    field: FieldInfo | None = None
    current: type[BaseModel] | None = model
    for name in key:
        field = current.model_fields.get(name) if current else None
        current = _model_of(field) if field else None
        if field is None:
            return None
    return field


def _model_of(field: FieldInfo) -> type[BaseModel] | None:
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _unknown(model: type[BaseModel], key: Key) -> str:
    """Return the words about a key that is not there: what is valid at the place where it goes wrong."""
    current = model
    for name in key:
        field = current.model_fields.get(name)
        inner = _model_of(field) if field else None
        if field is None:
            near = difflib.get_close_matches(name, current.model_fields, n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            return f"unknown key{hint}; valid keys: {', '.join(current.model_fields)}"
        if inner is None:
            break
        current = inner
    return "unknown key; this setting has no keys below it"


def _put(values: dict[str, Any], key: Key, value: Any) -> None:
    for name in key[:-1]:
        inner = values.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        values = inner
    values[key[-1]] = value
