"""The arithmetic: rows in any company get what transformers and peft compute for each alone."""

from __future__ import annotations

import copy
import warnings

import peft
import pytest
import torch

from llm import kv_rows
from llm.adapters import Adapters
from llm.decoding import BatchDecoder, Row
from llm.prefix_cache import PrefixCache
from llm.template import ChatTemplate

NAMES = ["warm", None, "cold", "warm", None, "cold", "cold", "warm"]
WORDS = ["你好", "storm", "今天喝什么茶？", "a b c d e f", "こんにちは", "Mind", "朋友", "😀"]


@pytest.fixture
def adapters(chat_model, tiny) -> Adapters:
    return Adapters(chat_model.model, tiny.adapters)


@pytest.fixture
def references(tiny):
    """The model under each name, as peft makes it."""

    def load(name):
        model = copy.deepcopy(tiny.model)
        return model if name is None else peft.PeftModel.from_pretrained(model, tiny.adapters / name)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft uses a name that transformers will drop
        return {name: load(name) for name in (None, "warm", "cold")}


@pytest.fixture(params=[False, True], ids=["batched", "batch_invariant"])
def decoder(request, chat_model, adapters) -> BatchDecoder:
    return BatchDecoder(chat_model, adapters, PrefixCache(1 << 20), batch_invariant=request.param)


class Greedy:
    """A row that takes the likeliest token, whatever it is."""

    def __init__(self, decoder, adapters, template, messages, name, *, has_prefix=True) -> None:
        ids = template.encode(messages)
        prefix_length = template.prefix_length(messages, ids) if has_prefix else 0
        self.row = Row(ids, prefix_length, adapters.acquire(name))
        self.num_prompt = len(ids)
        self.take(decoder.prefill(self.row)[0])

    def take(self, logits) -> None:
        self.row.append(int(logits.argmax()))

    @property
    def tokens(self) -> list[int]:
        return self.row.ids[self.num_prompt :].tolist()


def step(decoder, rows) -> None:
    for row, logits in zip(rows, decoder.step([row.row for row in rows]), strict=True):
        row.take(logits)


def test_eight_rows_of_mixed_adapters_equal_generate(
    decoder, adapters, references, tiny, chat, generate
) -> None:
    template = ChatTemplate(tiny.tokenizer)
    chats = [chat(*WORDS[: 2 * (n % 3)], word) for n, word in enumerate(WORDS)]
    rows = [
        Greedy(decoder, adapters, template, messages, name)
        for messages, name in zip(chats, NAMES, strict=True)
    ]
    for _ in range(31):
        step(decoder, rows)
    for row, messages, name in zip(rows, chats, NAMES, strict=True):
        expected = generate(references[name], messages)
        assert row.tokens[: len(expected)] == expected
        assert len(row.tokens) == 32


def test_a_merged_model_equals_its_adapter(decoder, adapters, references, tiny, chat, generate) -> None:
    merged = references["cold"].merge_and_unload()
    row = Greedy(decoder, adapters, ChatTemplate(tiny.tokenizer), chat("storm"), "cold")
    for _ in range(31):
        step(decoder, [row])
    expected = generate(merged, chat("storm"))
    assert row.tokens[: len(expected)] == expected


def test_rows_join_leave_and_pause_without_touching_the_others(decoder, adapters, tiny, chat) -> None:
    template = ChatTemplate(tiny.tokenizer)

    def make(n: int) -> Greedy:
        return Greedy(decoder, adapters, template, chat(*WORDS[: 2 * n], WORDS[n]), NAMES[n])

    alone = []
    for n in range(4):
        row = make(n)
        for _ in range(24):
            step(decoder, [row])
        decoder.remove(row.row)
        alone.append(row.tokens)

    rows = [make(0)]
    for turn in range(40):
        if turn in (3, 4, 9):
            rows.append(make(len(rows)))
        going = [row for n, row in enumerate(rows) if len(row.tokens) < 25 and (turn + n) % 5 != 0]
        if turn % 7 == 0:
            going.reverse()
        if going:
            step(decoder, going)
        for row in rows:
            if len(row.tokens) == 25:
                decoder.remove(row.row)
    for row, expected in zip(rows, alone, strict=True):
        assert len(row.tokens) > 20
        assert row.tokens == expected[: len(row.tokens)]


def test_removed_rows_take_their_memory_with_them(decoder, adapters, tiny, chat) -> None:
    template = ChatTemplate(tiny.tokenizer)
    rows = [Greedy(decoder, adapters, template, chat(word), None) for word in WORDS[:3]]
    step(decoder, rows)
    for row in rows:
        decoder.remove(row.row)
    assert not decoder._waiting
    assert not decoder._packs


def test_a_prefix_from_the_cache_gives_the_same_bits(chat_model, adapters, tiny, chat) -> None:
    template, cache = ChatTemplate(tiny.tokenizer), PrefixCache(1 << 20)
    decoder = BatchDecoder(chat_model, adapters, cache)
    without = BatchDecoder(chat_model, adapters, PrefixCache(0))
    messages = chat("storm")
    ids = template.encode(messages)

    def logits(with_decoder, name):
        row = Row(ids, template.prefix_length(messages, ids), adapters.acquire(name))
        first = with_decoder.prefill(row)
        row.append(int(first.argmax()))
        return torch.cat([first, with_decoder.step([row])])

    for name in (None, "warm"):
        miss, hit = logits(decoder, name), logits(decoder, name)
        assert torch.equal(miss, hit)
        assert torch.equal(hit, logits(without, name))
    assert cache.status()["num_hits"] == 2
    assert cache.status()["num_misses"] == 2
    assert not torch.equal(logits(decoder, None), logits(decoder, "cold"))


def test_batch_invariance_holds_to_the_last_bit(chat_model, adapters, tiny, chat) -> None:
    decoder = BatchDecoder(chat_model, adapters, PrefixCache(0), batch_invariant=True)
    template = ChatTemplate(tiny.tokenizer)
    rows = [
        Greedy(decoder, adapters, template, chat(word), name) for word, name in zip(WORDS, NAMES, strict=True)
    ]
    together = decoder.step([row.row for row in rows])
    for n, (word, name) in enumerate(zip(WORDS, NAMES, strict=True)):
        row = Greedy(decoder, adapters, template, chat(word), name)
        assert torch.equal(decoder.step([row.row])[0], together[n])


def test_caches_mask_and_ids_grow_beyond_their_first_room(decoder, adapters, tiny, chat, monkeypatch) -> None:
    monkeypatch.setattr(kv_rows, "_ROOM", 8)
    template = ChatTemplate(tiny.tokenizer)
    pair = [Greedy(decoder, adapters, template, chat(text), None) for text in ("storm", "今天喝什么茶？你好")]
    alone = [
        Greedy(decoder, adapters, template, chat(text), None) for text in ("storm", "今天喝什么茶？你好")
    ]
    for _ in range(70):
        step(decoder, pair)
    for row, together in zip(alone, pair, strict=True):
        for _ in range(70):
            step(decoder, [row])
        assert row.tokens == together.tokens
