"""The request of a turn: what may be sent, and what is said about what may not.

Lenient in: numbers may come as text, `null` and "" mean "not given", unknown fields are ignored, a field
given twice counts as given last. But nothing reaches the engines that is not finite, bounded and encodable.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NoReturn
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from chat2audio.encoding import ENCODINGS
from chat2audio.errors import ApiError

MAX_NAME_CHARS = 100
MAX_PROMPT_CHARS = 4000
MAX_HISTORY = 50
MAX_CONTENT_CHARS = 4000
MAX_SEED = 2**63 - 1
MIN_SAMPLE_RATE_HZ = 8_000
MAX_SAMPLE_RATE_HZ = 48_000
MAX_QUERY_FIELDS = 64
ROLES = ("user", "assistant")

EXAMPLE = '{"input": "你好！", "speaker": "Qinglan"}'

# Controls other than tab and line ends, and halves of UTF-16 pairs, which no UTF-8 can hold.
_UNUSABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")
_BLANK_CATEGORIES = {"Zs", "Zl", "Zp", "Cc", "Cf", "Cs"}


@dataclass(frozen=True, slots=True)
class Limits:
    """What the settings say about requests."""

    max_input_chars: int
    default_speaker: str


class HistoryMessage(BaseModel):
    """An earlier turn of the conversation."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    role: Literal["user", "assistant"]
    content: str = Field(description=f"1 to {MAX_CONTENT_CHARS} characters")

    @field_validator("role", mode="before")
    @classmethod
    def _role(cls, value: Any) -> str:
        return _choice(value, ROLES)

    @field_validator("content", mode="before")
    @classmethod
    def _content(cls, value: Any) -> str:
        return _text(value, MAX_CONTENT_CHARS)


