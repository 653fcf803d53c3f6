"""Loops are found and cut at the last good point; long silences, held vowels and laughter are left alone."""

import random

from tts.loop_guard import find_loop


def speech(number: int, seed: int = 0, kinds: int = 400) -> list[int]:
    dice = random.Random(seed)
    return [dice.randrange(kinds) for _ in range(number)]


def first_alarm(tokens: list[int]) -> tuple[int, int] | None:
    """Return when the guard, asked after every token, speaks first, and what it keeps."""
    for number in range(1, len(tokens) + 1):
        kept = find_loop(tokens[:number])
        if kept is not None:
            return number, kept
    return None


def test_one_sound_for_six_seconds_is_cut_to_one() -> None:
    for stuck in ([486], [486, 7], [1, 2, 3], [1, 1, 2, 3, 4]):
        tokens = [*speech(40), *(stuck * 200)[:400]]
        number, kept = first_alarm(tokens) or (0, 0)
        assert 0 <= 40 + 150 - number <= 3, (
            stuck
        )  # a few tokens of the speech before may count among the four
        assert kept == number - 150 + 25, stuck


def test_wandering_among_few_tokens_is_stuck_too() -> None:
    dice = random.Random(1)
    tokens = [*speech(40), *(dice.choice([486, 487, 488, 489]) for _ in range(300))]
    number, kept = first_alarm(tokens) or (0, 0)
    assert 188 <= number <= 190
    assert kept == number - 125


def test_a_repeated_pattern_is_kept_once() -> None:
    for length in (5, 12, 25, 40, 60):
        pattern = speech(length, seed=2)
        number, kept = first_alarm([*speech(30, seed=3), *pattern * 40]) or (0, 0)
        assert number == 30 + max(75, 4 * length)
        assert kept == 30 + length


def test_a_loop_from_the_first_token_on() -> None:
    pattern = speech(10, seed=4)
    assert first_alarm(pattern * 20) == (75, 10)
    assert first_alarm([486] * 400) == (150, 25)


def test_long_silences_and_held_vowels_are_no_loops() -> None:
    silence = [486] * 140  # 5.6 s
    vowel = [300, 301] * 70
    assert first_alarm([*speech(50), *silence, *speech(50, seed=5), *vowel, *speech(50, seed=6)]) is None


def test_saying_it_three_times_and_laughing_are_no_loops() -> None:
    words = speech(25, seed=7)
    laugh = [t for i in range(15) for t in (*speech(6, seed=8)[:5], 700 + i)]  # nearly the same, 15 times
    assert first_alarm([*speech(20), *words * 3, *laugh, *speech(20, seed=9)]) is None


def test_a_minute_of_varied_tokens_is_no_loop() -> None:
    assert first_alarm(speech(1500, seed=10)) is None
    assert first_alarm(speech(1500, seed=11, kinds=8)) is None
