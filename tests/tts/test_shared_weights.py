"""Weights are loaded once while anybody has them, and let go afterwards."""

import gc
from pathlib import Path

from torch import nn

from tts.shared_weights import SharedWeights, file_stamp


def test_weights_in_use_are_shared_and_others_let_go() -> None:
    shared, loads = SharedWeights(), []

    def load() -> nn.Linear:
        loads.append(1)
        return nn.Linear(2, 2)

    first = shared.get("a", load)
    assert shared.get("a", load) is first
    assert shared.get("b", load) is not first
    assert len(loads) == 2
    del first
    gc.collect()
    shared.get("a", load)
    assert len(loads) == 3


def test_a_changed_file_has_another_stamp(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    before = file_stamp(path)
    assert file_stamp(path) == before
    path.write_bytes(b"12")
    assert file_stamp(path) != before
