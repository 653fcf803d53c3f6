"""What can go wrong on the text side; every message says what would have been valid."""

from __future__ import annotations

from collections.abc import Iterable


class TextError(Exception):
    """Base of the errors below."""


class BadModel(TextError):
    """A language model folder that cannot be loaded; the message names the path and the reason."""


class BadAdapter(TextError):
    """A LoRA adapter that is broken or does not fit the model that is loaded."""


class UnknownAdapter(TextError):
    """No adapter of that name; the message names those there are."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        names = ", ".join(sorted(known)) or "none"
        super().__init__(f"unknown adapter {name!r}; known adapters: {names}")
        self.name = name


class PromptTooLong(TextError):
    """What must not be trimmed (persona and the user's text) does not fit the context.

    Attributes:
        num_tokens: tokens of the shortest admissible prompt, or None where a remote server did not say.
        limit: most tokens a prompt may have, or None likewise.
    """

    def __init__(self, num_tokens: int | None, limit: int | None, detail: str = "") -> None:
        if num_tokens is None or limit is None:
            text = detail or "the prompt is too long for the model's context"
        else:
            text = (
                f"the persona and the text make {num_tokens} tokens without any history; "
                f"at most {limit} fit beside the reply"
            )
        super().__init__(text)
        self.num_tokens = num_tokens
        self.limit = limit


class BadLogits(TextError):
    """The model produced values that are not finite for one request; no token can be chosen."""


class BackendError(TextError):
    """A remote text server answered with an error, or not as an OpenAI-compatible server does.

    Attributes:
        status: HTTP status, or None when there was none.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class BackendUnreachable(BackendError):
    """No connection to the remote text server, or it broke."""
