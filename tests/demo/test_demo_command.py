"""`python -m demo`: every step once and in order, what is finished is not done again, a failure ends it."""

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from demo import __main__ as command
from demo.__main__ import main, steps


@pytest.fixture
def calls(monkeypatch):
    """Words of the commands that were run; those named in `failing` fail."""
    said, failing = [], set()

    def run(command, **_):
        said.append(command[2:])
        return subprocess.CompletedProcess(command, int(command[2] in failing))

    monkeypatch.setattr(subprocess, "run", run)
    return said, failing


def rebuild(folder, *more):
    return CliRunner().invoke(main, ["--work", str(folder / "out"), "--out", str(folder / "models"), *more])


def test_every_step_is_run_once_in_order(tmp_path, calls):
    said, _ = calls
    assert rebuild(tmp_path).exit_code == 0
    planned = steps(tmp_path / "out", tmp_path / "models")
    assert [tuple(words) for words in said] == [step.words for step in planned]
    said.clear()
    assert rebuild(tmp_path).exit_code == 0
    assert said == []


def test_after_a_failure_it_goes_on_with_the_step_that_failed(tmp_path, calls):
    said, failing = calls
    failing.add("demo.speech.train_ssl")
    result = rebuild(tmp_path)
    assert result.exit_code == 1
    assert "ssl ended with status 1" in result.output
    failing.clear()
    said.clear()
    assert rebuild(tmp_path).exit_code == 0
    assert said[0][0] == "demo.speech.train_ssl"


def test_a_trial_is_short_and_says_the_same_commands(tmp_path, calls):
    said, _ = calls
    assert rebuild(tmp_path, "--trial").exit_code == 0
    assert said[3][-2:] == said[-1][-2:] == ["--steps", "2"]
    assert said[-1][0] == "demo.llm"


def test_a_trial_leaves_what_is_shipped_alone(calls, monkeypatch, tmp_path):
    said, _ = calls
    monkeypatch.setattr(command, "ROOT", tmp_path)
    assert CliRunner().invoke(main, ["--trial"]).exit_code == 0
    places = [word for words in said for word in words if word.startswith(str(tmp_path))]
    assert places
    assert all(Path(place).is_relative_to(tmp_path / "out/trial") for place in places)
