"""Who a character is: the words given to the language model, read from a Markdown file.

A persona file is plain Markdown below a short TOML head between two `+++` lines:

    +++
    name = "Wren"
    language = "en"
    greeting = "There you are. Watch your head, the ceiling is low."
    +++
    # Identity
    You are Wren, pilot of the old mail airship Second Thought ...

    # Scenario
    # Relation
    # Examples
    User: Is the storm close?
    Wren: An hour off. We will be through it in half of that.

Only `name` and the identity are required. Text above the first heading counts as the identity; headings may
be Chinese (身份, 场景, 关系, 示例); `## ...` lines belong to the section around them; `<!-- notes -->` are
left out. In the examples a line opens with `User:` or `用户：`, or with the character's name (or
`Character:`, `角色：`); the lines below it belong to it until the next such line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

LANGUAGES = ("zh", "en")
HEAD_KEYS = ("name", "language", "greeting")
SECTIONS = {
    "identity": ("identity", "character", "身份", "人设"),
    "scenario": ("scenario", "场景"),
    "relation": ("relation", "relationship", "关系"),
    "examples": ("examples", "example dialogue", "示例", "对话示例"),
}
USER_LABELS = ("user", "用户")
CHARACTER_LABELS = ("character", "角色")

# Limits in characters. A system prompt of 8000 characters is about 5000 tokens: above that a persona
# crowds the conversation itself out of a small context.
MAX_FILE_BYTES = 65536
MAX_NAME_CHARS = 64
MAX_SYSTEM_PROMPT_CHARS = 8000
MAX_FIELD_CHARS = 4000
MAX_EXAMPLES = 32
MAX_EXAMPLE_CHARS = 1000

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HEADING = re.compile(r"#\s+(.*?)[\s#]*$")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


class BadPersona(ValueError):
    """A persona that cannot be used; the message names the place, the reason and what would be valid."""


@dataclass(frozen=True, slots=True)
class Persona:
    """A character's words, all of them stripped and within the limits above.

    Attributes:
        name: what the character is called, one line.
        system_prompt: who the character is.
        scenario: where and when the conversation takes place.
        relation: what the user is to the character.
        examples: pairs (what the user says, what the character answers).
        greeting: the character's first line, or "".
        language: "zh" or "en", the language of the prompt and its rules.
    """

    name: str
    system_prompt: str
    scenario: str = ""
    relation: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    greeting: str = ""
    language: str = "zh"

    def __post_init__(self) -> None:
        """Strip every field and check it.

        Raises:
            BadPersona: a field is not text, is empty where it may not be, or is too long.
        """
        limits = {"name": MAX_NAME_CHARS, "system_prompt": MAX_SYSTEM_PROMPT_CHARS}
        for field in ("name", "system_prompt", "scenario", "relation", "greeting"):
            text = _clean(field, getattr(self, field), limits.get(field, MAX_FIELD_CHARS))
            object.__setattr__(self, field, text)
        if not self.name or "\n" in self.name or "\t" in self.name:
            raise BadPersona("name must be one line of text")
        if not self.system_prompt:
            raise BadPersona("the identity (system prompt) is empty; say who the character is")
        language = self.language.strip().lower() if isinstance(self.language, str) else self.language
        if language not in LANGUAGES:
            raise BadPersona(f"language must be one of {', '.join(LANGUAGES)}, not {self.language!r}")
        object.__setattr__(self, "language", language)
        if len(self.examples) > MAX_EXAMPLES:
            raise BadPersona(f"{len(self.examples)} examples; the limit is {MAX_EXAMPLES}")
        examples = tuple(
            (_clean("examples", asked, MAX_EXAMPLE_CHARS), _clean("examples", answered, MAX_EXAMPLE_CHARS))
            for asked, answered in self.examples
        )
        if any(not asked or not answered for asked, answered in examples):
            raise BadPersona("an example has an empty side; each needs a user line and a character line")
        object.__setattr__(self, "examples", examples)

    @classmethod
    def from_prompt(cls, name: str, text: str, language: str = "zh") -> Persona:
        """Make a persona from a bare system prompt, such as a request brings along.

        Raises:
            BadPersona: see `__post_init__`.
        """
        return cls(name=name, system_prompt=text, language=language)


def load_persona(path: str | Path) -> Persona:
    """Read one persona file (UTF-8; the module's docstring shows the format).

    Raises:
        BadPersona: names the file, the line where one is to blame, and what would be valid.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise BadPersona(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > MAX_FILE_BYTES:
        raise BadPersona(f"{path}: larger than {MAX_FILE_BYTES} bytes")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadPersona(f"{path}, line {line}: not UTF-8 text") from error
    return parse_persona(text, source=str(path))


def parse_persona(text: str, *, source: str = "persona") -> Persona:
    """Read a persona from the text of such a file; `source` names it in errors.

    Raises:
        BadPersona: as `load_persona`.
    """

    def fail(line: int, reason: str) -> NoReturn:
        raise BadPersona(f"{source}, line {line}: {reason}")

    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    head, body_start = _read_head(lines, fail)
    sections = _read_sections(lines, body_start, fail)
    name = head["name"]
    first_line, example_lines = sections.get("examples", (0, []))
    examples = _read_examples(example_lines, first_line, name, fail)

    def words_of(section: str) -> str:
        return "\n".join(sections.get(section, (0, []))[1])

    try:
        return Persona(
            name=name,
            system_prompt=words_of("identity"),
            scenario=words_of("scenario"),
            relation=words_of("relation"),
            examples=examples,
            greeting=head.get("greeting", ""),
            language=head.get("language", "zh"),
        )
    except BadPersona as error:
        raise BadPersona(f"{source}: {error}") from error


_Fail = Callable[[int, str], NoReturn]


def _read_head(lines: list[str], fail: _Fail) -> tuple[dict[str, str], int]:
    """Return the head's keys and the index of the first line below it."""
    start = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[start].strip() != "+++":
        fail(start + 1, f"must begin with a head between two +++ lines (keys: {', '.join(HEAD_KEYS)})")
    end = next((i for i in range(start + 1, len(lines)) if lines[i].strip() == "+++"), None)
    if end is None:
        fail(start + 1, "the head is opened by +++ but never closed by a second +++ line")
    # Empty lines in front make the parser count lines as the file does.
    toml_text = "\n" * (start + 1) + "\n".join(lines[start + 1 : end])
    try:
        head: dict[str, Any] = tomllib.loads(toml_text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        fail(int(at.group(1)) if at else end, f"the head is not valid TOML: {error}")
    for key, value in head.items():
        line = _line_of_key(lines, key, start)
        if key not in HEAD_KEYS:
            fail(line, f"unknown key {key!r}; valid keys: {', '.join(HEAD_KEYS)}")
        if not isinstance(value, str):
            fail(line, f"{key} must be text in quotation marks, not {value!r}")
    if "name" not in head:
        fail(start + 1, 'the head lacks name = "..."')
    return head, end + 1


def _line_of_key(lines: list[str], key: str, start: int) -> int:
    """Return the number of the head line that sets `key` (the head's first line if none is found)."""
    pattern = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}\b""")
    return next((i + 1 for i in range(start + 1, len(lines)) if pattern.match(lines[i])), start + 1)


def _read_sections(lines: list[str], start: int, fail: _Fail) -> dict[str, tuple[int, list[str]]]:
    """Return section -> (number of its first line, its lines)."""
    body = _COMMENT.sub(lambda found: "\n" * found.group().count("\n"), "\n".join(lines[start:]))
    sections: dict[str, tuple[int, list[str]]] = {}
    current: list[str] = []
    for number, line in enumerate(body.split("\n"), start + 1):
        heading = _HEADING.match(line)
        if heading:
            title = heading.group(1).strip().lower()
            section = next((key for key, titles in SECTIONS.items() if title in titles), None)
            if section is None:
                valid = ", ".join("# " + key.capitalize() for key in SECTIONS)
                fail(number, f"unknown section {heading.group(1)!r}; valid sections: {valid}")
            if section in sections:
                fail(number, f"the section {section} is given twice")
            current = []
            sections[section] = (number + 1, current)
        elif line.strip() and not sections:
            current = [line]
            sections["identity"] = (number, current)
        else:
            current.append(line)
    return sections


def _read_examples(lines: list[str], first_line: int, name: str, fail: _Fail) -> tuple[tuple[str, str], ...]:
    """Return the pairs of an examples section; user and character must take turns, the user first."""
    character = (name.strip().lower(), *CHARACTER_LABELS)
    labels = "|".join(re.escape(label) for label in (*USER_LABELS, *character))
    opening = re.compile(
        rf"\s*(?:[-*]\s+)?(?:\*\*)?({labels})(?:\*\*)?\s*[:：](?:\*\*)?\s*(.*)", re.IGNORECASE
    )
    turns: list[list[str]] = []
    for number, line in enumerate(lines, first_line):
        found = opening.match(line)
        if found:
            is_user = found.group(1).lower() in USER_LABELS
            if is_user != (len(turns) % 2 == 0):
                wanted = "User: (用户：)" if len(turns) % 2 == 0 else f"{name}: (Character:, 角色：)"
                fail(number, f"examples take turns, the user first; a line of {wanted} was expected here")
            turns.append([found.group(2)])
        elif turns:
            turns[-1].append(line)
        elif line.strip():
            fail(number, f"examples begin with a line like 'User: ...', followed by '{name}: ...'")
    if len(turns) % 2:
        fail(first_line + len(lines) - 1, f"the last example has no answer; add a line '{name}: ...'")
    spoken = ["\n".join(turn).strip() for turn in turns]
    return tuple(zip(spoken[::2], spoken[1::2], strict=True))


def _clean(field: str, text: object, max_chars: int) -> str:
    """Return the stripped text of a field, or raise BadPersona."""
    if not isinstance(text, str):
        raise BadPersona(f"{field} must be text, not {type(text).__name__}")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(text) > max_chars:
        raise BadPersona(f"{field} has {len(text)} characters; the limit is {max_chars}")
    found = _CONTROL.search(text)
    if found:
        raise BadPersona(f"{field} holds a control character (U+{ord(found.group()):04X})")
    return text
