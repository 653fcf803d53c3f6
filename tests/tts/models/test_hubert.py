"""The HuBERT folder: features of the right length, and whatever is wrong with the folder is named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from demo.make_acoustic_checkpoint import write_hubert
from tts.checkpoint import BadCheckpoint
from tts.models.hubert import TAIL_SAMPLES, HubertEncoder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hubert")
    write_hubert(made)
    return made


def test_a_recording_is_heard_with_silence_behind_it(folder: Path) -> None:
    encoder = HubertEncoder(folder)
    samples = torch.randn(8000, generator=torch.Generator().manual_seed(1))
    features = encoder.features(samples)
    assert features.shape == (1, (8000 + TAIL_SAMPLES - 80) // 320, encoder.dim)
    padded = torch.cat([samples, torch.zeros(9600)])
    assert torch.equal(features, encoder.raw_features(padded))
    assert not torch.allclose(features[:, 0], features[:, 5])


def set_config(**values: object) -> Callable[[Path], object]:
    def change(copy: Path) -> object:
        path = copy / "config.json"
        return path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values))

    return change


def cut(name: str) -> Callable[[Path], object]:
    def change(copy: Path) -> object:
        path = copy / name
        return path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return change


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (cut("model.safetensors"), "damaged or incomplete .*download it again"),
        (lambda copy: (copy / "model.safetensors").write_bytes(b""), "damaged or incomplete"),
        (lambda copy: (copy / "model.safetensors").unlink(), "damaged or incomplete"),
        (lambda copy: (copy / "pytorch_model.bin").write_bytes(b"short"), None),
        (cut("config.json"), "damaged or incomplete"),
        (lambda copy: (copy / "config.json").write_text("[1]"), "damaged or incomplete"),
        (lambda copy: (copy / "config.json").unlink(), r"no config\.json; a HuBERT folder"),
        (set_config(hidden_size="x"), "damaged or incomplete"),
        (set_config(hidden_size=48), "weights of the HuBERT model .* missing or have another shape"),
        (
            set_config(num_hidden_layers=9),
            "another shape, such as encoder.*download it again",
        ),
    ],
)
def test_a_damaged_folder_is_named(
    folder: Path, tmp_path: Path, damage: Callable[[Path], object], reason: str | None
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    damage(copy)
    if reason is None:
        assert HubertEncoder(copy).dim, "weights that are not asked for do no harm"
        return
    with pytest.raises(BadCheckpoint, match=rf"copy: .*{reason}"):
        HubertEncoder(copy)


def test_weights_in_torch_s_format_that_are_damaged_are_named(folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "config.json", tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02short")
    with pytest.raises(BadCheckpoint, match="damaged or incomplete"):
        HubertEncoder(tmp_path)
