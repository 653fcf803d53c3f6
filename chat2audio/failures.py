"""What a client is told about an exception that ended its reply."""

from __future__ import annotations

from llm.errors import BackendError, BadAdapter, BadLogits, PromptTooLong, UnknownAdapter
from runtime.step_loop import DeadlineExceeded, EngineDied, Overloaded
from tts.errors import SentenceFailed

UNFORESEEN = "internal_error"
# None: the error's own words were written for the client.
_KNOWN: tuple[tuple[type[BaseException], str, str | None], ...] = (
    (PromptTooLong, "prompt_too_long", None),
    (SentenceFailed, "speech_failed", None),
    (UnknownAdapter, "adapter_unavailable", "the speaker's LoRA adapter is not installed on this server"),
    (BadAdapter, "adapter_unavailable", "the speaker's LoRA adapter cannot be used with this server's model"),
    (BadLogits, "text_failed", "the language model produced values that are no numbers"),
    (BackendError, "backend_failed", "the language model's server cannot be used at the moment"),
    (DeadlineExceeded, "timeout", "the reply took longer than the server allows"),
    (Overloaded, "overloaded", "the server is busy; try again in a moment"),
    (EngineDied, "engine_failed", "an engine failed and has been restarted; try again"),
)


def describe(error: BaseException) -> tuple[str, str]:
    """Returns (code, message) for the `error` event.

    Of unforeseen errors only the fact is told: their words may hold paths and other people's text.
    """
    for kind, code, message in _KNOWN:
        if isinstance(error, kind):
            return code, message or str(error)
    return UNFORESEEN, "the server failed to complete the reply"
