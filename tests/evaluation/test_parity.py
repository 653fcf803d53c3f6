"""The engine reproduces upstream's recorded numbers; the runner reports honestly."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from evaluation.parity.__main__ import main
from evaluation.parity.compare import compare
from evaluation.parity.kit import Kit
from evaluation.parity.runner import Report, run_all

SMALL_KIT = Path(__file__).parents[1] / "data/parity"
FULL_KIT = Path(__file__).parents[3] / "shared/gpt-sovits/parity"


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def problems(reports: list[Report]) -> list[str]:
    found = [f"{report.golden}: {report.failed}" for report in reports if report.failed]
    bad = [(report.golden, verdict) for report in reports for verdict in report.verdicts if not verdict.is_ok]
    return found + [f"{golden} {verdict.array}: {verdict.text}" for golden, verdict in bad]


def test_goldens_of_the_small_kit() -> None:
    reports = list(run_all(Kit(SMALL_KIT)))
    assert problems(reports) == []
    done = {report.golden for report in reports if report.verdicts}
    assert done >= {
        "s1_v1",
        "s1_v2_batch3",
        "s1_sampling",
        "feat_ref_44k_stereo",
        "feat_ref_loud_float",
        "ssl_codes",
        "s2_v2_b",
        "s2_v2_d",
        "s2_v2_codes",
        "s2_v2ProPlus_c",
        "s2_v4_dit",
        "s2_v4_enc_s13",
        "s2_v4_cfm_4_cfg05",
        "s2_v4_lora_enc_s10",
        "s2_v4_lora_cfm_4_cfg0",
        "vocoder_v3",
        "vocoder_v4",
        "e2e_v2_44k_aux_speed",
    }


@pytest.mark.slow
@pytest.mark.skipif(not FULL_KIT.exists(), reason="the full parity kit is not at hand")
def test_goldens_of_the_full_kit() -> None:
    reports = list(run_all(Kit(FULL_KIT)))
    assert problems(reports) == []
    skipped = {report.golden for report in reports if "not in this kit" in report.skipped}
    assert skipped == set()


def test_wrong_numbers_are_found() -> None:
    outputs = {
        "out_a": {"tol": 1e-3},
        "out_b": {"tol": 0},
        "out_c": {"tol": "snr>=30dB"},
        "out_d": {"tol": 1},
    }
    want = {
        "out_a": np.zeros(3, np.float32),
        "out_b": np.array([1, 2]),
        "out_c": np.ones(100, np.float32),
        "out_d": np.zeros(2, np.float32),
    }
    assert all(verdict.is_ok for verdict in compare(outputs, want, want))
    got = {
        "out_a": np.array([0, 2e-3, 0], np.float32),
        "out_b": np.array([1, 3]),
        "out_c": want["out_c"] + 0.1,
        "out_d": np.array([np.nan, 0], np.float32),
    }
    assert not any(verdict.is_ok for verdict in compare(outputs, got, want))
    verdicts = compare(outputs, {"out_a": np.zeros(4, np.float32)}, want)
    assert [verdict.is_ok for verdict in verdicts] == [False] * 4
    assert verdicts[1].text == "not computed"


@pytest.fixture
def one_golden_kit(tmp_path: Path) -> Path:
    """A kit with the sampling golden and some names that cannot run."""
    index = json.loads((SMALL_KIT / "index.json").read_text(encoding="utf8"))
    names = ("s1_sampling", "s2_v2_a", "s1_v1_earlystop")
    goldens = [entry for entry in index["goldens"] if entry["name"] in names]
    goldens.append({"name": "strange", "file": "golden/s1_sampling.npz", "outputs": {"out_x": {"tol": 0}}})
    (tmp_path / "golden").mkdir()
    shutil.copy(SMALL_KIT / "golden/s1_sampling.npz", tmp_path / "golden")
    (tmp_path / "index.json").write_text(json.dumps({"goldens": goldens}), encoding="utf8")
    return tmp_path


def test_command_writes_results_and_says_what_it_left_out(one_golden_kit: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = CliRunner().invoke(main, [str(one_golden_kit), str(out)])
    assert result.exit_code == 1
    assert "skipped  s2_v2_a: golden/s2_v2_a.npz is not in this kit" in result.output
    assert "skipped  s1_v1_earlystop: informative" in result.output
    assert "FAILED   strange: no function" in result.output
    assert "1 goldens ok, 1 not, 2 skipped" in result.output
    with np.load(out / "s1_sampling.npz") as stored:
        assert stored["out_probs"].shape == (28, 1025)
    assert [path.name for path in out.iterdir()] == ["s1_sampling.npz"]


def test_command_succeeds_on_names_that_run(one_golden_kit: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(one_golden_kit), str(tmp_path / "out"), "s1_sampling"])
    assert result.exit_code == 0, result.output


def test_numbers_that_differ_fail(one_golden_kit: Path, tmp_path: Path) -> None:
    path = one_golden_kit / "golden/s1_sampling.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays["out_probs"][3, 7] += 0.1
    np.savez(path, **arrays)
    result = CliRunner().invoke(main, [str(one_golden_kit), str(tmp_path / "out"), "s1_sampling"])
    assert result.exit_code == 1
    assert "DIFFERS  s1_sampling out_probs" in result.output
