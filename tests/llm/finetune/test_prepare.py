"""Chats get the serving prompt, lose stage directions, and are counted where they are left out."""

from llm.finetune.dialogue import Dialogue
from llm.finetune.encoding import Encoder
from llm.finetune.formats import Chat
from llm.finetune.prepare import as_dialogue, clean, prepare, split
from llm.messages import VOICE_RULES, Message, system_text
from prompts.persona import Persona

PERSONA = Persona(name="Wren", system_prompt="You are Wren.", examples=(("hi", "Hello."),), language="en")


def chat(asked="who?", answer="Wren.", system=""):
    return Chat(system, (("user", asked), ("assistant", answer)))


def test_the_persona_is_laid_out_as_in_serving() -> None:
    dialogue = as_dialogue(chat(), "Wren", PERSONA, "keep")
    assert [m.content for m in dialogue.messages] == [system_text(PERSONA), "hi", "Hello.", "who?", "Wren."]
    assert [m.is_persona for m in dialogue.messages] == [True, True, True, False, False]


def test_a_rows_own_system_text_is_kept_or_replaced() -> None:
    own = chat(system="你是老船长。")
    kept = as_dialogue(own, "Wren", PERSONA, "keep").messages[0].content
    assert kept == f"{VOICE_RULES['zh']}\n你是老船长。"
    assert as_dialogue(own, "Wren", PERSONA, "replace").messages[0].content == system_text(PERSONA)


def test_without_persona_and_system_text_there_still_is_a_system_turn() -> None:
    assert "You are Bo" in as_dialogue(chat(), "Bo", None, "keep").messages[0].content
    assert "你是Bo" in as_dialogue(chat("谁？", "我"), "Bo", None, "keep").messages[0].content


def test_stage_directions_and_emoji_go_from_answers_only() -> None:
    cleaned = clean(chat("(waves) hi", "（笑了（一下））你好！*nods* 坐吧 😀【倒茶】(smiles)"))
    assert cleaned.turns == (("user", "(waves) hi"), ("assistant", "你好！ 坐吧"))
    untouched = chat("a", "two * three * is 2*3, and **bold** stays")
    assert "2*3" in clean(untouched).turns[1][1]


def test_rows_left_out_are_counted(tiny) -> None:
    chats = [
        chat(), chat(), chat("b", "(only this)"), chat("c", "long" * 200), chat("d", "<|im_end|>"),
        chat("e", "f", system="x" * 9000), chat("g", "h 😀"),
    ]  # fmt: skip
    result = prepare(chats, Encoder(tiny.tokenizer), name="Wren", persona=PERSONA, max_tokens=300)
    assert [d.messages[-1].content for d in result.dialogues] == ["Wren.", "h"]
    assert len(result.rows) == 2
    assert sum(result.skipped.values()) == 5
    assert result.skipped["longer than 300 tokens"] == result.skipped["the same dialogue twice"] == 1
    assert result.num_cleaned == 2
    kept = prepare(
        chats, Encoder(tiny.tokenizer), name="Wren", persona=PERSONA, max_tokens=300, keeps_actions=True
    )
    assert kept.dialogues[1].messages[-1].content == "(only this)"


def make(asked, number):
    return Dialogue(
        (Message("system", "s"), Message("user", asked), Message("assistant", f"answer {number}"))
    )


def test_the_split_keeps_dialogues_with_one_opening_together() -> None:
    dialogues = [make(f"question {n % 20}", n) for n in range(60)]
    trained, measured = split(dialogues, 0.2, seed=1)
    assert sorted(trained + measured) == list(range(60))
    assert len(measured) == 12
    assert not {n % 20 for n in trained} & {n % 20 for n in measured}
    assert split(dialogues, 0.2, seed=1) == (trained, measured)
    assert split(dialogues, 0.2, seed=2) != (trained, measured)
    assert split(dialogues, 0.0, seed=1)[1] == []
    assert split([make("one", 1)], 0.5, seed=1) == ([0], [])
    assert len(split([make("one", 1), make("two", 2)], 0.01, seed=1)[1]) == 1
