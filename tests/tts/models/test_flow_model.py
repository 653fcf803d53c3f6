"""The networks of v3 and v4 from their files: lengths of the features, LoRA and its base, wrong files."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from demo.make_acoustic_checkpoint import write_acoustic_model
from demo.make_flow_checkpoint import make_flow_model, write_flow_lora, write_flow_model
from tts.checkpoint import BadCheckpoint, Checkpoint, read_checkpoint
from tts.models.flow_model import FlowModel
from tts.versions import VERSIONS

PHONES = torch.tensor([1, 50, 300, 7])


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Checkpoint]:
    folder = tmp_path_factory.mktemp("s2")
    for name in ("v3", "v4"):
        write_flow_model(folder / f"{name}.pth", VERSIONS[name])
        write_flow_lora(folder / f"{name}_lora.pth", VERSIONS[name], seed=5)
    write_acoustic_model(folder / "v2.pth", VERSIONS["v2"])
    return {path.stem: read_checkpoint(path) for path in folder.iterdir()}


def features(model: FlowModel, num_tokens: int = 19, speed_factor: float = 1.0) -> Tensor:
    ge = model.ref_enc(torch.ones(1, 1025, 30))
    return model.features(torch.arange(num_tokens), PHONES, ge, speed_factor)[0]


@pytest.mark.parametrize(
    ("name", "speed_factor", "num_frames"),
    [("v3", 1.0, 71), ("v3", 1.3, 56), ("v3", 0.7, 103), ("v4", 1.0, 76), ("v4", 1.3, 60), ("v4", 0.7, 110)],
)
def test_features_have_the_rate_of_the_mel(name: str, speed_factor: float, num_frames: int) -> None:
    model = make_flow_model(VERSIONS[name])
    found = features(model, speed_factor=speed_factor)
    assert found.shape == (32, num_frames)
    num_real = num_frames if name == "v3" else int(4 * 19 / speed_factor) + (speed_factor != 1)
    assert found[:, :num_real].any(dim=0).all()
    assert not found[:, num_real:].any(), "behind the length that the tokens give"
    assert num_frames - num_real == (name == "v4" and speed_factor != 1)


def test_what_is_written_is_what_is_read(files: dict[str, Checkpoint]) -> None:
    model = FlowModel.from_checkpoint(files["v4"])
    assert model.version.name == "v4"
    made = make_flow_model(VERSIONS["v4"]).state_dict()
    assert made.keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert torch.allclose(tensor, made[name], atol=2e-3, rtol=2e-3), name


def test_a_lora_file_changes_its_base(files: dict[str, Checkpoint]) -> None:
    base = FlowModel.from_checkpoint(files["v3"])
    tuned = FlowModel.from_checkpoint(files["v3_lora"], files["v3"])
    changed = {
        name
        for name, tensor in tuned.state_dict().items()
        if not torch.allclose(tensor, base.state_dict()[name])
    }
    assert "estimator.transformer_blocks.1.attn.to_out.0.weight" in changed
    assert {"bridge.0.weight", "wns1.pre.weight"} <= changed
    assert not any(name.startswith("enc_p.") for name in changed)
    assert "estimator.transformer_blocks.1.attn.to_out.0.bias" not in changed


@pytest.mark.parametrize(
    ("base", "match"),
    [
        (None, r"v3_lora\.pth: is a LoRA file of rank 4 and needs the v3 base model"),
        ("v4", r"v4\.pth: is a v4 file; .*v3_lora\.pth is a v3 LoRA file and needs the v3 base model"),
        ("v3_lora", r"v3_lora\.pth: is a v3 LoRA file; .*needs the v3 base model"),
        ("v4_lora", r"v4_lora\.pth: is a v4 LoRA file; .*needs the v3 base model"),
        ("v2", r"v2\.pth: is a v2 file; .*needs the v3 base model: sovits_base must name it"),
    ],
)
def test_a_wrong_base_is_named(files: dict[str, Checkpoint], base: str | None, match: str) -> None:
    with pytest.raises(BadCheckpoint, match=match):
        FlowModel.from_checkpoint(files["v3_lora"], None if base is None else files[base])


def test_other_families_are_sent_elsewhere(files: dict[str, Checkpoint]) -> None:
    with pytest.raises(BadCheckpoint, match=r"v2\.pth: is a v2 file; a v3 or v4 SoVITS file is needed"):
        FlowModel.from_checkpoint(files["v2"])


@pytest.mark.parametrize(
    ("gone", "match"),
    [
        ("cfm.estimator.proj_out.bias", r"missing estimator\.proj_out\.bias"),
        ("bridge.", r"missing tensor bridge\.0\.weight"),
        ("wns1.enc.in_layers.", r"missing tensor wns1\.enc\.in_layers"),
    ],
)
def test_missing_tensors_are_named(files: dict[str, Checkpoint], gone: str, match: str) -> None:
    kept = {name: tensor for name, tensor in files["v3"].weights.items() if not name.startswith(gone)}
    with pytest.raises(BadCheckpoint, match=match):
        FlowModel.from_checkpoint(replace(files["v3"], weights=kept))
    strange = {**files["v3"].weights, "cfm.estimator.surprise": torch.ones(1)}
    with pytest.raises(BadCheckpoint, match=r"left over estimator\.surprise"):
        FlowModel.from_checkpoint(replace(files["v3"], weights=strange))


def test_networks_that_do_not_fit_each_other_are_named(files: dict[str, Checkpoint]) -> None:
    narrow = {
        **files["v3"].weights,
        "bridge.0.weight": torch.ones(16, 32, 1),
        "bridge.0.bias": torch.ones(16),
    }
    with pytest.raises(BadCheckpoint, match="do not fit each other: bridge and wns1 have widths 16 and 32"):
        FlowModel.from_checkpoint(replace(files["v3"], weights=narrow))
