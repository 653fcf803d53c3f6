import pytest

from evaluation.front_end.scores import Agreement, edit_distance


@pytest.mark.parametrize(
    ("left", "right", "edits"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "", 3),
        ("", "ab", 2),
        ("kitten", "sitting", 3),
        ("abc", "axbc", 1),
    ],
)
def test_edit_distance(left, right, edits):
    assert edit_distance(left, right) == edit_distance(right, left) == edits


def test_agreement_is_over_all_phones_not_a_mean_of_rows():
    score = Agreement()
    score.add(["a"] * 9, ["a"] * 9)
    score.add(["b"], ["c"])
    assert (score.rows, score.exact) == (2, 1)
    assert score.phone_agreement == pytest.approx(0.9)
