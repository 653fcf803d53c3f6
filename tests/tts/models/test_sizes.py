"""Sizes: errors say which tensor or setting of which file is at fault."""

from typing import Any

import pytest
import torch

from tts.checkpoint import BadCheckpoint
from tts.models.sizes import Sizes


def test_sizes_of_tensors_and_lists() -> None:
    sizes = Sizes({"a.0.w": torch.zeros(2, 3), "a.1.w": torch.zeros(2)}, "v.pth", {"rates": (10, 8)})
    assert sizes.dim("a.0.w", 1) == 3
    assert sizes.count("a.{}.w") == 2
    assert sizes.integers("rates") == (10, 8)
    rows = Sizes({}, "v.pth", {"dilations": ((1, 3), [5])})
    assert rows.integer_rows("dilations") == ((1, 3), (5,))
    for value in (None, [], [1], [[]], [[0]]):
        with pytest.raises(BadCheckpoint, match=r"config\.model\.dilations"):
            Sizes({}, "v.pth", {"dilations": value}).integer_rows("dilations")


@pytest.mark.parametrize("name", ["missing", "flat"])
def test_missing_tensors_are_named(name: str) -> None:
    with pytest.raises(BadCheckpoint, match=rf"v\.pth: missing tensor {name}"):
        Sizes({"flat": torch.zeros(2)}, "v.pth").dim(name, 1)
    with pytest.raises(BadCheckpoint, match=r"missing tensor b\.0"):
        Sizes({}, "v.pth").count("b.{}")


@pytest.mark.parametrize("value", [None, [], "10", 10, [0], [-1], [5000], [1.5], [True], [[1]]])
def test_settings_that_are_no_numbers_are_refused(value: Any) -> None:
    with pytest.raises(BadCheckpoint, match=r"config\.model\.rates"):
        Sizes({}, "v.pth", {"rates": value}).integers("rates")
