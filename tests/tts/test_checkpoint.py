"""Reading model files: all real forms load, nothing hostile does, and weights go in strictly."""

import json
import os
import subprocess
import sys
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.tts.checkpoint_attacks import all_attacks, content
from tests.tts.forged_files import Bag, pickled, saved, tensor, zipped
from tts.checkpoint import (
    BadCheckpoint,
    judge_checkpoint,
    read_checkpoint,
    read_state_dict,
    take_weights,
)
from tts.safe_archive import read_archive

ROOT = Path(__file__).parents[2]
PARITY = ROOT / "tests" / "data" / "parity"
SEMANTIC = PARITY / "weights" / "s1_v2.ckpt"
ATTACKS = all_attacks()


def flat(*shape: int) -> torch.Tensor:
    return torch.ones(shape, dtype=torch.float16)


V1 = {"enc_p.text_embedding.weight": flat(322, 2), "ref_enc.spectral.0.fc.weight": flat(2, 1025)}
V2 = {"enc_p.text_embedding.weight": flat(732, 2), "ref_enc.spectral.0.fc.weight": flat(2, 704)}
PRO = {**V2, "sv_emb.weight": flat(2, 32), "dec.conv_pre.weight": flat(6, 2, 7)}
FLOW = {**V2, "cfm.estimator.proj_out.weight": flat(10, 2)}
LORA = {
    "cfm.base_model.model.estimator.transformer_blocks.0.attn.to_q.lora_A.default.weight": flat(8, 2),
    "cfm.base_model.model.estimator.transformer_blocks.0.attn.to_q.lora_B.default.weight": flat(2, 8),
}


def acoustic(weights: dict, mark: bytes = b"PK", model: dict | None = None, **more: object) -> bytes:
    made = {"weight": weights, "config": {"model": model or {}}, "info": "2epoch_77iteration", **more}
    return mark + saved(made)[2:]


def write(folder: Path, data: bytes, name: str = "file.pth") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


# --- what loads


def test_a_semantic_file_loads_with_a_frozen_config() -> None:
    checkpoint = read_checkpoint(SEMANTIC)
    assert (checkpoint.kind, checkpoint.version, checkpoint.info) == ("semantic", None, "GPT-e15")
    assert checkpoint.config["model"]["n_layer"] == 3
    assert checkpoint.weights["model.ar_predict_layer.weight"].dtype == torch.float16
    with pytest.raises(TypeError):
        checkpoint.config["model"]["n_layer"] = 4  # type: ignore[index]


@pytest.mark.parametrize(
    ("weights", "mark", "model", "name"),
    [
        (V1, b"PK", {}, "v1"),
        (V1, b"01", {"version": "v2"}, "v1"),
        (V2, b"PK", {}, "v2"),
        (PRO, b"05", {}, "v2Pro"),
        (PRO, b"06", {"version": "v2Pro"}, "v2ProPlus"),
        (FLOW, b"02", {}, "v3"),
        (FLOW, b"PK", {"version": "v4"}, "v4"),
        (LORA, b"03", {}, "v3"),
        (LORA, b"04", {}, "v4"),
    ],
)
def test_every_version_is_told(tmp_path: Path, weights: dict, mark: bytes, model: dict, name: str) -> None:
    checkpoint = read_checkpoint(write(tmp_path, acoustic(weights, mark, model)))
    assert checkpoint.version is not None
    assert (checkpoint.kind, checkpoint.version.name) == ("acoustic", name)
    assert checkpoint.info == "2epoch_77iteration"
    assert checkpoint.lora_rank == (8 if weights is LORA else None)


def test_an_undecided_version_may_be_allowed_and_the_clues_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path, acoustic(FLOW))
    with pytest.raises(BadCheckpoint, match="v3 and v4 alike"):
        read_checkpoint(path)
    undecided = judge_checkpoint(read_archive(path), path, may_be_undecided=True)
    assert (undecided.version, dict(undecided.clues)) == (None, {"mark": None, "hash": None, "config": None})
    path.write_bytes(acoustic(FLOW, b"04", {"version": "v3"}))
    decided = judge_checkpoint(read_archive(path), path, may_be_undecided=True)
    assert decided.version is not None
    assert (decided.version.name, decided.clues["config"]) == ("v4", "v3")


