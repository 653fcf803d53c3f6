"""Jumps are found where they are, and streams of v3 and v4 are told to be what they are."""

from __future__ import annotations

import re

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.flow_streaming import jumps, main
from tts.decoders.flow_decoder import FlowStream


def test_a_jump_counts_where_it_is() -> None:
    samples = np.zeros(100)
    samples[50:] += 0.5
    samples[70:] += 0.25
    assert (jumps(samples, [50]).at_borders, jumps(samples, [50]).elsewhere) == (0.5, 0.25)
    assert (jumps(samples, [70]).at_borders, jumps(samples, [70]).elsewhere) == (0.25, 0.5)
    assert jumps(samples, [20]).at_borders == 0
    assert jumps(samples, [20]).mean == pytest.approx(0.75 / 99)


def run(voice: str) -> str:
    result = CliRunner().invoke(main, ["--seconds", "0.8", "--voice", voice], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def differences(output: str) -> list[float]:
    return [float(number) for number in re.findall(r"from offline (\S+) at most", output)]


def test_streams_differ_from_offline_by_nothing_that_can_be_heard() -> None:
    output = run("v4_lora")
    assert output.startswith("v4_lora")
    assert "the same bits whatever the size of the chunks" in output
    assert len(differences(output)) == 3
    assert max(differences(output)) < 2e-6


def test_chunks_that_are_faded_in_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    next_chunk = FlowStream.next_chunk

    def faded(self: FlowStream, num_frames: int) -> np.ndarray | None:
        chunk = next_chunk(self, num_frames)
        return chunk if chunk is None or not len(chunk) else chunk * np.linspace(0, 1, len(chunk))

    monkeypatch.setattr(FlowStream, "next_chunk", faded)
    output = run("v4")
    assert "OTHER BITS" in output
    assert min(differences(output)) > 1e-2
