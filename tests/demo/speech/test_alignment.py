"""Sounds find the phones they were made from."""

from demo.speech.alignment import align

HELLO = ["HH", "AH0", "L", "OW1", ",", "W", "ER1", "L", "D", "."]


def test_same_sounds_cost_nothing_and_match_one_by_one():
    owners, cost = align(["hh", "ax", "l", "ow", "pau", "w", "er", "l", "d", "pau"], HELLO)
    assert owners == list(range(10))
    assert cost == 0


def test_silence_may_come_and_go():
    owners, cost = align(["pau", "hh", "ax", "l", "ow", "w", "er", "pau", "l", "d", "pau"], HELLO)
    assert owners == [0, 0, 1, 2, 3, 5, 6, 6, 7, 8, 9]
    assert cost < 0.01


def test_another_vowel_keeps_its_place():
    owners, cost = align(["hh", "eh", "l", "ow", "pau", "w", "er", "l", "d", "pau"], HELLO)
    assert owners == list(range(10))
    assert 0 < cost < 0.1


def test_an_added_sound_belongs_to_the_phone_before_and_costs_more_than_a_weak_vowel():
    added, cost_added = align(["hh", "ax", "l", "ow", "r", "pau", "w", "er", "l", "d", "pau"], HELLO)
    assert added == [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 9]
    _, cost_weak = align(["hh", "ah", "l", "ow", "pau", "w", "er", "l", "d", "pau"], HELLO)
    assert cost_weak < cost_added


def test_a_left_out_phone_is_skipped():
    owners, _ = align(["hh", "ax", "l", "ow", "pau", "w", "er", "d", "pau"], HELLO)
    assert owners == [0, 1, 2, 3, 4, 5, 6, 8, 9]
