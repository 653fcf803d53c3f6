"""Chats -> dialogues with the serving code's prompt -> rows, with a count of everything left out."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from llm.finetune.dialogue import Dialogue
from llm.finetune.encoding import Encoder, Row
from llm.finetune.formats import Chat
from llm.messages import Message, build_messages
from prompts.persona import MAX_SYSTEM_PROMPT_CHARS, BadPersona, Persona

# For data without any system text and without a persona file.
NEUTRAL = {"zh": "你是{name}，一个友好的聊天伙伴。", "en": "You are {name}, a friendly companion."}
SYSTEM_MODES = ("keep", "replace")
# "(smiles)", "（叹气）", "*waves*": read aloud they are wrong, so they are not taught.
_ACTIONS = re.compile(
    r"（[^（）\n]{0,80}）|\([^()\n]{0,80}\)|【[^【】\n]{0,80}】|(?<!\*)\*[^*\n]{1,80}\*(?!\*)"
)
_EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\ufe0e\ufe0f\u200d]+")
_HAN = re.compile("[\u3400-\u9fff]")


@dataclass
class Prepared:
    """Rows to train on, and what became of the others.

    Attributes:
        rows, dialogues: of the same length and order.
        skipped: reason -> number of dialogues.
        num_cleaned: answers that lost stage directions or emoji.
    """

    rows: list[Row] = field(default_factory=list)
    dialogues: list[Dialogue] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    num_cleaned: int = 0


def as_dialogue(chat: Chat, name: str, persona: Persona | None, system_mode: str) -> Dialogue:
    """Returns the chat laid out as serving would.

    The system text is the row's own (as serving treats a request's own prompt), the persona's where the row
    has none or `system_mode` is "replace", or a neutral one.

    Raises:
        BadPersona: the row's system text cannot be one (too long, control characters).
    """
    if persona is None or (chat.system and system_mode == "keep"):
        language = _language(chat)
        text = chat.system or NEUTRAL[language].format(name=name)
        persona = Persona.from_prompt(name, text, language)
    *before, (_, asked), (_, answer) = chat.turns
    history = [Message(role, text) for role, text in before]
    return Dialogue((*build_messages(persona, history, asked), Message("assistant", answer)))


def prepare(
    chats: Iterable[Chat],
    encoder: Encoder,
    *,
    name: str,
    persona: Persona | None,
    system_mode: str = "keep",
    max_tokens: int = 2048,
    keeps_actions: bool = False,
) -> Prepared:
    """Cleans, lays out, filters and encodes chats."""
    result = Prepared()
    seen: set[Dialogue] = set()
    for raw in chats:
        chat = raw if keeps_actions else clean(raw)
        result.num_cleaned += sum(a != b for a, b in zip(raw.turns, chat.turns, strict=True))
        if not all(text for _, text in chat.turns):
            result.skipped["nothing left beside stage directions"] += 1
            continue
        try:
            dialogue = as_dialogue(chat, name, persona, system_mode)
        except BadPersona:
            result.skipped[f"system text unusable (over {MAX_SYSTEM_PROMPT_CHARS} characters?)"] += 1
            continue
        reason, row = _encode(dialogue, encoder, max_tokens, seen)
        if row is None:
            result.skipped[reason] += 1
            continue
        seen.add(dialogue)
        result.dialogues.append(dialogue)
        result.rows.append(row)
    return result


def clean(chat: Chat) -> Chat:
    """Returns the chat with stage directions and emoji taken out of its answers."""
    turns = tuple((role, _clean(text) if role == "assistant" else text) for role, text in chat.turns)
    return Chat(chat.system, turns)


def split(dialogues: Sequence[Dialogue], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Returns the indices to train on and those to measure with.

    Whole dialogues; those that begin with the same user text stay on one side. At least one stays for
    training, and where `share` is above 0 and there are two different ones, at least one for measuring.
    """
    groups: dict[str, list[int]] = {}
    for index, dialogue in enumerate(dialogues):
        first = next(m.content for m in dialogue.messages if m.role == "user" and not m.is_persona)
        groups.setdefault(first, []).append(index)
    order = sorted(groups)
    random.Random(seed).shuffle(order)  # noqa: S311 - no secret
    wanted = share * len(dialogues)
    measured: list[int] = []
    while share > 0 and len(order) > 1 and (not measured or len(measured) + len(groups[order[-1]]) <= wanted):
        measured += groups[order.pop()]
    trained = [index for first in order for index in groups[first]]
    return sorted(trained), sorted(measured)


def _encode(
    dialogue: Dialogue, encoder: Encoder, max_tokens: int, seen: set[Dialogue]
) -> tuple[str, Row | None]:
    if dialogue in seen:
        return "the same dialogue twice", None
    if encoder.has_special(dialogue):
        return "holds the name of a special token", None
    row = encoder.encode(dialogue)
    if len(row.ids) > max_tokens:
        return f"longer than {max_tokens} tokens", None
    encoder.check(dialogue, row)
    return "", row


def _clean(text: str) -> str:
    while (shorter := _ACTIONS.sub("", text)) != text:  # brackets within brackets
        text = shorter
    return re.sub(r"[ \t]{2,}", " ", _EMOJI.sub("", text)).strip()


def _language(chat: Chat) -> str:
    return "zh" if _HAN.search(chat.system or chat.turns[0][1] + chat.turns[-1][1]) else "en"
