import pytest

from evaluation.front_end.wishes import keeps_wish, score_truth, score_wishes
from tts.text.front_end import FrontEnd

WISH = {"id": "w", "norm_any": [], "norm_none": [], "phone_any": [], "phone_none": []}


@pytest.fixture(scope="module")
def front_end() -> FrontEnd:
    return FrontEnd()


def test_wishes():
    assert keeps_wish(WISH, "a", ["b"])
    assert keeps_wish(WISH | {"norm_any": ["q", "four, five"]}, "FOUR FIVE, six", [])
    assert not keeps_wish(WISH | {"norm_any": ["x"]}, "four", [])
    assert not keeps_wish(WISH | {"norm_none": ["减"]}, "五减三", [])
    assert keeps_wish(WISH | {"phone_any": ["b c"]}, "", ["a", "b", "c"])
    assert not keeps_wish(WISH | {"phone_any": ["b c"]}, "", ["a", "ab", "c"])
    assert not keeps_wish(WISH | {"phone_none": ["b"]}, "", ["a", "b"])


def test_marked_characters_are_found_and_named_if_wrong(front_end):
    target = {"index": 1, "char": "长", "want": "zhang3", "accept": ["zhang3"]}
    rows = [
        {"id": "p", "text": "校长", "targets": [target, target | {"want": "chang2", "accept": ["chang2"]}]}
    ]
    second = {"index": 3, "char": "行", "want": "hang2", "accept": ["hang2"]}
    rows.append({"id": "q", "text": "行走银行", "targets": [second]})
    truth, wrong = score_truth(rows, front_end)
    assert (truth.rows, truth.targets, truth.right) == (2, 3, 2)
    assert wrong == ["p 校长: 长 is chang2, not zh ang3"]


def test_broken_wishes_are_named(front_end):
    row = WISH | {"lang": "zh", "text": "好的"}
    wishes, broken = score_wishes([row, row | {"norm_any": ["坏"]}], front_end)
    assert (wishes.rows, wishes.kept) == (2, 1)
    assert broken == ["w 好的: .好的 [. h ao3 d e5]"]
