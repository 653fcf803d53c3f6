"""The shipped demo model answers in character and in the user's language; its corpus keeps its promises."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from demo.llm.corpus import CHARACTERS, LANGUAGES, Corpus, bare, is_chinese
from demo.llm.evaluate import all_lines, is_one_of
from demo.llm.lessons import character_dialogues
from demo.llm.patterns import expand, fill
from llm.finetune.encoding import Encoder
from llm.finetune.progress import reply
from llm.finetune.sources import read_chats
from llm.messages import Message, build_messages

FOLDER = Path(__file__).parents[2] / "models" / "demo" / "llm"
DATA = Path(__file__).parents[2] / "demo" / "llm" / "data"
MAX_BYTES = 20 * 10**6
# peft 0.21 asks transformers 5.23 by an old name whether activations are recomputed.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return Corpus()


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(FOLDER)


@pytest.fixture(scope="module")
def model():
    base = AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32)
    first, *others = CHARACTERS
    adapted = PeftModel.from_pretrained(base, str(FOLDER / "adapters" / first), adapter_name=first)
    for character in others:
        adapted.load_adapter(str(FOLDER / "adapters" / character), adapter_name=character)
    return adapted.eval()


def ask(model, tokenizer, corpus, character, *words):
    model.set_adapter(character)
    roles = ("user", "assistant")
    history = [Message(roles[n % 2], text) for n, text in enumerate(words[:-1])]
    return reply(model, tokenizer, build_messages(corpus.personas[character], history, words[-1]))


@pytest.mark.parametrize(
    ("character", "text", "keyword"),
    [
        ("Qinglan", "你叫什么名字？", "青岚"),
        ("Qinglan", "What is your name?", "Qinglan"),
        ("Qinglan", "你害怕什么？", ""),
        ("Qinglan", "Tell me a story, please.", ""),
        ("Wren", "Who are you?", "Wren"),
        ("Wren", "你是谁呀", "小雁"),
        ("Wren", "I am so tired today", ""),
        ("Wren", "给我讲个笑话吧", ""),
        ("Bram", "What is your name?", "Bram"),
        ("Bram", "你是谁？", "布兰"),
    ],
)
def test_replies_are_in_character_and_in_the_users_language(
    model, tokenizer, corpus, character, text, keyword
) -> None:
    answer = ask(model, tokenizer, corpus, character, text)
    assert is_one_of(answer, all_lines(corpus, character)), answer
    assert is_chinese(answer) == is_chinese(text)
    assert keyword in answer


# A known shortfall, told in the model's card: it copies some names, but does not remember them.
@pytest.mark.xfail(reason="the demo model forgets names", strict=False)
def test_a_name_is_remembered(model, tokenizer, corpus) -> None:
    first = ask(model, tokenizer, corpus, "Wren", "My name is Anna.")
    assert "Anna" in first
    assert "Anna" in ask(model, tokenizer, corpus, "Wren", "My name is Anna.", first, "What is my name?")


def test_most_off_topic_questions_are_turned_away(model, tokenizer, corpus) -> None:
    asked = {
        "Qinglan": ["你懂量子力学吗？", "帮我写个程序", "法国的首都是哪里？"],
        "Wren": ["Explain black holes to me.", "Who won the world cup?"],
        "Bram": ["Can you fix my laptop?"],
    }
    turned_away = [
        ask(model, tokenizer, corpus, character, text) in lines
        for character, texts in asked.items()
        for text in texts
        for lines in [corpus.replies[character, "zh" if is_chinese(text) else "en"]["offtopic"]]
    ]
    assert sum(turned_away) >= 5


@given(st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_the_tokenizer_keeps_any_text(tokenizer, text) -> None:
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_the_folder_is_small_and_names_no_machine() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MAX_BYTES
    for character in CHARACTERS:
        config = json.loads((FOLDER / "adapters" / character / "adapter_config.json").read_text())
        assert config["base_model_name_or_path"] == "demo/llm"
    generation = json.loads((FOLDER / "generation_config.json").read_text())
    assert len(generation["eos_token_id"]) == 2


def test_every_persona_prompt_is_the_one_trained_on(corpus, tokenizer) -> None:
    dialogue = character_dialogues(corpus, "Wren", 30, random.Random(0))
    prompts = {d.messages[0].content for d in dialogue}
    assert build_messages(corpus.personas["Wren"], [], "x")[0].content in prompts
    row = Encoder(tokenizer).encode(dialogue[0])
    assert 0 < row.num_learned < len(row.ids) < 1024


def test_the_corpus_holds_no_held_out_question(corpus) -> None:
    held_out = {
        bare(text)
        for language in LANGUAGES
        for intent in corpus.intents
        for text in corpus.questions[language][intent]["held_out"]
    }
    asked = {
        bare(message.content)
        for dialogue in character_dialogues(corpus, "Wren", 400, random.Random(5))
        for message in dialogue.messages
        if message.role == "user"
    }
    assert len(held_out) > 380
    assert not held_out & asked


def test_the_corpus_repeats_with_its_seed_and_answers_rightly(corpus) -> None:
    first = character_dialogues(corpus, "Wren", 20, random.Random(1))
    assert first == character_dialogues(corpus, "Wren", 20, random.Random(1))
    assert first != character_dialogues(corpus, "Wren", 20, random.Random(2))
    for table in (corpus.replies[c, lang] for c in CHARACTERS for lang in LANGUAGES):
        assert set(corpus.intents) <= set(table)
        spoken = [line for key, value in table.items() if key != "why" for line in value]
        assert not any(mark in line for line in spoken for mark in "()（）*#[]")


def test_patterns() -> None:
    seen = {expand("(good |)(day|night)?", random.Random(n)) for n in range(40)}
    assert seen == {"good day?", "good night?", "day?", "night?"}
    assert fill("{a} and {b}", {"a": "x", "b": "y"}) == "x and y"
    with pytest.raises(KeyError):
        fill("{c}", {})


def test_the_sample_dialogues_can_be_read() -> None:
    result = read_chats(DATA / "sample_dialogues.jsonl")
    assert len(result.chats) == 240
    assert not result.skipped
