"""Rows of the three formats become the same chat; what cannot be learned from has a reason."""

import pytest

from llm.finetune.errors import BadFormat, BadRow
from llm.finetune.formats import Layout, guess_layout

WANTED = (("user", "你是谁？"), ("assistant", "我是小雁。"), ("user", "哦\n再说"), ("assistant", "好。"))


@pytest.mark.parametrize(
    "row",
    [
        {
            "instruction": "哦",
            "input": "再说",
            "output": "好。",
            "system": "S",
            "history": [["你是谁？", "我是小雁。"]],
        },
        {
            "system": "S",
            "conversations": [
                {"from": "human", "value": "你是谁？"},
                {"from": "gpt", "value": " 我是小雁。\n"},
                {"from": "human", "value": "哦\n再说"},
                {"from": "gpt", "value": "好。"},
                {"from": "human", "value": "nobody answered this"},
            ],
        },
        {
            "messages": [
                {"role": "system", "content": "S"},
                {"role": "user", "content": "你是谁？"},
                {"role": "assistant", "content": "我是小雁。"},
                {"role": "user", "content": "哦\n再说"},
                {"role": "assistant", "content": "好。"},
            ]
        },
    ],
    ids=["alpaca", "sharegpt", "openai"],
)
def test_the_three_formats_say_the_same(row) -> None:
    chat = guess_layout(row).read(row)
    assert chat.system == "S"
    assert chat.turns == WANTED


def test_renamed_columns_and_tags() -> None:
    layout = Layout(
        "sharegpt",
        {"messages": "talk", "system": "who"},
        {"role_tag": "r", "content_tag": "c", "user_tag": "me"},
    )
    row = {"who": "S", "talk": [{"r": "me", "c": "a"}, {"r": "gpt", "c": "b"}]}
    assert layout.read(row).turns == (("user", "a"), ("assistant", "b"))
    renamed = Layout("alpaca", {"prompt": "q", "response": "a"})
    assert renamed.read({"q": "x", "a": "y"}).turns == (("user", "x"), ("assistant", "y"))


def test_a_greeting_may_come_first() -> None:
    row = {
        "conversations": [
            {"from": "gpt", "value": "hi"},
            {"from": "user", "value": "a"},
            {"from": "gpt", "value": "b"},
        ]
    }
    assert [role for role, _ in guess_layout(row).read(row).turns] == ["assistant", "user", "assistant"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"instruction": "a", "output": ""}, "empty"),
        ({"instruction": "a", "output": 3}, "not text"),
        ({"instruction": "a", "output": "b", "history": ["x"]}, "history"),
        ({"conversations": [{"from": "human", "value": "a"}]}, "no question with an answer"),
        (
            {"conversations": [{"from": "human", "value": "a"}, {"from": "observation", "value": "b"}]},
            "observation",
        ),
        ({"conversations": [{"from": "human", "value": "a"}, {"from": ["x"], "value": "b"}]}, "role"),
        (
            {"messages": [{"role": "user", "content": "a"}] * 2 + [{"role": "assistant", "content": "b"}]},
            "take turns",
        ),
        (
            {
                "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
                "tools": "[1]",
            },
            "tools",
        ),
        ({"messages": "hello"}, "no list"),
        ({"messages": ["hello"]}, "not an object"),
    ],
)
def test_rows_that_cannot_be_used_have_a_reason(row, reason) -> None:
    with pytest.raises(BadRow, match=reason):
        guess_layout(row).read(row)


def test_unknown_formats_and_columns_name_the_valid_ones() -> None:
    with pytest.raises(BadFormat, match=r"answer, question.*instruction \+ output.*conversations.*messages"):
        guess_layout({"question": "a", "answer": "b"})
    with pytest.raises(BadFormat, match="alpaca, sharegpt, openai"):
        Layout("csv")
    with pytest.raises(BadFormat, match="no column 'chosen'; valid: prompt, query, response"):
        Layout("alpaca", {"chosen": "x"})
