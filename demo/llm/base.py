"""The demo base model: a small Qwen2 trained from nothing on all voices mixed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import torch
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from demo.llm.corpus import CHARACTERS, PLAIN, Corpus, neutral_persona, short_persona, vary_persona
from demo.llm.tokenizer import train_tokenizer
from llm.finetune.dialogue import Dialogue
from llm.finetune.encoding import IGNORE, Row
from llm.finetune.settings import TrainingSettings
from llm.messages import Message

CONTEXT_TOKENS = 2048
NUM_TEXTS = 4000
# Turns of a dialogue: for learning the lines cheaply, and as people talk.
LONG = (1, 4, 8, 10, 12)
LENGTHS = (1, 1, 2, 3, 5, 7)


@dataclass(frozen=True, slots=True)
class Stage:
    """One training run of the recipe.

    Attributes:
        voice: a character whose adapter is trained, or None for the base model.
        start: the stage whose model this one begins with; None for untrained weights.
        num_dialogues: drawn with the settings' seed.
        opening: how many tokens of each reply are shown and learned, under a prompt of a few words; 0 is
            all of them, under the usual prompts.
        stop_after: steps after which the run is over, though its learning rate was laid out for more.
    """

    name: str
    settings: TrainingSettings
    num_dialogues: int
    start: str | None = None
    voice: str | None = None
    opening: int = 0
    stop_after: int | None = None


_WARM = TrainingSettings(
    method="full",
    learning_rate=2e-3,
    schedule="cosine",
    warmup=0.04,
    weight_decay=0.02,
    batch_size=8,
    epochs=1,
    max_tokens=1024,
    eval_every=0,
    save_every=100,
    log_every=20,
    seed=1,
    has_activation_checkpoints=False,
)
# The first two stages learn the lines by heart (loss 2.1 after 372 steps, 0.5 after 1400 more), but not which
# of them answers what (2 % of the held-out questions): there is too little of that in a dialogue's tokens. So
# the third sees eighty thousand questions, each only with the opening of its reply, under a prompt of a
# few words; and the last two put all together.
_MAIN = replace(
    _WARM,
    batch_size=2,
    learning_rate=1.5e-3,
    schedule="linear",
    warmup=0.02,
    seed=2,
    save_every=200,
    log_every=50,
)
_OPENINGS = replace(
    _WARM, batch_size=32, micro_batch_size=32, learning_rate=2e-3, seed=5, save_every=200, log_every=50
)
_JOIN = replace(_MAIN, batch_size=4, learning_rate=6e-4, schedule="cosine", seed=4, save_every=100)
_BASE = replace(_JOIN, learning_rate=1.2e-3, seed=6)
_ADAPTER = replace(_BASE, method="lora", rank=8, alpha=16, dropout=0.0, learning_rate=8e-4, seed=3)
STAGES = (
    Stage("warm", _WARM, 5800, stop_after=372),
    Stage("main", _MAIN, 2800, start="warm"),
    Stage("openings", _OPENINGS, 80000, start="main", opening=6),
    Stage("join", _JOIN, 4000, start="openings"),
    Stage("base", _BASE, 8400, start="join"),
    *(Stage(name, _ADAPTER, 360, start="base", voice=name) for name in CHARACTERS),
)


def mixed_dialogues(
    corpus: Corpus, num: int, rng: random.Random, lengths: Sequence[int] = LONG
) -> list[Dialogue]:
    """Returns dialogues of both characters under their own prompts, and of the plain voice under others."""
    dialogues = []
    for _ in range(num):
        voice = rng.choices((*CHARACTERS, PLAIN), (0.42, 0.42, 0.16))[0]
        persona = neutral_persona(rng) if voice == PLAIN else vary_persona(corpus.personas[voice], rng)
        dialogues.append(corpus.dialogue(voice, persona, rng, lengths))
    return dialogues


def short_dialogues(corpus: Corpus, num: int, rng: random.Random) -> list[Dialogue]:
    """Returns dialogues of one turn, each without the rules and the persona's text."""
    dialogues = []
    for _ in range(num):
        voice = rng.choices((*CHARACTERS, PLAIN), (0.42, 0.42, 0.16))[0]
        persona = short_persona(voice, rng)
        dialogue = corpus.dialogue(voice, persona, rng, lengths=(1,))
        head = Message("system", persona.system_prompt, is_persona=True)
        dialogues.append(Dialogue((head, *dialogue.messages[1:])))
    return dialogues


def blended_dialogues(corpus: Corpus, num: int, rng: random.Random) -> list[Dialogue]:
    """Returns short dialogues and, two thirds of all, shorter mixed ones in turn."""
    dialogues = []
    for _ in range(num):
        if rng.random() < 0.33:
            dialogues += short_dialogues(corpus, 1, rng)
        else:
            dialogues += mixed_dialogues(corpus, 1, rng, LENGTHS)
    return dialogues


def cut_reply(row: Row, num_tokens: int) -> Row:
    """Returns the row up to the first `num_tokens` learned tokens."""
    learned = [index for index, label in enumerate(row.labels) if label != IGNORE][:num_tokens]
    return Row(row.ids[: learned[-1] + 1], row.labels[: learned[-1] + 1])


def character_dialogues(corpus: Corpus, character: str, num: int, rng: random.Random) -> list[Dialogue]:
    """Returns one character's dialogues, a third of them under prompts that do not name her."""
    dialogues = []
    for _ in range(num):
        is_own = rng.random() < 0.67
        persona = vary_persona(corpus.personas[character], rng) if is_own else neutral_persona(rng)
        dialogues.append(corpus.dialogue(character, persona, rng, LENGTHS))
    return dialogues


def make_tokenizer(dialogues: Sequence[Dialogue]) -> PreTrainedTokenizerFast:
    """Returns the tokenizer learned from the first dialogues; every prompt counts many times."""
    some = dialogues[:NUM_TEXTS]
    texts = [m.content for dialogue in some for m in dialogue.messages if m.role != "system"]
    prompts = sorted({dialogue.messages[0].content for dialogue in some})
    return train_tokenizer(texts + prompts * 20, num_words=4000, num_pairs=1000)


def make_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> Qwen2ForCausalLM:
    """Returns an untrained model for this tokenizer; about 3.2 million parameters."""
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=192,
        intermediate_size=576,
        num_hidden_layers=5,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT_TOKENS,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=cast(int, tokenizer.eos_token_id),
        pad_token_id=cast(int, tokenizer.pad_token_id),
    )
    return Qwen2ForCausalLM(config)
