"""A byte-level BPE tokenizer of our own, with the special tokens and the chat layout of Qwen2.5."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from demo.llm.corpus import CHARACTERS, PLAIN, Corpus, neutral_persona, vary_persona
from llm.messages import build_messages

NUM_TALKS = 4000
NUM_PROMPTS = 400
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
_HAN = re.compile("[\u4e00-\u9fff]{2,}")
# Words with their blank, single digits, runs of marks, line breaks; as GPT-4's and Qwen's splitters do.
_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
# ChatML. Without a system message one is put in, so that no prompt ever begins with the user.
CHAT_TEMPLATE = (
    "{%- set turns = messages %}"
    "{%- if turns[0]['role'] != 'system' %}"
    "{{- '<|im_start|>system\\nYou are a friendly companion.<|im_end|>\\n' }}"
    "{%- endif %}"
    "{%- for turn in turns %}"
    "{{- '<|im_start|>' ~ turn['role'] ~ '\\n' ~ turn['content'] ~ '<|im_end|>\\n' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)


def make_tokenizer(corpus: Corpus) -> PreTrainedTokenizerFast:
    """Returns the tokenizer learned from talks of all voices; every prompt counts many times."""
    rng = random.Random(1)
    texts, prompts = [], set()
    for _ in range(NUM_TALKS):
        talk = corpus.talk(rng.choice((*CHARACTERS, PLAIN)), "", rng, (4,))
        texts += [message.content for message in talk.messages]
    for _ in range(NUM_PROMPTS):
        own = vary_persona(corpus.personas[rng.choice(CHARACTERS)], rng)
        for persona in (own, neutral_persona(rng)):
            prompts |= {message.content for message in build_messages(persona, [], "-")}
    return train_tokenizer(texts + sorted(prompts) * 20, num_words=4000, num_pairs=1000)


def train_tokenizer(texts: Sequence[str], *, num_words: int, num_pairs: int) -> PreTrainedTokenizerFast:
    """Learns a vocabulary.

    Chinese characters are learned one by one, then the most frequent neighbours are joined to pairs, and no
    further: long Chinese tokens would make two wordings of one question look unrelated to a small model.

    Args:
        texts: what to learn from.
        num_words: tokens for everything but the pairs, with the 256 bytes.
        num_pairs: most Chinese pairs.
    """
    tokenizer = Tokenizer(models.BPE())
    words = pre_tokenizers.Split(Regex(_WORDS), "isolated")
    single_han = pre_tokenizers.Split(Regex(r"\p{Han}"), "isolated")
    as_bytes = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, single_han, as_bytes])
    trainer = trainers.BpeTrainer(
        vocab_size=num_words,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
        min_frequency=2,
    )
    tokenizer.train_from_iterator(texts, trainer)
    state = json.loads(tokenizer.to_str())
    _add_pairs(state["model"], texts, tokenizer, num_pairs)
    tokenizer = Tokenizer.from_str(json.dumps(state))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, as_bytes])
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",  # noqa: S106 - no password
        pad_token="<|endoftext|>",  # noqa: S106 - no password
        additional_special_tokens=["<|im_start|>"],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=1024,
    )


def _add_pairs(model: dict[str, Any], texts: Sequence[str], tokenizer: Tokenizer, num_pairs: int) -> None:
    """Appends merges of two Chinese characters to a BPE model's state; last in rank, so words stay whole."""
    counts: Counter[str] = Counter()
    for text in texts:
        for run in _HAN.findall(text):
            counts.update(run[i : i + 2] for i in range(len(run) - 1))
    for pair, count in counts.most_common(num_pairs):
        halves = [tokenizer.encode(character).tokens for character in pair]
        if count < 8 or any(len(half) != 1 for half in halves):
            continue
        left, right = halves[0][0], halves[1][0]
        if left + right not in model["vocab"]:
            model["vocab"][left + right] = len(model["vocab"])
            model["merges"].append([left, right])
