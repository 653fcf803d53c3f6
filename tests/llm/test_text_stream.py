"""Tokens become text at once and whole."""

from __future__ import annotations

import random

import pytest

from llm.text_stream import Detokenizer, StopTexts

TEXTS = [
    "こんにちは。きょうはいい天気ですね。",
    "今天的山风很舒服，朋友。",
    "The storm is an hour off. Mind the step!",
    "家族 👨‍👩‍👧‍👦 と 🎉！",
    "안녕하세요 여러분",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_without_lag_or_loss(tiny, text) -> None:
    backend = tiny.tokenizer.backend_tokenizer
    ids = backend.encode(text, add_special_tokens=False).ids
    detokenizer, shown = Detokenizer(backend), ""
    for end, token in enumerate(ids, 1):
        shown += detokenizer.push(token)
        assert shown == backend.decode(ids[:end]).rstrip("\ufffd"), "a character came late"
    assert shown == text


def test_a_half_character_at_the_end_is_left_out_and_what_stands_before_it_is_not(tiny) -> None:
    backend = tiny.tokenizer.backend_tokenizer
    ids = backend.encode("好🦜", add_special_tokens=False).ids
    for cut in range(1, len(ids)):
        detokenizer = Detokenizer(backend)
        shown = "".join(detokenizer.push(token) for token in ids[:cut])
        assert shown == backend.decode(ids[:cut]).rstrip("\ufffd")


def test_any_tokens_at_all_give_clean_text_and_specials_none(tiny) -> None:
    backend, chance = tiny.tokenizer.backend_tokenizer, random.Random(0)
    for _ in range(50):
        ids = [chance.randrange(len(tiny.tokenizer)) for _ in range(40)]
        detokenizer = Detokenizer(backend)
        shown = "".join(detokenizer.push(token) for token in ids)
        assert shown == backend.decode(ids, skip_special_tokens=True).replace("\ufffd", "")


@pytest.mark.parametrize(
    ("text", "stops", "expected"),
    [
        ("Wren: hi\nUser: more", ("\nUser:",), "Wren: hi"),
        ("aaab", ("aab",), "a"),
        ("one two", ("three",), "one two"),
        ("ab\n", ("\n\n",), "ab\n"),
        ("xyz", ("z", "yz"), "x"),
        ("nothing", (), "nothing"),
        ("stop", ("stop",), ""),
    ],
)
def test_stop_texts_cut_however_the_text_is_chopped(text, stops, expected) -> None:
    for size in range(1, len(text) + 1):
        stopper = StopTexts(stops)
        shown = "".join(stopper.push(text[at : at + size]) for at in range(0, len(text), size))
        assert shown + stopper.flush() == expected
        assert stopper.is_hit == (expected != text)


def test_text_that_cannot_begin_a_stop_is_not_held_back() -> None:
    stopper = StopTexts(("\nUser:",))
    assert stopper.push("hello") == "hello"
    assert stopper.push(" you\nU") == " you"
    assert stopper.push("p!") == "\nUp!"
