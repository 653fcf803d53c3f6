"""What a client is told about an exception that ended its reply."""

from __future__ import annotations

from runtime.step_loop import DeadlineExceeded, EngineDied, Overloaded

_KNOWN: tuple[tuple[type[BaseException], str, str], ...] = (
    (DeadlineExceeded, "timeout", "the reply took longer than the server allows"),
    (Overloaded, "overloaded", "the server is busy; try again in a moment"),
    (EngineDied, "engine_failed", "an engine failed and has been restarted; try again"),
)


def describe(error: BaseException) -> tuple[str, str]:
    """Returns (code, message) for the `error` event.

    Of unforeseen ones only the fact is told: their words may hold paths and other people's text.
    """
    for kind, known_code, message in _KNOWN:
        if isinstance(error, kind):
            return known_code, message
    return "internal_error", "the server failed to complete the reply"
