"""Vocoder files: both kinds are read as published, and what is wrong with one is named."""

import json
from pathlib import Path

import pytest
import torch

from demo.make_flow_checkpoint import write_vocoder
from tts.checkpoint import BadCheckpoint
from tts.models.vocoders import BIGVGAN_CONFIG, BIGVGAN_WEIGHTS, read_vocoder
from tts.models.weight_norm import fold_weight_norm
from tts.versions import VERSIONS

V3, V4 = VERSIONS["v3"], VERSIONS["v4"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("vocoders")
    write_vocoder(made / "bigvgan", V3)
    write_vocoder(made / "vocoder.pth", V4)
    return made


@pytest.mark.parametrize(("name", "version", "samples"), [("bigvgan", V3, 256), ("vocoder.pth", V4, 480)])
def test_both_kinds_make_waveforms_piece_by_piece(folder: Path, name: str, version, samples: int) -> None:
    vocoder = read_vocoder(folder / name, version)
    assert (vocoder.samples_per_frame, vocoder.num_mels) == (samples, 100)
    mel = torch.randn(1, 100, 40)
    stream = vocoder.open()
    with torch.inference_mode():
        whole = vocoder.open().push(mel, is_last=True)
        pieces = [stream.push(mel[..., :24], is_last=False), stream.push(mel[..., 24:], is_last=True)]
    assert whole.shape == (1, 1, 40 * samples)
    assert torch.allclose(torch.cat(pieces, dim=2), whole, atol=1e-5)
    assert whole.std() > 1e-3


def test_folded_weights_are_the_same_network(folder: Path, tmp_path: Path) -> None:
    stored = torch.load(folder / "bigvgan" / BIGVGAN_WEIGHTS)["generator"]
    assert any(name.endswith("weight_g") for name in stored)
    config = (folder / "bigvgan" / BIGVGAN_CONFIG).read_text(encoding="utf-8")
    (tmp_path / BIGVGAN_CONFIG).write_text(config, encoding="utf-8")
    torch.save({"generator": fold_weight_norm(stored)}, tmp_path / BIGVGAN_WEIGHTS)
    mel = torch.randn(1, 100, 4)
    one, two = (read_vocoder(place, V3).open() for place in (folder / "bigvgan", tmp_path))
    assert torch.allclose(one.push(mel, is_last=True), two.push(mel, is_last=True), atol=1e-6)


def broken(folder: Path, tmp_path: Path, *, config: str | None, num_bytes: int | None = None) -> Path:
    """A copy of BigVGAN's folder with another config, or with weights cut short."""
    weights = (folder / "bigvgan" / BIGVGAN_WEIGHTS).read_bytes()
    (tmp_path / BIGVGAN_WEIGHTS).write_bytes(weights[:num_bytes])
    if config is not None:
        (tmp_path / BIGVGAN_CONFIG).write_text(config, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("config", "match"),
    [
        (None, r"config\.json.*BigVGAN's config\.json is needed"),
        ("{", r"config\.json.*cannot be read as JSON"),
        ("[1]", r"config\.json.*is no JSON object"),
        ("{}", r"bigvgan_generator\.pt.*upsample_rates"),
    ],
)
def test_a_bad_config_is_named(folder: Path, tmp_path: Path, config: str | None, match: str) -> None:
    with pytest.raises(BadCheckpoint, match=match):
        read_vocoder(broken(folder, tmp_path, config=config), V3)


def test_weights_cut_short_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"bigvgan_generator\.pt"):
        read_vocoder(broken(folder, tmp_path, config="{}", num_bytes=5000), V3)


def test_another_version_s_vocoder_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"bigvgan_generator\.pt: tensor 'generator' is not a tensor"):
        read_vocoder(folder / "bigvgan" / BIGVGAN_WEIGHTS, V4)
    config = json.loads((folder / "bigvgan" / BIGVGAN_CONFIG).read_text(encoding="utf-8"))
    path = broken(folder, tmp_path, config=json.dumps({**config, "upsample_rates": [2, 2, 2, 2, 2, 2]}))
    with pytest.raises(BadCheckpoint, match="makes 64 samples of a mel frame; the vocoder of v3 makes 256"):
        read_vocoder(path, V3)
