"""`python -m demo.llm`: every stage once, and again where what it made is not there."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from demo.llm import __main__ as command

STAGES = ["base", "Qinglan", "Wren", "Bram"]


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """Names of the stages that were gone through; Wren's is stopped once."""
    names: list[str] = []
    stops = ["Wren"]

    def make(name: str, _corpus, work: Path, out: Path, _num_steps) -> bool:
        names.append(name)
        (work / name).mkdir(parents=True, exist_ok=True)
        if name in stops:
            stops.remove(name)
            return False
        (out / "adapters" / name).mkdir(parents=True)
        (out / "model.safetensors").touch()
        return True

    monkeypatch.setattr(command, "make_base", make)
    monkeypatch.setattr(command, "make_adapter", make)
    return names


def train(folder: Path, out: str) -> int:
    return (
        CliRunner().invoke(command.main, ["--work", str(folder / "w"), "--out", str(folder / out)]).exit_code
    )


def test_a_stopped_run_goes_on_and_a_new_place_gets_everything(tmp_path, made) -> None:
    assert train(tmp_path, "first") == 1
    assert made == STAGES[:3]
    assert train(tmp_path, "first") == 0
    assert made == [*STAGES[:3], *STAGES[2:]]
    made.clear()
    assert train(tmp_path, "first") == 0
    assert made == []
    assert train(tmp_path, "second") == 0
    assert made == STAGES