def test_v3_and_v4_base_files_need_a_word(tmp_path: Path) -> None:
    path = write(tmp_path, acoustic(FLOW))
    with pytest.raises(BadCheckpoint, match=r"file\.pth: its tensors fit v3 and v4 alike .* v3, v4"):
        read_checkpoint(path)
    version = read_checkpoint(path, version="v4").version
    assert version is not None
    assert version.name == "v4"
    with pytest.raises(BadCheckpoint, match=r"file\.pth: .* v3 or v4, not of v2"):
        read_checkpoint(path, version="v2")


def test_a_version_is_refused_for_semantic_files() -> None:
    with pytest.raises(BadCheckpoint, match="is a GPT"):
        read_checkpoint(SEMANTIC, version="v2")


def test_upstreams_config_object_becomes_plain_mappings(tmp_path: Path) -> None:
    config = Bag(
        {"model": Bag({"rates": [10, 8], "version": "v2"}), "empty": Bag(None), "eps": 1e-9, "no": None}
    )
    data = zipped(pickled({**content(tensor()), "config": config}), {"0": bytes(16)})
    found = read_checkpoint(write(tmp_path, data)).config
    assert found == {"model": {"rates": (10, 8), "version": "v2"}, "empty": {}, "eps": 1e-9, "no": None}


def test_no_module_named_utils_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, b"raise SystemExit('imported')", "utils.py")
    monkeypatch.syspath_prepend(tmp_path)
    data = zipped(pickled({**content(tensor()), "config": Bag({"model": Bag({})})}), {"0": bytes(16)})
    read_checkpoint(write(tmp_path, data))
    assert "utils" not in sys.modules


def test_many_threads_may_load_at_once(tmp_path: Path) -> None:
    data = zipped(pickled({**content(tensor()), "config": Bag({"model": Bag({"EOS": 3})})}), {"0": bytes(16)})
    path = write(tmp_path, data)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read_checkpoint(path).config["model"]["EOS"], range(160)))
    assert found == [3] * 160


@pytest.mark.parametrize("path", sorted(PARITY.glob("weights/s2_*.pth")), ids=lambda path: path.stem)
def test_the_parity_kits_files_are_what_its_index_says(path: Path) -> None:
    index = json.loads((PARITY / "index.json").read_text(encoding="utf-8"))
    expected = next(row["expect"] for row in index["weights"] if row["file"] == f"weights/{path.name}")
    checkpoint = read_checkpoint(path)
    assert checkpoint.version is not None
    assert (checkpoint.version.name, checkpoint.lora_rank) == (expected["family"], expected["lora_rank"])


def test_flat_files_and_files_one_level_down_load(tmp_path: Path) -> None:
    tensors = {"conv.weight": torch.ones(2, 3), "norm.num_batches_tracked": torch.tensor(7)}
    assert read_state_dict(write(tmp_path, saved(tensors))).keys() == tensors.keys()
    nested = write(tmp_path, saved({"generator": OrderedDict(tensors)}))
    assert read_state_dict(nested, key="generator").keys() == tensors.keys()
    with pytest.raises(BadCheckpoint, match="'generator' is not a tensor but OrderedDict"):
        read_state_dict(nested)


# --- what does not


