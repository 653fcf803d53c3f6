"""`python -m demo.llm.evaluate`: how often the shipped model answers held-out questions rightly.

Right means: the reply is, word for word, one of the character's own replies to that intent in the language
of the question. In character means: it is one of her replies to anything. The questions are the `held_out`
lists of data/questions_*.toml, of which the corpus holds none; but the same hand wrote their near neighbours
into the corpus, so they flatter. Those of data/fresh.toml (--fresh) were never looked at for the corpus.
"""

from __future__ import annotations

import json
import random
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import torch
from peft import PeftModel

from demo.llm.__main__ import TARGET, load
from demo.llm.corpus import CHARACTERS, DATA, LANGUAGES, OTHER, Corpus, Talk
from demo.llm.names import HELD_OUT
from demo.llm.patterns import fill
from llm.messages import Message, build_messages

BATCH = 24
MAX_NEW_TOKENS = 44
_FOLLOW_UPS = ("why", "more", "repeat")
# What was talked about before "why?", "go on" and "pardon?".
_BEFORE = ("fear", "tea", "friends", "job")


@dataclass(frozen=True, slots=True)
class Question:
    """A held-out question with what makes an answer right."""

    character: str
    language: str
    intent: str
    messages: tuple[Message, ...]
    right: tuple[str, ...]


def fresh_questions(corpus: Corpus) -> Iterator[Question]:
    """Yields the questions of data/fresh.toml for each character."""
    fresh = tomllib.loads((DATA / "fresh.toml").read_text(encoding="utf-8"))
    rng = random.Random(0)
    for character in CHARACTERS:
        for language, intents in fresh.items():
            for intent, texts in intents.items():
                for text in texts:
                    yield _question(corpus, character, language, intent, text, rng)


def questions(corpus: Corpus, rng: random.Random) -> Iterator[Question]:
    """Yields every held-out question for each character, in a conversation where it needs one."""
    for character in CHARACTERS:
        for language in LANGUAGES:
            for intent in corpus.intents:
                for text in corpus.questions[language][intent]["held_out"]:
                    yield _question(corpus, character, language, intent, text, rng)


def _question(
    corpus: Corpus, character: str, language: str, intent: str, text: str, rng: random.Random
) -> Question:
    talk = Talk()
    before = (
        "name_tell" if intent == "name_recall" else rng.choice(_BEFORE) if intent in _FOLLOW_UPS else None
    )
    name = rng.choice(HELD_OUT[language])
    if before == "name_tell":
        talk.name = name
        asked = {"zh": f"我叫{name}", "en": f"My name is {name}."}[language]
    elif before is not None:
        asked = corpus.question(character, before, language, talk, rng)
    else:
        asked = ""
    if before is not None:
        talk.intent = before
        talk.reply = rng.choice(corpus.answers(character, before, language, talk))
        talk.messages += [Message("user", asked), Message("assistant", talk.reply)]
    if intent == "name_tell":
        talk.name = name
    text = fill(text, {"name": name, "other": OTHER[character][language][0]})
    messages = build_messages(corpus.personas[character], talk.messages, text)
    right = corpus.answers(character, intent, language, talk)
    return Question(character, language, intent, tuple(messages), tuple(right))


def replies(model: Any, tokenizer: Any, prompts: Sequence[Sequence[Message]]) -> list[str]:
    """Returns the most likely reply to each chat, cut after MAX_NEW_TOKENS."""
    texts = [
        tokenizer.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in prompt],
            tokenize=False,
            add_generation_prompt=True,
        )
        for prompt in prompts
    ]
    tokenizer.padding_side = "left"
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    out = [""] * len(texts)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        batch = tokenizer(
            [texts[i] for i in chosen], padding=True, return_tensors="pt", add_special_tokens=False
        )
        with torch.inference_mode():
            ids = model.generate(
                input_ids=batch["input_ids"],
                attention_mask=batch["attention_mask"],
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                repetition_penalty=1.0,
                max_new_tokens=MAX_NEW_TOKENS,
                eos_token_id=[tokenizer.eos_token_id, tokenizer.pad_token_id],
                pad_token_id=tokenizer.pad_token_id,
            )
        new = ids[:, batch["input_ids"].shape[1] :]
        for index, text in zip(chosen, tokenizer.batch_decode(new, skip_special_tokens=True), strict=True):
            out[index] = text.strip()
    return out


def is_one_of(text: str, lines: Sequence[str]) -> bool:
    """Returns whether the text, which may be cut, is one of the lines."""
    return len(text) > 1 and any(line == text or (len(text) > 24 and line.startswith(text)) for line in lines)


def all_lines(corpus: Corpus, character: str) -> list[str]:
    """Returns all that a character ever says in either language."""
    lines: list[str] = []
    for language in LANGUAGES:
        table = corpus.replies[character, language]
        for key, value in table.items():
            lines += value if key != "why" else [line for reasons in value.values() for line in reasons]
    return lines


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--model", "folder", default=TARGET, type=click.Path(path_type=Path), help="Folder of the model."
)
@click.option("--fresh", is_flag=True, help="The questions of data/fresh.toml instead of the held-out ones.")
@click.option("--no-adapter", is_flag=True, help="The base model under the characters' prompts.")
@click.option("--wrong", is_flag=True, help="Show the wrong replies.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the counts here.")
def main(folder: Path, fresh: bool, no_adapter: bool, wrong: bool, json_path: Path | None) -> None:
    """Measure the demo language model on held-out questions."""
    torch.set_num_threads(1)
    corpus = Corpus()
    tokenizer, base = load(folder)
    model: Any = base.eval()
    asked = list(fresh_questions(corpus) if fresh else questions(corpus, random.Random(0)))
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for character in CHARACTERS:
        if not no_adapter:
            path = str(folder / "adapters" / character)
            is_first = not isinstance(model, PeftModel)
            if is_first:
                model = PeftModel.from_pretrained(model, path, adapter_name=character).eval()
            else:
                model.load_adapter(path, adapter_name=character)
            model.set_adapter(character)
        lines = all_lines(corpus, character)
        mine = [question for question in asked if question.character == character]
        texts = replies(model, tokenizer, [question.messages for question in mine])
        for question, text in zip(mine, texts, strict=True):
            is_right = is_one_of(text, question.right)
            is_own = is_right or is_one_of(text, lines)
            count = counts[f"{character} {question.language}"]
            count[:] = [count[0] + is_right, count[1] + is_own, count[2] + 1]
            if wrong and not is_right:
                click.echo(f"{character} [{question.intent}] {question.messages[-1].content} -> {text}")
    for key, (num_right, num_own, num) in counts.items():
        click.echo(f"{key}: right {num_right}/{num} ({num_right / num:.0%}), in character {num_own}/{num}")
    if json_path is not None:
        json_path.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
