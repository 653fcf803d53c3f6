"""What is written is what upstream writes: class name, mark, half precision; and it reads back."""

import pickletools
import sys
import zipfile
from pathlib import Path

import pytest
import torch

from demo.make_acoustic_checkpoint import PRESETS, acoustic_sizes, make_model
from demo.make_flow_checkpoint import write_flow_lora
from tts.checkpoint import read_checkpoint
from tts.checkpoint_writing import write_acoustic_checkpoint
from tts.decoders.vits_decoder import VitsDecoder
from tts.finetune.acoustic_sizes import make_config
from tts.models.vits import checkpoint_weights
from tts.versions import VERSIONS


@pytest.mark.parametrize(
    ("name", "mark"), [("v1", b"PK"), ("v2", b"PK"), ("v2Pro", b"05"), ("v2ProPlus", b"06")]
)
def test_files_have_upstreams_format(tmp_path: Path, name: str, mark: bytes) -> None:
    version, path = VERSIONS[name], tmp_path / "s2.pth"
    model = make_model(PRESETS["small"], version)
    config = make_config(acoustic_sizes(PRESETS["small"], version), version)
    write_acoustic_checkpoint(path, checkpoint_weights(model), config, "8epoch_1iteration", version)
    assert path.read_bytes()[:2] == mark
    assert "utils" not in sys.modules

    checkpoint = read_checkpoint(path)
    assert checkpoint.version is version
    assert checkpoint.info == "8epoch_1iteration"
    assert checkpoint.config["model"]["upsample_rates"] == (10, 8, 2, 2, 2)
    assert {tensor.dtype for tensor in checkpoint.weights.values()} == {torch.float16}
    assert not any(key.startswith(("enc_q.", "fusion.")) for key in checkpoint.weights)
    again = VitsDecoder.from_checkpoint(checkpoint).model.state_dict()
    for key, tensor in model.state_dict().items():
        assert torch.allclose(again[key], tensor, atol=2e-3, rtol=4e-3), key


@pytest.mark.parametrize(("name", "mark"), [("v3", b"03"), ("v4", b"04")])
def test_lora_files_are_marked_and_say_their_rank(tmp_path: Path, name: str, mark: bytes) -> None:
    path = tmp_path / "lora.pth"
    write_flow_lora(path, VERSIONS[name], rank=3)
    assert path.read_bytes()[:2] == mark
    checkpoint = read_checkpoint(path)
    assert checkpoint.version is VERSIONS[name]
    assert checkpoint.lora_rank == 3
    assert not any(key.startswith(("enc_p.", "ssl_proj.")) for key in checkpoint.weights)


def test_config_is_pickled_under_upstreams_name_only(tmp_path: Path) -> None:
    path = tmp_path / "s2.pth"
    write_acoustic_checkpoint(path, {"a": torch.ones(1)}, {"model": {"x": [1, [2]]}}, "", VERSIONS["v2"])
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith("data.pkl"))
        operations = list(pickletools.genops(archive.read(name)))
    named = {str(argument) for operation, argument, _ in operations if operation.name == "GLOBAL"}
    assert "utils HParams" in named
    assert not any("tts" in text for text in named)
