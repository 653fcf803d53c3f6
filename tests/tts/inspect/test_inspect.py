"""What `python -m tts.inspect` says of every kind of model file, of broken ones and of hostile ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

from tests.tts.checkpoint_attacks import all_attacks
from tests.tts.forged_files import saved
from tts.checkpoint import BadCheckpoint
from tts.inspect.__main__ import main
from tts.inspect.looking import describe

ROOT = Path(__file__).parents[3]
PARITY = ROOT / "tests" / "data" / "parity" / "weights"
SPEAKER_NET = "speaker network of v2Pro and v2ProPlus: sv/pretrained_eres2netv2w24s4ep4.ckpt"
BIGVGAN = "vocoder of v3: models--nvidia--bigvgan_v2_24khz_100band_256x"


def half(*shape: int) -> torch.Tensor:
    return torch.ones(shape, dtype=torch.float16)


V2 = {"enc_p.text_embedding.weight": half(732, 8), "ref_enc.spectral.0.fc.weight": half(2, 704)}
BLOCK = "cfm.estimator.transformer_blocks.{}.attn.to_q.weight"
FLOW = {
    **V2,
    "cfm.estimator.proj_out.weight": half(10, 16),
    BLOCK.format(0): half(4, 4),
    BLOCK.format(1): half(4, 4),
}
ADAPTED = "cfm.base_model.model.estimator.transformer_blocks.0.attn.to_q.lora_{}.default.weight"
LORA = {
    ADAPTED.format("A"): half(8, 2),
    ADAPTED.format("B"): half(2, 8),
    "ref_enc.spectral.0.fc.weight": half(2, 704),
}


def acoustic(
    weights: dict, mark: bytes = b"PK", model: dict | None = None, info: str = "2epoch_77iteration"
) -> bytes:
    return mark + saved({"weight": weights, "config": {"model": model or {}}, "info": info})[2:]


def write(folder: Path, data: bytes, name: str = "file.pth") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_semantic_file() -> None:
    found = describe(PARITY / "s1_v1.ckpt")
    assert (found.kind, found.symbols, found.info) == ("semantic", "v1", "GPT-e15")
    assert found.sizes["layers"] == 3
    assert (found.sizes["width"], found.sizes["heads"], found.sizes["phones"]) == (64, 4, 512)
    assert found.remarks == ("Goes with SoVITS files of v1.",)
    assert found.weights is not None
    assert found.weights.dtypes == {"float16": 43}
    later = describe(PARITY / "s1_v2.ckpt")
    assert later.symbols == "v2"
    assert later.remarks == ("Goes with SoVITS files of v2, v2Pro, v2ProPlus, v3, v4.",)


def test_a_voice_told_by_its_tensors() -> None:
    found = describe(PARITY / "s2_v2.pth")
    assert (found.kind, found.version, found.told_by, found.symbols) == ("acoustic", "v2", "tensors", "v2")
    assert found.needs == ()
    assert found.sizes["upsampling"] == [10, 8, 2, 2, 2]
    assert found.sizes["output rate in Hz"] == 32000
    assert found.lora_rank is None


def test_a_pro_voice_needs_the_speaker_network() -> None:
    found = describe(PARITY / "s2_v2ProPlus.pth")
    assert (found.version, found.told_by, found.needs) == ("v2ProPlus", "mark", (SPEAKER_NET,))


@pytest.mark.parametrize(
    ("mark", "model", "version", "told_by"),
    [
        (b"02", {}, "v3", "mark"),
        (b"04", {"version": "v3"}, "v4", "mark"),
        (b"PK", {"version": "v4"}, "v4", "config"),
    ],
)
def test_flow_files_say_what_told_their_version(tmp_path, mark, model, version, told_by) -> None:
    found = describe(write(tmp_path, acoustic(FLOW, mark, model)))
    assert (found.version, found.told_by) == (version, told_by)
    assert found.sizes["flow network blocks"] == 2
    assert [need.split(":")[0] for need in found.needs] == [f"vocoder of {version}"]
    overruled = mark == b"04"
    assert (found.remarks == ("Passed over: by its config it would be v3.",)) is overruled


def test_an_undecided_version_is_said_plainly(tmp_path) -> None:
    found = describe(write(tmp_path, acoustic(FLOW)))
    assert (found.version, found.told_by, found.needs) == (None, None, ())
    assert found.symbols == "v2"
    assert "undecided" in found.remarks[0]
    assert "version = one of v3, v4" in found.remarks[0]


def test_a_lora_file(tmp_path) -> None:
    found = describe(write(tmp_path, acoustic(LORA, b"03")))
    assert (found.kind, found.version, found.lora_rank) == ("acoustic-lora", "v3", 8)
    assert (found.sizes["adapted layers"], found.sizes["tensors replaced whole"]) == (1, 1)
    assert found.needs == ("SoVITS base of v3: s2Gv3.pth", BIGVGAN)


def test_a_base_that_can_be_trained_on(tmp_path) -> None:
    found = describe(write(tmp_path, acoustic({**V2, "enc_q.pre.weight": half(2, 2)})))
    assert any("posterior encoder" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ({"conv_pre.weight": half(8, 100, 7), "resblocks.0.convs1.0.weight": half(2)}, "vocoder-hifigan"),
        (
            {
                "generator": {
                    "conv_pre.weight_v": half(8, 100, 7),
                    "resblocks.0.convs1.0.weight_v": half(2),
                    "resblocks.0.activations.0.act.alpha": half(2),
                }
            },
            "vocoder-bigvgan",
        ),
        (
            {
                "conv1.weight": half(6, 1, 3, 3),
                "layer3_ds.weight": half(4),
                "fuse34.local_att.0.weight": half(2),
            },
            "speaker-net",
        ),
        (
            {"weight": {"discriminators.0.convs.0.weight_v": half(2)}, "config": {}, "info": ""},
            "discriminator",
        ),
    ],
)
def test_flat_files(tmp_path, content, kind) -> None:
    found = describe(write(tmp_path, saved(content)))
    assert found.kind == kind
    assert found.sizes.get("mel bands", 100) == 100
    assert found.weights is not None
    assert found.weights.num_parameters > 0


def test_folders() -> None:
    hubert = describe(PARITY / "hubert")
    assert (hubert.kind, hubert.sizes["width"]) == ("hubert", 64)
    assert hubert.weights is not None
    assert hubert.weights.num_bytes == 4 * hubert.weights.num_parameters
    adapter = describe(ROOT / "models/demo/llm/adapters/Wren")
    assert (adapter.kind, adapter.lora_rank, adapter.sizes["alpha"]) == ("peft-adapter", 8, 16)
    assert adapter == describe(ROOT / "models/demo/llm/adapters/Wren/adapter_model.safetensors")


def test_a_bigvgan_folder(tmp_path) -> None:
    weights = {"conv_pre.weight": half(8, 100, 7), "resblocks.0.activations.0.act.alpha": half(2)}
    write(tmp_path, saved({"generator": weights}), "bigvgan_generator.pt")
    (tmp_path / "config.json").write_text(json.dumps({"upsample_rates": [4, 2], "num_mels": 100}))
    found = describe(tmp_path)
    assert (found.kind, found.sizes) == ("vocoder-bigvgan", {"mel bands": 100, "upsampling": [4, 2]})


@pytest.mark.parametrize("config", ["[]", "{", "[" * 100_000, '{"other": 1}'])
def test_broken_folders(tmp_path, config) -> None:
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(BadCheckpoint, match=r"config\.json"):
        describe(tmp_path)


def test_cut_safetensors(tmp_path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    save_file({"a": torch.ones(100)}, tmp_path / "model.safetensors")
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[:50])
    with pytest.raises(BadCheckpoint, match=r"model\.safetensors"):
        describe(tmp_path)


def test_every_attack_is_one_line_and_runs_nothing(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    attacks = all_attacks()
    assert len(attacks) > 100
    paths = [write(tmp_path, data, f"{i}.pth") for i, data in enumerate(attacks.values())]
    before = set(tmp_path.iterdir())
    result = CliRunner().invoke(main, [str(path) for path in paths])
    assert result.exit_code == 1
    assert set(tmp_path.iterdir()) == before, "something was executed"
    lines = result.output.splitlines()
    named = {line.split(": ")[0] for line in lines}
    assert named == set(map(str, paths)), "each file gets its line"
    assert len(lines) == len(paths), "and only one"


def test_the_command_in_text_and_json(tmp_path) -> None:
    good, bad = str(PARITY / "s2_v2ProPlus.pth"), str(tmp_path / "none.pth")
    result = CliRunner().invoke(main, [good, bad])
    assert result.exit_code == 1
    assert "v2ProPlus, told by the mark at the start of the file" in result.stdout
    assert result.stderr == f"{bad}: cannot be opened (No such file or directory)\n"
    result = CliRunner().invoke(main, ["--json", good])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["version"], told["weights"]["dtypes"], told["needs"]) == (
        "v2ProPlus",
        {"float16": 678},
        [SPEAKER_NET],
    )


def test_a_file_cannot_speak_to_the_terminal(tmp_path) -> None:
    path = write(tmp_path, acoustic(V2, info="\x1b[2J\nfake line"))
    text = describe(path).as_text()
    assert "\x1b" not in text
    assert "\nfake line" not in text
