"""What the base model learns from: batches of talks, each reply marked with what it is about."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from demo.llm.corpus import (
    CHARACTERS,
    PLAIN,
    Corpus,
    neutral_persona,
    short_persona,
    under,
    under_short_prompt,
    vary_persona,
)
from llm.finetune.batches import PadRight
from llm.finetune.dialogue import Dialogue
from llm.finetune.encoding import IGNORE, Encoder, Row
from tts.finetune.training_loop import step_seed

# Turns under a character's long prompt, which costs the same however many there are, and under a short one.
LONG = (2, 4, 6, 8, 10)
SHORT = (1, 1, 2, 3)
VOICES = (*CHARACTERS, PLAIN)
SHARES = (0.3, 0.3, 0.3, 0.1)
OPENING = 6  # tokens of a reply that tell it from all others


@dataclass(frozen=True, slots=True)
class Batch:
    """Encoded talks, R replies in all.

    Attributes:
        ids, mask, labels: (B, T) as the Trainer's batches have them.
        rows: (R,) in which row each reply stands.
        starts, ends: (R,) the user's turn before it is `ids[row, start:end]`; the reply begins behind `end`.
        topics: (R,) what it is about, as an index into the corpus's intents.
    """

    ids: Tensor
    mask: Tensor
    labels: Tensor
    rows: Tensor
    starts: Tensor
    ends: Tensor
    topics: Tensor


class Lessons:
    """Draws the batches of a run: first many questions with the openings of replies, then whole talks.

    Almost all tokens of a talk are its prompt and the lines' own words. Which line answers what is told by
    a few of them only, so the openings alone, under a prompt of a few words, teach it at a tenth of the cost.

    Args:
        num_openings: steps before the whole talks begin.
    """

    def __init__(self, corpus: Corpus, tokenizer: PreTrainedTokenizerFast, num_openings: int) -> None:
        self._corpus = corpus
        self._encoder = Encoder(tokenizer)
        vocabulary = tokenizer.get_vocab()
        self._pad = PadRight(vocabulary["<|endoftext|>"])
        self._turn_id = vocabulary["<|im_start|>"]
        self._num_openings = num_openings

    def draw(self, step: int, batch_size: int, seed: int) -> Batch:
        """Returns a step's batch: so many openings, or fewer whole talks, long and short ones in turn."""
        rng = random.Random(step_seed(seed, step))
        if step < self._num_openings:
            talks = [self._short(rng, (1,)) for _ in range(batch_size)]
            rows = [cut_reply(row, OPENING) for row, _ in talks]
        else:
            is_short = step % 2
            num = -(-batch_size // (2 if is_short else 10))
            talks = [self._short(rng, SHORT) if is_short else self._long(rng) for _ in range(num)]
            rows = [row for row, _ in talks]
        return self._batch(rows, [topics for _, topics in talks])

    def _short(self, rng: random.Random, lengths: Sequence[int]) -> tuple[Row, list[int]]:
        voice = rng.choices(VOICES, SHARES)[0]
        persona = short_persona(voice, rng)
        talk = self._corpus.talk(voice, persona.greeting, rng, lengths)
        return self._encoder.encode(under_short_prompt(persona, talk.messages)), self._topics(talk.intents)

    def _long(self, rng: random.Random) -> tuple[Row, list[int]]:
        voice = rng.choices(VOICES, SHARES)[0]
        persona = neutral_persona(rng) if voice == PLAIN else vary_persona(self._corpus.personas[voice], rng)
        talk = self._corpus.talk(voice, persona.greeting, rng, LONG)
        return self._encoder.encode(under(persona, talk.messages)), self._topics(talk.intents)

    def _topics(self, intents: Sequence[str]) -> list[int]:
        return [self._corpus.intents.index(intent) for intent in intents]

    def _batch(self, rows: Sequence[Row], topics: Sequence[Sequence[int]]) -> Batch:
        padded = self._pad([{"input_ids": row.ids, "labels": row.labels} for row in rows])
        places = [
            (index, start, end, topic)
            for index, row in enumerate(rows)
            for (start, end), topic in zip(user_turns(row, self._turn_id), topics[index], strict=True)
        ]
        columns = torch.tensor(places).T
        return Batch(padded["input_ids"], padded["attention_mask"], padded["labels"], *columns)


def user_turns(row: Row, turn_id: int) -> list[tuple[int, int]]:
    """Returns, for every learned reply, where the user's turn before it begins and where the reply begins."""
    learned = [label != IGNORE for label in row.labels]
    replies = [i for i in range(1, len(learned)) if learned[i] and not learned[i - 1]]
    turns = [i for i, token in enumerate(row.ids) if token == turn_id]
    # The last two turns that begin before a reply are the user's and the reply's own.
    return [([turn for turn in turns if turn < reply][-2], reply) for reply in replies]


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
        talk = corpus.talk(character, persona.greeting, rng, LONG)
        dialogues.append(under(persona, talk.messages))
    return dialogues
