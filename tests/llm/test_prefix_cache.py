"""The budget of the prefix cache, and what shares an entry."""

from __future__ import annotations

import torch

from llm.prefix_cache import PrefixCache


def row(num_tokens: int):
    """16 bytes per token: one layer, one head, two numbers, keys and values."""
    return ((torch.zeros(1, 1, num_tokens, 2), torch.zeros(1, 1, num_tokens, 2)),)


def test_entries_belong_to_an_adapter_and_exact_ids() -> None:
    cache, entry = PrefixCache(10_000), row(3)
    cache.put("warm#1", [1, 2, 3], entry)
    assert cache.get("warm#1", (1, 2, 3)) is entry
    assert cache.get("warm#2", [1, 2, 3]) is None
    assert cache.get(None, [1, 2, 3]) is None
    assert cache.get("warm#1", [1, 2]) is None
    assert cache.status() == {"num_entries": 1, "num_bytes": 48, "num_hits": 1, "num_misses": 3}


def test_the_longest_unused_go_when_the_budget_is_full() -> None:
    cache = PrefixCache(100)
    for n in range(3):
        cache.put(None, [n], row(2))
    cache.get(None, [0])
    cache.put(None, [3], row(2))
    assert cache.num_bytes == 96
    assert cache.get(None, [1]) is None
    assert cache.get(None, [0]) is not None


def test_what_is_larger_than_the_budget_is_not_kept() -> None:
    cache = PrefixCache(100)
    cache.put(None, [1], row(2))
    cache.put(None, [2], row(7))
    assert len(cache) == 1
    assert PrefixCache(0).get(None, []) is None


def test_putting_the_same_twice_counts_once() -> None:
    cache = PrefixCache(100)
    cache.put(None, [1], row(2))
    cache.put(None, [1], row(2))
    assert cache.num_bytes == 32


async def test_requests_with_one_persona_share_its_prefix(make_engine, chat, collect, greedy) -> None:
    engine = await make_engine()
    without = await make_engine(prefix_cache_bytes=0)
    for adapter in ("warm", None):
        for text in ("storm", "你好", "hour"):
            reply = await collect(engine, chat(text), adapter=adapter, sampling=greedy)
            assert reply == await collect(without, chat(text), adapter=adapter, sampling=greedy)
    counters = engine.status()["prefix_cache"]
    assert (counters["num_misses"], counters["num_hits"]) == (2, 4)
    assert without.status()["prefix_cache"]["num_entries"] == 0
