"""Which form an answer takes: events or bare audio, and which audio format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.datastructures import Headers

from chat2audio.errors import ApiError

DEFAULT_EVENT_FORMAT = "pcm"
DEFAULT_FILE_FORMAT = "wav"

FORMAT_OF_TYPE = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/vnd.wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/flac": "flac",
    "audio/x-flac": "flac",
    "audio/ogg": "ogg",
    "application/ogg": "ogg",
    "audio/opus": "opus",
    "audio/aac": "aac",
    "audio/pcm": "pcm",
    "audio/l16": "pcm",
    "audio/*": DEFAULT_FILE_FORMAT,
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the client asked for: events or bare audio, in one of `chat2audio.encoding.ENCODINGS`."""

    wants_events: bool
    format: str


def negotiate(headers: Headers, asked_format: str | None) -> Wish:
    """Chooses by the `Accept` header; no header, `*/*` or anything that is not audio means events.

    A browser's `<audio>` element may send `*/*`; it is known by its `Sec-Fetch-Dest`.

    Args:
        asked_format: the request's own `format` field; wins over the audio type in `Accept`.

    Raises:
        ApiError: 406, only audio types are accepted and none of them is offered.
    """
    is_player = headers.get("Sec-Fetch-Dest", "").lower() in ("audio", "video")
    is_audio_named = False
    for media_type in _accepted(headers.get("Accept", "")):
        if media_type in FORMAT_OF_TYPE:
            return Wish(False, asked_format or FORMAT_OF_TYPE[media_type])
        if media_type.startswith(("audio/", "video/")):
            is_audio_named = True
        elif not is_player:
            return Wish(True, asked_format or DEFAULT_EVENT_FORMAT)
    if is_audio_named and not asked_format and not is_player:
        offered = ", ".join(FORMAT_OF_TYPE)
        raise ApiError(
            406, "not_acceptable", f"Accept names no type that is offered: text/event-stream, {offered}"
        )
    if is_player or is_audio_named:
        return Wish(False, asked_format or DEFAULT_FILE_FORMAT)
    return Wish(True, asked_format or DEFAULT_EVENT_FORMAT)


def file_format(headers: Headers, asked_format: str | None) -> str:
    """The format of a whole file: the field, else the first offered type in `Accept`, else WAV."""
    if asked_format:
        return asked_format
    known = (FORMAT_OF_TYPE[name] for name in _accepted(headers.get("Accept", "")) if name in FORMAT_OF_TYPE)
    return next(known, DEFAULT_FILE_FORMAT)


def _accepted(header: str) -> Iterator[str]:
    """Yields the media types of an `Accept` header, most wanted first; those with q=0 are left out."""
    ranges = []
    for item in header.split(","):
        media_type, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                quality = _quality(parameter[2:])
        if media_type and quality > 0:
            ranges.append((quality, media_type))
    for _, media_type in sorted(ranges, key=lambda found: -found[0]):
        yield media_type


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 1.0
