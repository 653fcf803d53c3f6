"""The loop's laws, on a trainee small enough to train in milliseconds."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from runtime.stop_flag import StopFlag
from tts.finetune.ema import WeightAverage
from tts.finetune.length_buckets import LengthBuckets
from tts.finetune.run_folder import BadRun
from tts.finetune.training_loop import LoopSettings, Trainee, TrainingFailed, train
from tts.finetune.training_progress import Progress


class Line(Trainee):
    """Learns to fit a line, with noise drawn in the step, an optimiser with memory, and an average."""

    def __init__(self, *, on_step: Callable[[int, np.ndarray], None] = lambda _count, _batch: None) -> None:
        torch.manual_seed(1)
        self.net = nn.Linear(1, 1)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=0.05)
        self.average = WeightAverage(self.net, 0.9)
        self.seen: list[list[int]] = []
        self.on_step = on_step

    def train_step(self, batch: np.ndarray) -> Mapping[str, float | torch.Tensor]:
        self.on_step(len(self.seen), batch)
        self.seen.append(batch.tolist())
        self.optimizer.zero_grad()
        x = torch.from_numpy(batch).float().unsqueeze(1) / 10
        loss = (self.net(x + 0.1 * torch.randn(x.shape)) - 3 * x + 1).square().mean()
        loss.backward()
        self.optimizer.step()
        self.average.update()
        return {"loss": loss.detach()}

    def state_dict(self) -> dict[str, Any]:
        parts = (self.net, self.optimizer, self.average)
        return {str(i): part.state_dict() for i, part in enumerate(parts)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for i, part in enumerate((self.net, self.optimizer, self.average)):
            part.load_state_dict(state[str(i)])

    def evaluate(self) -> Mapping[str, float]:
        return {"slope": float(self.net.weight.detach()) + float(torch.rand(()))}


class Numbers:
    """Twenty numbers in batches of the loop's size."""

    def __init__(self) -> None:
        self.buckets = LengthBuckets(range(20))

    def draw(self, step: int, batch_size: int, seed: int) -> np.ndarray:
        return np.array(self.buckets.indices(step, batch_size, seed))


def settings(**changes: Any) -> LoopSettings:
    return LoopSettings(
        **({"num_steps": 30, "batch_size": 4, "save_every": 7, "eval_every": 10, "log_every": 5} | changes)
    )


def quiet() -> Progress:
    return Progress(is_terminal=False, echo=lambda *_args, **_options: None)


