import pytest

from tts.edit_distance import edit_distance


@pytest.mark.parametrize(
    ("wanted", "found", "edits"),
    [
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "", 3),
        ("", "ab", 2),
        ("kitten", "sitting", 3),
        ("abc", "axbc", 1),
        ("abcd", "acd", 1),
        ([1, 2, 3], [4, 1, 5, 3], 2),
        (["AA1", "B"], ["AA0", "B"], 1),
    ],
)
def test_edits_are_counted_from_either_side(wanted, found, edits):
    assert edit_distance(wanted, found) == edit_distance(found, wanted) == edits
