"""Reading an OpenAI-compatible chat stream: server-sent lines in, the reply's text out."""

from __future__ import annotations

import json
from typing import Any

from llm.errors import BackendError


class ChatStream:
    """Takes the lines of one streamed reply.

    Attributes:
        is_over: the server said that the reply is complete.
        finish_reason: "stop", "length", ..., once told.
    """

    def __init__(self) -> None:
        self.is_over = False
        self.finish_reason: str | None = None

    def push(self, line: str) -> str:
        """Returns the text a line brings, "" for comments, usage reports, reasoning and the end mark.

        Raises:
            BackendError: the server reports an error in the stream, or sends what is no chat chunk.
        """
        if not line.startswith("data:"):
            return ""
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            self.is_over = True
            return ""
        try:
            chunk = json.loads(data)
        except ValueError as error:
            raise BackendError(f"the text server sent a chunk that is no JSON: {data[:80]!r}") from error
        if not isinstance(chunk, dict):
            raise BackendError(f"the text server sent a chunk that is no object: {data[:80]!r}")
        if chunk.get("error"):
            raise BackendError(f"the text server failed: {error_text(chunk)}")
        return self._text(chunk)

    def _text(self, chunk: dict[str, Any]) -> str:
        choices = chunk.get("choices") or []
        if not choices:
            return ""
        try:
            reason, delta = choices[0].get("finish_reason"), choices[0].get("delta") or {}
            text = delta.get("content") or ""
        except (AttributeError, LookupError, TypeError):
            reason, text = None, None
        if not isinstance(text, str):
            raise BackendError(f"the text server sent what is no chat chunk: {str(chunk)[:80]}")
        if reason:
            self.finish_reason = reason
            self.is_over = True
        return text


def error_text(body: Any) -> str:
    """Returns the message in an error body of the usual shapes, shortened."""
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        error = error.get("message") or error.get("detail") or error
    return str(error)[:300]
