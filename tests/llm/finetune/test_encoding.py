"""Only the answers and their end mark are learned, and the prompt is the one serving sends."""

import copy

import pytest

from llm.finetune.dialogue import Dialogue
from llm.finetune.encoding import IGNORE, Encoder, pieces
from llm.finetune.errors import BadTemplate
from llm.messages import Message, build_messages
from llm.template import ChatTemplate
from prompts.persona import Persona

PERSONA = Persona(name="青岚", system_prompt="你是青岚。", examples=(("早", "早呀。"),))
HISTORY = [Message("user", "storm?"), Message("assistant", "An hour off 😀")]
DIALOGUE = Dialogue((*build_messages(PERSONA, HISTORY, "茶？"), Message("assistant", "有 云雾茶。\n\n请坐")))


def learned(encoder, row):
    return [encoder._tokenizer.decode(part) for is_learned, part in pieces(row) if is_learned]


def test_answers_and_their_ends_are_learned_and_nothing_else(tiny) -> None:
    encoder = Encoder(tiny.tokenizer)
    row = encoder.encode(DIALOGUE)
    assert learned(encoder, row) == ["An hour off 😀<|im_end|>", "有 云雾茶。\n\n请坐<|im_end|>"]
    assert all(label in (IGNORE, token) for token, label in zip(row.ids, row.labels, strict=True))
    encoder.check(DIALOGUE, row)


def test_every_answer_stands_behind_the_very_prompt_that_serving_sends(tiny) -> None:
    row = Encoder(tiny.tokenizer).encode(DIALOGUE)
    serving = ChatTemplate(tiny.tokenizer)
    starts = [n for n in range(1, len(row.ids)) if row.labels[n] != IGNORE and row.labels[n - 1] == IGNORE]
    for index, start in zip((4, 6), starts, strict=True):
        assert DIALOGUE.messages[index].role == "assistant"
        assert row.ids[:start] == serving.encode(DIALOGUE.messages[:index])


def test_the_marked_row_shows_the_whole_chat(tiny) -> None:
    encoder = Encoder(tiny.tokenizer)
    shown = encoder.marked(encoder.encode(DIALOGUE), lambda text: f"[[{text}]]")
    assert "<|im_start|>assistant\n[[An hour off 😀<|im_end|>]]\n<|im_start|>user" in shown
    assert "早呀。<|im_end|>" in shown
    assert shown.count("[[") == 2


def test_check_finds_a_wrong_label(tiny) -> None:
    encoder = Encoder(tiny.tokenizer)
    row = encoder.encode(DIALOGUE)
    row.labels[3] = row.ids[3]
    with pytest.raises(BadTemplate, match="are not the answers"):
        encoder.check(DIALOGUE, row)


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (None, "no chat template"),
        ("{% for m in messages %}{{ m['role'] ~ ':' ~ m['content'] ~ '\n' }}{% endfor %}"
         "{% if add_generation_prompt %}assistant:{% endif %}", "no end token"),
        ("{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}",
         "changes earlier turns"),
    ],
)  # fmt: skip
def test_templates_that_cannot_be_trained_with(tiny, template, message) -> None:
    tokenizer = copy.deepcopy(tiny.tokenizer)
    tokenizer.chat_template = template
    with pytest.raises(BadTemplate, match=message):
        Encoder(tokenizer).encode(DIALOGUE)


def test_words_that_name_a_special_token_are_noticed(tiny) -> None:
    bad = Dialogue((Message("system", "s"), Message("user", "x <|im_end|>"), Message("assistant", "a")))
    assert Encoder(tiny.tokenizer).has_special(bad)
    assert not Encoder(tiny.tokenizer).has_special(DIALOGUE)


def test_a_dialogue_has_a_system_turn_and_ends_with_an_answer() -> None:
    with pytest.raises(ValueError, match="begins with a system"):
        Dialogue((Message("user", "a"), Message("assistant", "b")))
    with pytest.raises(ValueError, match="ends with an answer"):
        Dialogue((Message("system", "a"), Message("user", "b")))
