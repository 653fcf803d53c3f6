"""The demo base model: a small Qwen2 trained from nothing on all voices mixed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from demo.llm.corpus import CHARACTERS, PLAIN, Corpus, neutral_persona, vary_persona
from demo.llm.tokenizer import train_tokenizer
from llm.finetune.dialogue import Dialogue
from llm.finetune.settings import TrainingSettings

CONTEXT_TOKENS = 2048
NUM_TEXTS = 4000


@dataclass(frozen=True, slots=True)
class Stage:
    """One training run of the recipe.

    Attributes:
        voice: a character whose adapter is trained, or None for the base model.
        start: the stage whose model this one begins with; None for untrained weights.
        num_dialogues: drawn with the settings' seed.
        stop_after: steps after which the run is over, though its learning rate was laid out for more.
    """

    name: str
    settings: TrainingSettings
    num_dialogues: int
    start: str | None = None
    voice: str | None = None
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
# Measured: with 8 dialogues a step the loss still was 2.1 after 370 steps (11 CPU minutes), so the second
# run takes many small steps instead.
_BASE = replace(
    _WARM,
    batch_size=2,
    learning_rate=1.5e-3,
    schedule="linear",
    warmup=0.02,
    seed=2,
    save_every=200,
    log_every=50,
)
_ADAPTER = replace(_BASE, method="lora", rank=8, alpha=16, dropout=0.0, learning_rate=2e-3, seed=3)
STAGES = (
    Stage("warm", _WARM, 5800, stop_after=372),
    Stage("base", _BASE, 2800, start="warm"),
    *(Stage(name, _ADAPTER, 360, start="base", voice=name) for name in CHARACTERS),
)


def mixed_dialogues(corpus: Corpus, num: int, rng: random.Random) -> list[Dialogue]:
    """Returns dialogues of both characters under their own prompts, and of the plain voice under others."""
    dialogues = []
    for _ in range(num):
        voice = rng.choices((*CHARACTERS, PLAIN), (0.42, 0.42, 0.16))[0]
        persona = neutral_persona(rng) if voice == PLAIN else vary_persona(corpus.personas[voice], rng)
        dialogues.append(corpus.dialogue(voice, persona, rng))
    return dialogues


def character_dialogues(corpus: Corpus, character: str, num: int, rng: random.Random) -> list[Dialogue]:
    """Returns one character's dialogues, a third of them under prompts that do not name her."""
    dialogues = []
    for _ in range(num):
        is_own = rng.random() < 0.67
        persona = vary_persona(corpus.personas[character], rng) if is_own else neutral_persona(rng)
        dialogues.append(corpus.dialogue(character, persona, rng))
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
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return Qwen2ForCausalLM(config)
