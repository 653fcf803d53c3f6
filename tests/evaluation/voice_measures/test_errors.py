import pytest

from evaluation.voice_measures.errors import ErrorCount, error_interval, error_rate
from evaluation.voice_measures.words import words_of


def count(wanted: str, heard: str) -> ErrorCount:
    return ErrorCount.between(wanted.split(), heard.split())


@pytest.mark.parametrize(
    ("heard", "edits"),
    [
        ("the old man sleeps", 0),
        ("the man sleeps", 1),
        ("the cold man slips", 2),
        ("the old old man now sleeps", 2),
        ("", 4),
    ],
)
def test_words_are_counted_by_the_edits_between_them(heard, edits):
    assert count("the old man sleeps", heard) == ErrorCount(edits, 4)


def test_the_rate_is_over_all_words_not_a_mean_of_sentences():
    counts = [count("one", "two"), count("a b c d e f g h i", "a b c d e f g h i")]
    assert error_rate(counts) == pytest.approx(0.1)


def test_more_can_be_heard_than_was_said():
    assert error_rate([count("yes", "yes yes yes")]) == 2.0


def test_no_rate_without_words_or_with_a_sentence_nobody_judged():
    assert error_rate([]) is None
    assert error_rate([ErrorCount(0, 0)]) is None
    assert error_rate([ErrorCount(1, 4), None]) is None
    assert error_interval([ErrorCount(1, 4), None]) is None


def test_the_interval_holds_the_rate_and_narrows_with_more_sentences():
    few = [ErrorCount(edits, 10) for edits in (0, 4, 1, 3)]
    low, high = error_interval(few) or (1, 0)
    assert low < 0.2 < high
    more_low, more_high = error_interval(few * 16) or (1, 0)
    assert more_low < 0.2 < more_high
    assert more_high - more_low < (high - low) / 2
    assert error_interval(few) == (low, high)


def test_words_are_those_that_are_said():
    assert words_of("Dr. Lee's 2 dogs -- don't bark!") == ["doctor", "lee's", "two", "dogs", "don't", "bark"]
    assert words_of("a twenty-one-year-old") == ["a", "twenty", "one", "year", "old"]
