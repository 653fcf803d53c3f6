"""What the training writes has the names, types and marks of upstream's files, and speaks like them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from evaluation.parity.kit import Kit
from evaluation.parity.runner import run_all
from evaluation.round_trip import compare, main, write_again
from tts.checkpoint import read_checkpoint

DATA = Path(__file__).parents[1] / "data"


def test_a_kit_of_files_we_wrote_gives_the_same_results(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(DATA / "parity"), str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "s2_v2ProPlus.pth: " in result.output
    assert result.output.splitlines()[-1] == "4 of 4 files alike"
    for name in ("s1_v1", "s1_v2", "s2_v2", "s2_v2ProPlus"):
        suffix = ".pth" if name.startswith("s2") else ".ckpt"
        written, own = (folder / f"weights/{name}{suffix}" for folder in (tmp_path, DATA / "parity"))
        assert written.read_bytes() != own.read_bytes()
    reports = [*run_all(Kit(tmp_path), ("s1_v1_noprompt", "s2_v2_codes", "s2_v2ProPlus_codes"))]
    assert len([report for report in reports if not report.skipped]) == 3
    assert all(report.is_ok for report in reports), [report.failed for report in reports]


@pytest.mark.parametrize("name", ["s2_v1", "s2_v2Pro"])
def test_files_of_all_versions_keep_names_types_and_marks(tmp_path: Path, name: str) -> None:
    facts = json.loads((DATA / f"checkpoints/{name}.json").read_text())
    random = torch.Generator().manual_seed(0)
    weights = {
        key: (torch.rand(shape, generator=random) + 0.1).half() for key, shape in facts["tensors"].items()
    }
    base = tmp_path / "base.pth"
    torch.save({"weight": weights, "config": facts["config"], "info": "8epoch_1iteration"}, base)
    checkpoint = read_checkpoint(base)
    write_again(checkpoint, tmp_path / "again.pth")
    found = compare(checkpoint, tmp_path / "again.pth")
    assert found.num_tensors == len(facts["tensors"])
    # The base here is a plain file; what is written has upstream's mark and config class.
    wanted = ["config: HParams, not dict"]
    wanted += [f"mark: b'{facts['mark']}', not b'PK'"] if facts["mark"] != "PK" else []
    assert list(found.found) == wanted
    assert (tmp_path / "again.pth").read_bytes()[:2] == facts["mark"].encode()


def test_differences_are_named(tmp_path: Path) -> None:
    path = DATA / "parity/weights/s1_v1.ckpt"
    content = torch.load(path, weights_only=True)
    name, *others = content["weight"]
    content["weight"]["model.odd"] = content["weight"].pop(name)
    content["weight"][others[0]] = content["weight"][others[0]].float()
    torch.save(content, tmp_path / "odd.ckpt")
    found = compare(read_checkpoint(path), tmp_path / "odd.ckpt").found
    assert f"{name} is missing" in found
    assert "model.odd is too much" in found
    assert any(text.startswith(f"{others[0]} is float32") for text in found)
    assert len(found) == 3
