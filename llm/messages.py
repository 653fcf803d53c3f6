"""What the language model is told: one list of messages, built the same way for training and for serving.

The stable part stands first (rules of the channel, identity, scenario, relation, example dialogue), so that
its key/value cache serves every turn of every user; then the history and the user's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompts.persona import Persona

ROLES = ("system", "user", "assistant")

# Terse on purpose: they cost tokens in every request, and small contexts are dear.
VOICE_RULES = {
    "zh": "这是语音对话：用一到三句简短的口语回答。不写动作、旁白、列表、表情和格式符号，数字写成汉字。"
    "始终是这个角色，不提自己是人工智能。",
    "en": "This is a spoken conversation: answer in one to three short sentences, as said aloud. "
    "No stage directions, markdown, lists or emoji; write numbers as words. "
    "Stay in character and never mention being an AI.",
}
LABELS = {"zh": ("场景：", "你和用户的关系："), "en": ("Scene: ", "You and the user: ")}


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat.

    Attributes:
        role: "system", "user" or "assistant".
        content: the words.
        is_persona: part of the persona: the same in every turn, cached, never trimmed. Not part of the
            message's value: two messages with the same words are equal.
    """

    role: str
    content: str
    is_persona: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"role must be one of {', '.join(ROLES)}, not {self.role!r}")
        if not isinstance(self.content, str):
            raise ValueError(f"content must be text, not {type(self.content).__name__}")


def build_messages(persona: Persona, history: Sequence[Message], text: str) -> list[Message]:
    """Lays out one turn.

    There always is a system message: without one Qwen's template says "You are Qwen". The persona's greeting
    is not put in; where it was said, it stands in the history like everything else that was said.

    Args:
        persona: the character. A request's own prompt comes as a persona made from it.
        history: what was said before, oldest first. Empty messages are left out.
        text: what the user says now.

    Returns:
        System message, example turns, history, the user's text; all stripped.

    Raises:
        ValueError: the text is empty.
    """
    if not text.strip():
        raise ValueError("the user's text is empty")
    messages = [Message("system", system_text(persona), is_persona=True)]
    for asked, answered in persona.examples:
        messages.append(Message("user", asked.strip(), is_persona=True))
        messages.append(Message("assistant", answered.strip(), is_persona=True))
    messages += [Message(turn.role, turn.content.strip()) for turn in history if turn.content.strip()]
    messages.append(Message("user", text.strip()))
    return messages


def system_text(persona: Persona) -> str:
    """Returns the system message: rules of the channel, then who, where and to whom."""
    scenario_label, relation_label = LABELS[persona.language]
    parts = [VOICE_RULES[persona.language], persona.system_prompt.strip()]
    if persona.scenario.strip():
        parts.append(scenario_label + persona.scenario.strip())
    if persona.relation.strip():
        parts.append(relation_label + persona.relation.strip())
    return "\n".join(parts)


def count_stable(messages: Sequence[Message]) -> int:
    """Returns how many leading messages are the same in every turn: the persona, or system messages."""
    for index, message in enumerate(messages):
        if not (message.is_persona or message.role == "system"):
            return index
    return len(messages)