def history(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("end_after", [1, 7, 12, 29])
def test_an_interrupted_and_resumed_run_is_bit_for_bit_the_uninterrupted_one(
    tmp_path: Path, end_after: int
) -> None:
    whole = Line()
    result = train(whole, Numbers(), settings(), tmp_path / "whole", progress=quiet())
    assert (result.num_steps, result.is_finished) == (30, True)

    stop = StopFlag()
    first = Line(on_step=lambda count, _batch: stop.set() if count + 1 == end_after else None)
    half = train(first, Numbers(), settings(), tmp_path / "half", stop=stop, progress=quiet())
    assert (half.num_steps, half.is_finished) == (end_after, False)
    second = Line()
    assert train(second, Numbers(), settings(), tmp_path / "half", progress=quiet()).is_finished

    assert first.seen + second.seen == whole.seen
    for name in ("0", "2"):
        ours, theirs = second.state_dict()[name], whole.state_dict()[name]
        ours, theirs = ours.get("averages", ours), theirs.get("averages", theirs)
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
    ends = [history(tmp_path / name)[-1] for name in ("whole", "half")]
    assert ends[0]["evaluation"] == ends[1]["evaluation"]
    assert [line["step"] for line in history(tmp_path / "half")] == sorted(
        line["step"] for line in history(tmp_path / "half")
    )


def test_after_a_crash_it_goes_on_from_the_last_checkpoint(tmp_path: Path) -> None:
    def crash(count: int, _batch: np.ndarray) -> None:
        if count == 17:
            raise OSError("disk on fire")

    with pytest.raises(OSError, match="on fire"):
        train(Line(on_step=crash), Numbers(), settings(), tmp_path, progress=quiet())
    again, whole = Line(), Line()
    train(again, Numbers(), settings(), tmp_path, progress=quiet())
    train(whole, Numbers(), settings(), tmp_path / "whole", progress=quiet())
    assert len(again.seen) == 30 - 14
    assert torch.equal(again.net.weight, whole.net.weight)
    steps = [line["step"] for line in history(tmp_path) if "loss" in line]
    assert len(steps) == len(set(steps))


def test_two_checkpoints_are_kept_and_a_damaged_one_is_passed_over(tmp_path: Path) -> None:
    train(Line(), Numbers(), settings(), tmp_path, progress=quiet())
    files = sorted(tmp_path.glob("checkpoint-*"))
    assert [file.name for file in files] == ["checkpoint-000000028.pt", "checkpoint-000000030.pt"]
    files[1].write_bytes(files[1].read_bytes()[:500])
    again = Line()
    assert train(again, Numbers(), settings(), tmp_path, progress=quiet()).is_finished
    assert len(again.seen) == 2
    for file in tmp_path.glob("checkpoint-*"):
        file.write_bytes(b"")
    with pytest.raises(BadRun, match="none of its 2 checkpoints"):
        train(Line(), Numbers(), settings(), tmp_path, progress=quiet())


def test_ctrl_c_saves_and_ends(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    trainee = Line(on_step=lambda count, _batch: os.kill(os.getpid(), signal.SIGINT) if count == 8 else None)
    result = train(trainee, Numbers(), settings(), tmp_path, progress=quiet())
    assert (result.num_steps, result.is_finished) == (9, False)
    assert (tmp_path / "checkpoint-000000009.pt").is_file()
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_in_an_evaluation_loses_no_step(tmp_path: Path) -> None:
    stop, trainee = StopFlag(), Line()
    asked = Progress(is_terminal=False, echo=lambda text, **_options: "held out" in text and stop.set())
    assert train(trainee, Numbers(), settings(), tmp_path, stop=stop, progress=asked).num_steps == 10
    again = Line()
    assert train(again, Numbers(), settings(), tmp_path, progress=quiet()).is_finished
    assert len(again.seen) == 20


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_full_memory_halves_the_batch_for_good(tmp_path: Path, error: Exception) -> None:
    def refuse(_count: int, batch: np.ndarray) -> None:
        if len(batch) > 2:
            raise error

    said: list[str] = []
    trainee, stop = Line(on_step=refuse), StopFlag()
    talk = Progress("toy", is_terminal=False, echo=lambda text="", **_options: said.append(text))
    train(trainee, Numbers(), settings(batch_size=9), tmp_path, stop=stop, progress=talk)
    assert {len(batch) for batch in trainee.seen} == {2}
    assert [line for line in said if "memory" in line] == [
        "toy: out of memory: going on with batches of 4",
        "toy: out of memory: going on with batches of 2",
    ]
    resumed = Line(on_step=refuse)
    said.clear()
    train(resumed, Numbers(), settings(batch_size=9, num_steps=33), tmp_path, progress=talk)
    assert {len(batch) for batch in resumed.seen} == {2}
    assert not [line for line in said if "memory" in line]


def test_what_cannot_go_on_is_said(tmp_path: Path) -> None:
    def refuse(_count: int, _batch: np.ndarray) -> None:
        raise MemoryError

    with pytest.raises(TrainingFailed, match="shorter clips"):
        train(Line(on_step=refuse), Numbers(), settings(), tmp_path / "a", progress=quiet())

    def other(_count: int, _batch: np.ndarray) -> None:
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes do not match"):
        train(Line(on_step=other), Numbers(), settings(), tmp_path / "b", progress=quiet())

    broken = Line()
    broken.on_step = lambda count, _batch: broken.net.bias.data.fill_(torch.nan) if count == 8 else None
    with pytest.raises(TrainingFailed, match=r"loss is no finite number any more \(step 10\)"):
        train(broken, Numbers(), settings(), tmp_path / "c", progress=quiet())
    assert [file.name for file in (tmp_path / "c").glob("checkpoint-*")] == ["checkpoint-000000007.pt"]
    with pytest.raises(ValueError, match="batch_size must be 1 or more"):
        settings(batch_size=0)


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    train(Line(), Numbers(), settings(), tmp_path, note={"rate": 0.1}, progress=quiet())
    with pytest.raises(BadRun, match=r"rate was 0.1 and is 0.2"):
        train(Line(), Numbers(), settings(), tmp_path, note={"rate": 0.2}, progress=quiet())
    with pytest.raises(BadRun, match=r"seed was 0 and is 5"):
        train(Line(), Numbers(), settings(seed=5), tmp_path, note={"rate": 0.1}, progress=quiet())
    longer = Line()
    result = train(longer, Numbers(), settings(num_steps=40), tmp_path, note={"rate": 0.1}, progress=quiet())
    assert (result.num_steps, len(longer.seen)) == (40, 10)


def test_a_log_has_one_line_per_interval_and_a_terminal_a_bar(tmp_path: Path) -> None:
    said: list[str] = []
    talk = Progress(is_terminal=False, echo=lambda text="", **_options: said.append(text))
    train(Line(), Numbers(), settings(save_every=0, eval_every=0), tmp_path / "log", progress=talk)
    assert len(said) == 7
    assert said[0].startswith("step 5/30, 0:00 left, loss ")
    assert said[-1].startswith("step 30: held out: slope ")
    lines = history(tmp_path / "log")
    assert all({"step", "wall_sec", "cpu_sec", "batch_size"} <= line.keys() for line in lines)

    said.clear()
    bar = Progress(is_terminal=True, echo=lambda text="", **_options: said.append(text))
    train(Line(), Numbers(), settings(save_every=0, eval_every=0), tmp_path / "bar", progress=bar)
    assert sum(text.startswith("\r[#") for text in said) >= 28
    assert any("step 30/30" in text for text in said)


def test_buckets_hold_like_lengths_and_miss_nobody() -> None:
    lengths = [int(n) for n in np.random.default_rng(0).integers(10, 1000, 203)]
    buckets = LengthBuckets(lengths)
    batches = [buckets.indices(step, 8, 3) for step in range(26)]
    assert {i for batch in batches for i in batch} == set(range(203))
    assert all(len(batch) == 8 for batch in batches)
    spread = [max(lengths[i] for i in batch) - min(lengths[i] for i in batch) for batch in batches]
    assert np.mean(spread) < 150
    assert [buckets.indices(step, 8, 3) for step in (30, 3)] == [
        LengthBuckets(lengths).indices(30, 8, 3),
        batches[3],
    ]
    assert batches != [buckets.indices(step, 8, 3) for step in range(26, 52)]
    assert batches != [buckets.indices(step, 8, 4) for step in range(26)]
    assert sorted(LengthBuckets([5, 6]).indices(0, 4, 0)) == [0, 0, 1, 1]


def test_the_average_follows_the_weights() -> None:
    net = nn.Linear(1, 1, bias=False)
    net.weight.data.fill_(0.0)
    average = WeightAverage(net, 0.5)
    net.weight.data.fill_(1.0)
    average.update()  # the first keeps 2 of 11 parts only
    with average.applied():
        assert net.weight.item() == pytest.approx(9 / 11)
    assert net.weight.item() == 1.0
    for _ in range(40):
        average.update()
    with average.applied():
        assert net.weight.item() == pytest.approx(1.0, abs=1e-6)
    with pytest.raises(ValueError, match="another network"):
        WeightAverage(nn.Linear(1, 1)).load_state_dict(average.state_dict())
