"""Rows of training files -> plain chats: alpaca, ShareGPT and OpenAI messages, in LLaMA-Factory's ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from llm.finetune.errors import BadFormat, BadRow

FORMATS = ("alpaca", "sharegpt", "openai")
_COLUMNS = {
    "alpaca": {
        "prompt": "instruction",
        "query": "input",
        "response": "output",
        "system": "system",
        "history": "history",
    },
    "sharegpt": {"messages": "conversations", "system": "system", "tools": "tools"},
    "openai": {"messages": "messages", "system": "system", "tools": "tools"},
}
_TAGS = {
    "sharegpt": {
        "role_tag": "from",
        "content_tag": "value",
        "user_tag": "human",
        "assistant_tag": "gpt",
        "system_tag": "system",
    },
    "openai": {
        "role_tag": "role",
        "content_tag": "content",
        "user_tag": "user",
        "assistant_tag": "assistant",
        "system_tag": "system",
    },
}
# Known to LLaMA-Factory, but of no use here; a dataset entry may name them.
_IGNORED_COLUMNS = {"images", "videos", "audios"}
_IGNORED_TAGS = {"observation_tag", "function_tag"}


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat before it gets a system prompt of ours.

    Attributes:
        system: the row's own system text, or "".
        turns: (role, text) with role "user" or "assistant", taking turns, the last one an answer.
    """

    system: str
    turns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the rows of one data set are laid out.

    Attributes:
        formatting: one of FORMATS.
        columns, tags: names in the rows that differ from the format's usual ones.
    """

    formatting: str
    columns: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises BadFormat."""
        if self.formatting not in FORMATS:
            raise BadFormat(f"formatting must be one of {', '.join(FORMATS)}, not {self.formatting!r}")
        given = (
            ("column", self.columns, _COLUMNS, _IGNORED_COLUMNS),
            ("tag", self.tags, _TAGS, _IGNORED_TAGS),
        )
        for kind, names, usual, ignored in given:
            valid = usual.get(self.formatting, {})
            unknown = sorted(set(names) - set(valid) - ignored)
            if unknown:
                raise BadFormat(
                    f"{self.formatting} has no {kind} {unknown[0]!r}; valid: {', '.join(valid) or 'none'}"
                )

    def column(self, name: str) -> str:
        """Returns what a column is called in the rows."""
        return self.columns.get(name, _COLUMNS[self.formatting][name])

    def tag(self, name: str) -> str:
        """Returns what a tag is called in the rows."""
        return self.tags.get(name, _TAGS[self.formatting][name])

    def read(self, row: Mapping[str, Any]) -> Chat:
        """Returns a row as a chat.

        Raises:
            BadRow: why it cannot be used.
        """
        return _read_alpaca(row, self) if self.formatting == "alpaca" else _read_messages(row, self)


def guess_layout(row: Mapping[str, Any]) -> Layout:
    """Returns the layout that the keys of a row speak for.

    Raises:
        BadFormat: they speak for none; names the keys found and those looked for.
    """
    if "messages" in row:
        return Layout("openai")
    if "conversations" in row:
        return Layout("sharegpt")
    if "instruction" in row and "output" in row:
        return Layout("alpaca")
    raise BadFormat(
        f"rows with the keys {', '.join(sorted(row)) or '(none)'} are of no known format; valid are "
        "instruction + output (alpaca), conversations (ShareGPT) or messages (OpenAI), "
        "or describe the columns in a dataset_info.json"
    )


def _read_alpaca(row: Mapping[str, Any], layout: Layout) -> Chat:
    def text(name: str) -> str:
        return _text(row.get(layout.column(name)), name)

    turns: list[tuple[str, str]] = []
    history = row.get(layout.column("history")) or ()
    if not isinstance(history, Sequence) or isinstance(history, str):
        raise BadRow("history is not a list of [question, answer]")
    for pair in history:
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise BadRow("history is not a list of [question, answer]")
        turns += [("user", _text(pair[0], "history")), ("assistant", _text(pair[1], "history"))]
    asked = "\n".join(part for part in (text("prompt"), text("query")) if part)
    turns += [("user", asked), ("assistant", text("response"))]
    return _checked(text("system"), turns)


def _read_messages(row: Mapping[str, Any], layout: Layout) -> Chat:
    messages = row.get(layout.column("messages"))
    if not isinstance(messages, Sequence) or isinstance(messages, str):
        raise BadRow("no list of messages")
    if row.get(layout.column("tools")):
        raise BadRow("uses tools")
    roles = {layout.tag("user_tag"): "user", layout.tag("assistant_tag"): "assistant"}
    # The two families of names are mixed up in the wild.
    roles |= {name: role for name, role in _USUAL_ROLES.items() if name not in roles}
    system = _text(row.get(layout.column("system")), "system")
    turns: list[tuple[str, str]] = []
    for index, message in enumerate(messages):
        if not isinstance(message, Mapping):
            raise BadRow("a message is not an object")
        role = message.get(layout.tag("role_tag"))
        content = _text(message.get(layout.tag("content_tag")), "message")
        if role in (layout.tag("system_tag"), "system") and index == 0:
            system = content or system
        elif isinstance(role, str) and role in roles:
            turns.append((roles[role], content))
        else:
            raise BadRow(f"a message of the role {role!r}")
    if turns and turns[-1][0] == "user":
        turns.pop()  # a question nobody answered
    return _checked(system, turns)


_USUAL_ROLES = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant"}


def _checked(system: str, turns: Sequence[tuple[str, str]]) -> Chat:
    """Returns the chat, or raises BadRow where the turns cannot be learned from."""
    if not any(role == "assistant" for role, _ in turns) or not any(role == "user" for role, _ in turns):
        raise BadRow("no question with an answer")
    if any(not text for _, text in turns):
        raise BadRow("an empty question or answer")
    if any(left[0] == right[0] for left, right in pairwise(turns)):
        raise BadRow("question and answer do not take turns")
    return Chat(system, tuple(turns))


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadRow(f"{name} is not text")
    return value.strip()
