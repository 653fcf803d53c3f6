"""One training example: a chat with a system turn, whose answers are to be learned."""

from __future__ import annotations

from dataclasses import dataclass

from llm.messages import Message


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A chat as serving would lay it out, with the answers in their places.

    Attributes:
        messages: the first is the system turn, the last an answer. Messages of the persona (its system turn,
            example dialogue) are shown to the model in every prompt and are not learned.
    """

    messages: tuple[Message, ...]

    def __post_init__(self) -> None:
        if not self.messages or self.messages[0].role != "system":
            raise ValueError("a dialogue begins with a system message")
        if self.messages[-1].role != "assistant":
            raise ValueError("a dialogue ends with an answer")
