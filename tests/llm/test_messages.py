"""The layout of a turn."""

from __future__ import annotations

import pytest

from llm.messages import VOICE_RULES, Message, build_messages, count_stable
from prompts.persona import Persona

PERSONA = Persona(
    name="晴岚",
    system_prompt="你是晴岚，山间茶馆的茶师。",
    scenario="午后的茶馆。",
    relation="老朋友。",
    examples=(("今天喝什么茶？", "云雾茶。"), ("贵吗？", "不贵。")),
)
HISTORY = [Message("user", " 你好 "), Message("assistant", "你来啦。"), Message("user", "  ")]


def test_system_then_examples_then_history_then_the_users_text() -> None:
    messages = build_messages(PERSONA, HISTORY, "  下雨了吗？\n")
    roles = ["system", "user", "assistant", "user", "assistant", "user", "assistant", "user"]
    assert [message.role for message in messages] == roles
    assert [message.content for message in messages[1:]] == [
        "今天喝什么茶？",
        "云雾茶。",
        "贵吗？",
        "不贵。",
        "你好",
        "你来啦。",
        "下雨了吗？",
    ]


def test_the_system_message_has_rules_identity_scenario_relation_in_this_order() -> None:
    system = build_messages(PERSONA, [], "hi")[0].content
    parts = [VOICE_RULES["zh"], PERSONA.system_prompt, PERSONA.scenario, PERSONA.relation]
    places = [system.index(part) for part in parts]
    assert places == sorted(places)


def test_a_bare_persona_still_makes_a_system_message_in_its_language() -> None:
    persona = Persona(name="Wren", system_prompt="You are Wren.", language="en")
    messages = build_messages(persona, [], "Hello")
    assert messages == [
        Message("system", VOICE_RULES["en"] + "\nYou are Wren."),
        Message("user", "Hello"),
    ]


def test_only_the_persona_is_stable() -> None:
    assert count_stable(build_messages(PERSONA, HISTORY, "hi")) == 5
    assert count_stable([Message("system", "a"), Message("user", "b")]) == 1
    assert count_stable([Message("user", "b")]) == 0


def test_voice_rules_are_terse() -> None:
    assert len(VOICE_RULES["zh"]) < 90
    assert len(VOICE_RULES["en"].split()) < 50


def test_bad_roles_and_empty_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="system, user, assistant"):
        Message("tool", "x")
    with pytest.raises(ValueError, match="content must be text"):
        Message("user", None)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="text is empty"):
        build_messages(PERSONA, [], " \n")
