"""Programs are told every stage and its figures, a JSON object a line, beside what people see."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tts.finetune.progress_events import ToldProgress, tell_on_stderr
from tts.finetune.stage_progress import StageLines


class Listener:
    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def __call__(self, event: str, **values: Any) -> None:
        self.events.append({"event": event, **values})


def test_a_training_tells_steps_at_most_once_a_second_and_all_figures() -> None:
    listener, now = Listener(), [0.0]
    progress = ToldProgress("semantic", "", listener, is_terminal=False, clock=lambda: now[0])
    progress.begin(4, 8)
    for step, time in ((5, 0.4), (6, 1.1), (7, 1.2), (8, 1.3)):
        now[0] = time
        progress.advance(step)
    progress.log(8, {"nll": 0.5})
    progress.evaluated(8, {"top1": 0.25})
    progress.tell("out of memory")
    steps = [event["step"] for event in listener.events if event["event"] == "step"]
    assert steps == [4, 6, 8]
    head = {"stage": "semantic", "step": 8, "num_steps": 8}
    assert listener.events[-3:] == [
        {"event": "losses", **head, "nll": 0.5},
        {"event": "evaluation", **head, "top1": 0.25},
        {"event": "note", "stage": "semantic", "text": "out of memory"},
    ]


def test_stages_tell_when_they_begin_and_end(capsys: pytest.CaptureFixture[str]) -> None:
    listener = Listener()
    lines = StageLines(("cut", "train"), is_terminal=False, tell=listener)
    with lines.counting("cut", "recordings") as told:
        told(2, 2)
    with lines.counting("train"):
        lines.began("train", True)
    found = [(e["stage"], e["number"], e["state"]) for e in listener.events if e["event"] == "stage"]
    assert found == [
        ("cut", 1, "begun"),
        ("cut", 1, "done"),
        ("train", 2, "begun"),
        ("train", 2, "done before"),
    ]
    assert capsys.readouterr().out.splitlines() == [
        "[1/2] cut: 2 recordings, 0 s",
        "[2/2] train: done before",
    ]


def test_events_are_lines_of_json_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    tell_on_stderr("note", text="第一\nline")
    said = capsys.readouterr()
    assert said.out == ""
    assert json.loads(said.err) == {"event": "note", "text": "第一\nline"}
    assert said.err.count("\n") == 1