@pytest.mark.parametrize("name", ATTACKS)
def test_hostile_and_broken_files_are_refused_by_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, ATTACKS[name], "voice.pth")
    for read in (read_checkpoint, read_state_dict):
        if read is read_state_dict and name.startswith(("config", "trainer", "Lightning", "no config")):
            continue  # these hold no flat tensors or differ only in what is not looked at
        with pytest.raises(BadCheckpoint, match=r"voice\.pth: ") as caught:
            read(path)
        assert "weights_only" not in str(caught.value)
        assert len(str(caught.value)) < len(str(path)) + 400
    assert os.listdir(tmp_path) == ["voice.pth"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("calls os.system", "asks for foreign code: posix.system"),
        ("protocol 4 names", "STACK_GLOBAL"),
        ("config: billion laughs", "nested too deeply or too large"),
        ("tensor: stride 0", "not stored in one piece"),
        ("tensor: NaN", "not numbers"),
        ("500 tensors, one storage", "together are larger than the file"),
        ("zip: bomb", "compressed zip entry"),
        ("zip: same name twice", "two zip entries of the same name"),
        ("zip: second root", "more than one root"),
        ("zip: overlapping entries", "entries that overlap"),
        ("zip: bytes in front", "foreign bytes before the zip"),
        ("zip: wrong checksum", "checksum of archive/data/0 is wrong); copy or download it again"),
        ("zip: encrypted", "encrypted"),
        ("empty", "is empty; copy or download it again"),
        ("trainer's save", "trainer's save for resuming"),
        ("torch's old format", "must be saved again"),
    ],
)
def test_the_reason_is_the_right_one(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(BadCheckpoint) as caught:
        read_checkpoint(write(tmp_path, ATTACKS[name]))
    assert words in caught.value.reason


def test_in_a_cage_nothing_runs_and_nothing_else_escapes(tmp_path: Path) -> None:
    marker = tmp_path / "attacked"
    command = [sys.executable, "-W", "error", "-m", "tests.tts.checkpoint_attacks", str(SEMANTIC), "200"]
    environment = {**os.environ, "ATTACK_MARKER": str(marker), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert report["other"] == []
    assert report["seen"] == []
    assert [name for name in report["loaded"] if "other values" in name] == []
    assert report["refused"] >= len(ATTACKS) + 175
    assert len(report["loaded"]) + report["refused"] == len(ATTACKS) + 200
    assert report["grown_kib"] <= 2 * report["largest_kib"] + 64 * 1024
    assert not marker.exists()


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    data = SEMANTIC.read_bytes()
    for length in [*range(0, 200, 7), *range(200, len(data), len(data) // 60), len(data) - 1]:
        with pytest.raises(BadCheckpoint):
            read_checkpoint(write(tmp_path, data[:length]))


def test_size_is_capped_before_reading(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match="is larger than 1000 bytes"):
        read_checkpoint(SEMANTIC, max_bytes=1000)
    sparse = tmp_path / "sparse.pth"
    with sparse.open("wb") as file:
        file.truncate(1 << 42)
    with pytest.raises(BadCheckpoint, match="is larger than"):
        read_checkpoint(sparse)


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"absent\.pth: cannot be opened"):
        read_checkpoint(tmp_path / "absent.pth")
    with pytest.raises(BadCheckpoint, match="is not a file"):
        read_checkpoint(tmp_path)
    os.mkfifo(tmp_path / "pipe.pth")
    with pytest.raises(BadCheckpoint, match="is not a file"):
        read_checkpoint(tmp_path / "pipe.pth")


def test_adapters_must_agree_on_their_rank(tmp_path: Path) -> None:
    assert read_checkpoint(write(tmp_path, acoustic(LORA, b"03", lora_rank=8))).lora_rank == 8
    for rank in (16, "8", True):
        with pytest.raises(BadCheckpoint, match="its adapter has ranks"):
            read_checkpoint(write(tmp_path, acoustic(LORA, b"03", lora_rank=rank)))


# --- putting weights into modules


def module() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def test_weights_go_in_and_become_the_modules_precision() -> None:
    given = {f"dec.{name}": torch.full_like(value, 2) for name, value in module().state_dict().items()}
    given = {name: value.half() if value.is_floating_point() else value for name, value in given.items()}
    taker = module()
    take_weights(
        taker,
        {**given, "enc.other": torch.ones(1), "dec.old.x": torch.ones(1)},
        prefix="dec.",
        ignore=["old."],
    )
    for value in taker.state_dict().values():
        assert (value == 2).all()
    assert taker[0].weight.dtype == torch.float32


def test_every_misfit_is_named_and_nothing_is_copied() -> None:
    given = {name: torch.full_like(value, 7) for name, value in module().state_dict().items()}
    del given["0.bias"]
    given["0.weight"] = torch.ones(3, 5)
    given["extra"] = torch.ones(1)
    taker = module()
    before = {name: value.clone() for name, value in taker.state_dict().items()}
    with pytest.raises(BadCheckpoint) as caught:
        take_weights(taker, given, source="voice.ckpt")
    for words in (
        "voice.ckpt",
        "Sequential",
        "missing 0.bias",
        "left over extra",
        "0.weight has shape (3, 5) instead of (3, 2)",
    ):
        assert words in str(caught.value)
    assert all(torch.equal(value, before[name]) for name, value in taker.state_dict().items())
