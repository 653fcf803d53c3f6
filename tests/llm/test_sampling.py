"""Limits of the sampling parameters."""

from __future__ import annotations

import subprocess
import sys

import pytest

from llm.sampling import SamplingParams


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -0.1),
        ("temperature", float("nan")),
        ("top_p", 0.0),
        ("top_p", 1.1),
        ("top_k", -1),
        ("repetition_penalty", 0.0),
        ("repetition_penalty", float("inf")),
        ("max_new_tokens", 0),
        ("max_new_tokens", 10**6),
        ("stop", ("",)),
        ("stop", "abc"),
        ("stop", ("x",) * 17),
    ],
)
def test_values_out_of_range_are_refused_by_name(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=field.split("_")[0]):
        SamplingParams(**{field: value})  # pyright: ignore[reportArgumentType]


def test_greedy_is_zero_temperature_or_one_candidate() -> None:
    assert SamplingParams(temperature=0).is_greedy
    assert SamplingParams(top_k=1).is_greedy
    assert not SamplingParams().is_greedy


def test_messages_and_sampling_import_without_torch() -> None:
    code = "import sys, llm.messages, llm.sampling, llm.errors; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
