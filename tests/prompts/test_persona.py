"""Persona files: what is read, what is refused, and that every refusal says where and why."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts import persona as persona_module
from prompts.persona import BadPersona, Persona, load_persona, parse_persona

PROMPTS = Path(persona_module.__file__).parent

FULL = """+++
name = "Wren"
language = "EN"
greeting = "Hello."
+++

# Identity
You keep a lighthouse.

## Habits
- short sentences
<!-- a note
# Not a heading
-->
# Scenario
Evening.

# Relation
A friend.

# Examples
User: Is it late?
It feels late.
Wren: Not yet.

用户：真的吗
**Character:** Yes: really.
"""


def test_every_part_is_read() -> None:
    persona = parse_persona(FULL)
    assert persona == Persona(
        name="Wren",
        system_prompt="You keep a lighthouse.\n\n## Habits\n- short sentences",
        scenario="Evening.",
        relation="A friend.",
        examples=(("Is it late?\nIt feels late.", "Not yet."), ("真的吗", "Yes: really.")),
        greeting="Hello.",
        language="en",
    )


def test_text_above_the_first_heading_is_the_identity() -> None:
    persona = parse_persona(
        '+++\nname = "甲"\n+++\n你是甲。\n\n# 场景\n茶馆。\n# 关系\n朋友。\n# 示例\n用户：好\n甲：好\n'
    )
    assert (persona.system_prompt, persona.scenario, persona.relation) == ("你是甲。", "茶馆。", "朋友。")
    assert persona.examples == (("好", "好"),)
    assert persona.language == "zh"


def test_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "wren.md"
    path.write_bytes(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
    assert load_persona(path) == parse_persona(FULL)


@pytest.mark.parametrize("path", sorted(PROMPTS.glob("*.md")), ids=lambda path: path.name)
def test_built_in_personas_load(path: Path) -> None:
    if path.stem.lower() != "readme":
        assert load_persona(path).greeting


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("You are Wren.", 1, "two +++ lines (keys: name, language, greeting)"),
        ("", 1, "two +++ lines"),
        ('+++\nname = "a"\n', 1, "never closed"),
        ("+++\nname = Wren\n+++\nx", 2, "not valid TOML"),
        ('+++\nname = "a"\nlangauge = "zh"\n+++\nx', 3, "unknown key 'langauge'; valid keys: name, language"),
        ('+++\n[extra]\nname = "a"\n+++\nx', 2, "unknown key 'extra'"),
        ("+++\nname = 3\n+++\nx", 2, "name must be text in quotation marks, not 3"),
        ('+++\nlanguage = "zh"\n+++\nx', 1, "the head lacks name"),
        (
            '+++\nname = "a"\n+++\nx\n# Hobbies\n',
            5,
            "unknown section 'Hobbies'; valid sections: # Identity, # Scenario",
        ),
        ('+++\nname = "a"\n+++\nx\n# Identity\ny', 5, "identity is given twice"),
        (
            '+++\nname = "a"\n+++\nx\n<!-- 1\n2 -->\n# Examples\nhm',
            8,
            "examples begin with a line like 'User: ...'",
        ),
        ('+++\nname = "a"\n+++\nx\n# Examples\na: hi', 6, "the user first"),
        ('+++\nname = "a"\n+++\nx\n# Examples\nUser: 1\nUser: 2', 7, "a line of a: (Character:, 角色：)"),
        ('+++\nname = "a"\n+++\nx\n# Examples\nUser: 1', 6, "the last example has no answer"),
    ],
)
def test_a_fault_names_file_line_and_what_is_valid(text: str, line: int, reason: str) -> None:
    with pytest.raises(BadPersona) as caught:
        parse_persona(text, source="wren.md")
    assert str(caught.value).startswith(f"wren.md, line {line}: ")
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('+++\nname = "a"\n+++\n\n', "identity (system prompt) is empty"),
        ('+++\nname = ""\n+++\nx', "name must be one line"),
        ('+++\nname = "a"\nlanguage = "fr"\n+++\nx', "language must be one of zh, en, not 'fr'"),
        ('+++\nname = "a"\n+++\n' + "x" * 8001, "system_prompt has 8001 characters; the limit is 8000"),
        ('+++\nname = "a"\n+++\nx\n# Examples\n' + "User: 1\na: 2\n" * 33, "33 examples; the limit is 32"),
        ('+++\nname = "a"\n+++\nx\n# Examples\nUser: 1\na:', "an example has an empty side"),
        ('+++\nname = "a"\n+++\nx\x00', "control character (U+0000)"),
    ],
)
def test_a_value_out_of_bounds_names_file_and_bound(text: str, reason: str) -> None:
    with pytest.raises(BadPersona) as caught:
        parse_persona(text, source="wren.md")
    assert str(caught.value).startswith("wren.md: ")
    assert reason in str(caught.value)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(BadPersona, match=r"nobody\.md: cannot be read"):
        load_persona(tmp_path / "nobody.md")
    (tmp_path / "latin.md").write_bytes(b'+++\nname = "a"\n+++\ncaf\xe9\n')
    with pytest.raises(BadPersona, match=r"latin\.md, line 4: not UTF-8"):
        load_persona(tmp_path / "latin.md")
    (tmp_path / "big.md").write_bytes(b"x" * 70000)
    with pytest.raises(BadPersona, match=r"big\.md: larger than 65536 bytes"):
        load_persona(tmp_path / "big.md")


def test_from_prompt_takes_a_request_s_own_words() -> None:
    persona = Persona.from_prompt("Nova", "  You are Nova.\r\nBe brief. ", "en")
    assert persona.system_prompt == "You are Nova.\nBe brief."
    with pytest.raises(BadPersona, match="identity"):
        Persona.from_prompt("Nova", " \n ")
    with pytest.raises(BadPersona, match="system_prompt must be text, not int"):
        Persona.from_prompt("Nova", 3)  # type: ignore[arg-type]


@given(
    st.text(max_size=300),
    st.sampled_from(["", '+++\nname = "a"\n+++\n', '+++\nname = "a"\n+++\nx\n# Examples\n']),
)
def test_any_text_is_a_persona_or_a_bad_persona(text: str, head: str) -> None:
    try:
        persona = parse_persona(head + text)
    except BadPersona:
        return
    assert persona.name
    assert persona.system_prompt
