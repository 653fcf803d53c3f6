import pytest

from evaluation.front_end.scores import Agreement


def test_agreement_is_over_all_phones_not_a_mean_of_rows():
    score = Agreement()
    score.add(["a"] * 9, ["a"] * 9)
    score.add(["b"], ["c"])
    assert (score.rows, score.exact) == (2, 1)
    assert score.phone_agreement == pytest.approx(0.9)