class ChatRequest(BaseModel):
    """One turn: only `input` is required. Read one with `read_body` or `read_query`."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    input: str = Field(description="what the user says")
    speaker: str = Field(default="", validate_default=True, description="a name from /speakers")
    emotion: str | None = Field(default=None, description="one of the speaker's emotions in /speakers")
    prompt: str | None = Field(
        default=None, description="a system prompt in place of the character's persona"
    )
    history: tuple[HistoryMessage, ...] = Field(
        default=(), description=f"earlier turns, oldest first; at most {MAX_HISTORY}"
    )
    seed: int | None = Field(
        default=None, description=f"0 to {MAX_SEED}; same request and seed, same words and sound"
    )
    format: str | None = Field(default=None, description=f"one of {', '.join(ENCODINGS)}")
    sample_rate: int | None = Field(
        default=None, description=f"{MIN_SAMPLE_RATE_HZ} to {MAX_SAMPLE_RATE_HZ}; by default the voice's own"
    )

    @field_validator("input", mode="before")
    @classmethod
    def _input(cls, value: Any, info: ValidationInfo) -> str:
        return _text(value, _limits(info).max_input_chars)

    @field_validator("speaker", mode="before")
    @classmethod
    def _speaker(cls, value: Any, info: ValidationInfo) -> str:
        return _limits(info).default_speaker if _is_absent(value) else _text(value, MAX_NAME_CHARS)

    @field_validator("emotion", mode="before")
    @classmethod
    def _emotion(cls, value: Any) -> str | None:
        return None if _is_absent(value) else _text(value, MAX_NAME_CHARS)

    @field_validator("prompt", mode="before")
    @classmethod
    def _prompt(cls, value: Any) -> str | None:
        return None if _is_absent(value) else _text(value, MAX_PROMPT_CHARS)

    @field_validator("history", mode="before")
    @classmethod
    def _history(cls, value: Any) -> list[Any]:
        if _is_absent(value):
            return []
        if isinstance(value, str):  # in a query it can only come as text
            value = _parse_json(value, _not_a_history)
        if not isinstance(value, list) or len(value) > MAX_HISTORY:
            _not_a_history()
        if not all(isinstance(message, dict) for message in value):
            _not_a_history()
        return value

    @field_validator("seed", mode="before")
    @classmethod
    def _seed(cls, value: Any) -> int | None:
        return None if _is_absent(value) else _integer(value, 0, MAX_SEED)

    @field_validator("format", mode="before")
    @classmethod
    def _format(cls, value: Any) -> str | None:
        return None if _is_absent(value) else _choice(value, tuple(ENCODINGS))

    @field_validator("sample_rate", mode="before")
    @classmethod
    def _sample_rate(cls, value: Any) -> int | None:
        return None if _is_absent(value) else _integer(value, MIN_SAMPLE_RATE_HZ, MAX_SAMPLE_RATE_HZ)


def read_body(body: bytes, limits: Limits) -> ChatRequest:
    """Reads the JSON body of a POST, whatever its declared content type.

    Raises:
        ApiError: 400, with the field and what would be valid.
    """
    if not body.strip():
        raise ApiError(400, "invalid_json", f"the body is empty; send JSON such as {EXAMPLE}")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ApiError(400, "invalid_json", "the body is not UTF-8 text; send JSON in UTF-8") from None
    data = _parse_json(text, _not_json)
    if not isinstance(data, dict):
        raise ApiError(400, "invalid_json", f"the body must be a JSON object such as {EXAMPLE}")
    return _validate(data, limits)


def read_query(query: bytes, limits: Limits) -> ChatRequest:
    """Reads the query of a GET: the same fields, `history` as JSON text.

    Raises:
        ApiError: 400, with the field and what would be valid.
    """
    try:
        pairs = parse_qsl(
            query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_QUERY_FIELDS
        )
    except ValueError:
        message = "the query cannot be read; send input=...&speaker=... as percent-encoded UTF-8"
        raise ApiError(400, "invalid_value", message) from None
    return _validate(dict(pairs), limits)


def _validate(data: dict[str, Any], limits: Limits) -> ChatRequest:
    try:
        return ChatRequest.model_validate(data, context=limits)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    param = _field_name(first["loc"])
    if first["type"] == "missing":
        message = (
            f"{param} is missing; send JSON such as {EXAMPLE}" if param == "input" else f"{param} is missing"
        )
    else:
        message = f"{param} {first.get('ctx', {}).get('error', 'is not valid')}"
    raise ApiError(400, "invalid_value", message, param=param)


def _limits(info: ValidationInfo) -> Limits:
    if not isinstance(info.context, Limits):
        raise TypeError("a ChatRequest is read with read_body or read_query")
    return info.context


def _field_name(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).lstrip(".")


def _parse_json(text: str, fail: Callable[[str], NoReturn]) -> Any:
    def refuse(constant: str) -> NoReturn:
        raise ValueError("not a number")

    def finite(number: str) -> float:
        value = float(number)
        return value if math.isfinite(value) else refuse(number)

    try:
        return json.loads(text, parse_constant=refuse, parse_float=finite)
    except json.JSONDecodeError as error:
        fail(f"at line {error.lineno}, column {error.colno}")
    except ValueError:
        fail("because of a number that is not finite or has too many digits")
    except RecursionError:
        fail("because it is nested too deeply")


def _not_json(where: str) -> NoReturn:
    raise ApiError(
        400, "invalid_json", f"the body is not valid JSON {where}; send an object such as {EXAMPLE}"
    )


def _not_a_history(_where: str = "") -> NoReturn:
    raise ValueError(
        f'must be a list of at most {MAX_HISTORY} messages {{"role": "user" or "assistant", "content": text}}'
    )


def _is_absent(value: Any) -> bool:
    return value is None or value == ""


def _text(value: Any, max_chars: int) -> str:
    is_valid = isinstance(value, str) and len(value) <= max_chars and not _UNUSABLE.search(value)
    if not is_valid or all(unicodedata.category(char) in _BLANK_CATEGORIES for char in value):
        raise ValueError(
            f"must be text of 1 to {max_chars} characters, more than blanks and without control characters"
        )
    return value.strip()


def _choice(value: Any, valid: tuple[str, ...]) -> str:
    name = value.strip().lower() if isinstance(value, str) else None
    if name not in valid:
        raise ValueError(f"must be one of {', '.join(valid)}")
    return name


def _integer(value: Any, low: int, high: int) -> int:
    number: int | None = None
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, float) and value.is_integer():
        number = int(value)
    if number is None or not low <= number <= high:
        raise ValueError(f"must be an integer from {low} to {high}")
    return number
