"""The corpus can be made again piece by piece, and held-out sentences are in no other piece."""

import pytest

from demo.speech import corpus

WORDS = ("en", "zh")


def last_reply_shard(language: str) -> int:
    return -(-len(corpus.replies(language)) // corpus.SHARD_LINES)


@pytest.mark.parametrize("language", WORDS)
def test_held_out_sentences_are_many_and_nowhere_else(language):
    held_out = {line.text for line in corpus.held_out(language)}
    assert len(held_out) >= 50
    assert held_out.isdisjoint(line.text for line in corpus.replies(language))


@pytest.mark.parametrize("language", WORDS)
def test_replies_are_all_there_cut_as_when_spoken(language):
    texts = [line.text for line in corpus.replies(language)]
    assert len(texts) == len(set(texts)) > 500
    assert not any("{" in text for text in texts)
    wanted = {"en": "Here, let me fill your cup again.", "zh": "我叫皮普，是三思号的机械师。"}[language]
    assert wanted in texts


def test_a_shard_is_the_same_whenever_it_is_made():
    pytest.importorskip("wordfreq", reason="needs wordfreq")
    number = last_reply_shard("en") + 3
    assert corpus.shard("en", number) == corpus.shard("en", number)
    assert corpus.shard("en", number) != corpus.shard("en", number + 1)


def test_random_mandarin_is_mandarin_and_varied():
    lines = corpus.shard("zh", last_reply_shard("zh") + 1, has_english=False)
    assert len(lines) == len({line.text for line in lines}) == corpus.SHARD_LINES
    assert {line.kind for line in lines} == {"random"}
    assert not any(char.isascii() and char.isalpha() for line in lines for char in line.text)
    assert len({char for line in lines for char in line.text}) > 900
