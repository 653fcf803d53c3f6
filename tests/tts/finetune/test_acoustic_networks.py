"""Where training starts and what it ends in: real file formats, the base's encoder, an honest quantizer."""

from pathlib import Path

import pytest
import torch

from tests.tts.finetune.acoustic_cases import (
    TINY,
    TINY_DISCRIMINATORS,
    hum,
    tiny_networks,
)
from tts.checkpoint import BadCheckpoint, read_checkpoint
from tts.decoders.vits_decoder import VitsDecoder
from tts.dsp import spectrogram
from tts.finetune.acoustic_networks import AcousticNetworks
from tts.finetune.acoustic_sizes import SMALL_SIZES, make_config
from tts.models.quantizer import SemanticQuantizer
from tts.models.weight_norm import fold_weight_norm
from tts.reference_features import Style
from tts.versions import VERSIONS

KIT = Path(__file__).parents[2] / "data" / "parity" / "weights"
MARKS = {"v1": b"PK", "v2": b"PK", "v2Pro": b"05", "v2ProPlus": b"06"}


@pytest.mark.parametrize("version", MARKS)
def test_what_is_exported_speaks(tmp_path: Path, version: str) -> None:
    path = tmp_path / "voice.pth"
    networks = tiny_networks(version)
    networks.export(path, "8epoch_1iteration")
    assert path.read_bytes()[:2] == MARKS[version]
    checkpoint = read_checkpoint(path, version=version)
    assert checkpoint.info == "8epoch_1iteration"
    assert not any(name.startswith("enc_q") for name in checkpoint.weights)
    decoder = VitsDecoder.from_checkpoint(checkpoint)
    for name, tensor in networks.model.state_dict().items():
        assert torch.allclose(decoder.model.state_dict()[name], tensor, atol=2e-3, rtol=4e-3), name
    clip = hum()
    embedding = torch.as_tensor(clip.speaker_embedding)[None]
    style = Style(spectrogram(torch.from_numpy(clip.waveform)[None], 2048, 640), embedding)
    stream = decoder.open(clip.tokens, clip.phones, decoder.condition([style]))
    chunk = stream.next_chunk(stream.num_frames)
    assert chunk is not None
    assert len(chunk) == len(clip.tokens) * 1280


@pytest.mark.parametrize("name", ["s2_v2", "s2_v2ProPlus"])
def test_a_base_in_gives_the_same_keys_and_types_out(tmp_path: Path, name: str) -> None:
    source = KIT / f"{name}.pth"
    networks = AcousticNetworks.from_base(
        source, new_posterior_layers=2, discriminator_sizes=TINY_DISCRIMINATORS
    )
    networks.export(tmp_path / "again.pth", "8epoch_1234iteration")
    before, after = read_checkpoint(source), read_checkpoint(tmp_path / "again.pth")
    assert (tmp_path / "again.pth").read_bytes()[:2] == source.read_bytes()[:2]
    shapes = [{n: (tuple(t.shape), t.dtype) for n, t in c.weights.items()} for c in (before, after)]
    assert shapes[0] == shapes[1]
    assert after.config == before.config
    assert after.version is before.version
    again = fold_weight_norm(after.weights)
    for key, tensor in fold_weight_norm(before.weights).items():
        if not key.endswith(("inited", "cluster_size", "embed_avg")):
            assert torch.allclose(again[key].float(), tensor.float(), atol=1e-3, rtol=4e-3), key


def test_fine_tuned_files_cannot_be_trained_on_and_the_error_says_what_can() -> None:
    with pytest.raises(BadCheckpoint, match=r"no posterior encoder.*s2G2333k\.pth"):
        AcousticNetworks.from_base(KIT / "s2_v2.pth", discriminator_sizes=TINY_DISCRIMINATORS)


def test_a_base_brings_its_encoder_and_discriminators(tmp_path: Path) -> None:
    networks = tiny_networks(seed=3)
    networks.export(tmp_path / "s2G.pth", is_base=True)
    networks.export_discriminators(tmp_path / "s2D.pth")
    stored = read_checkpoint(tmp_path / "s2G.pth").weights
    assert {name for name in stored if name.startswith("enc_q.enc.in_layers.0.")} == {
        "enc_q.enc.in_layers.0.weight_g",
        "enc_q.enc.in_layers.0.weight_v",
        "enc_q.enc.in_layers.0.bias",
    }
    assert "enc_q.pre.weight" in stored
    again = AcousticNetworks.from_base(
        tmp_path / "s2G.pth", tmp_path / "s2D.pth", discriminator_sizes=TINY_DISCRIMINATORS, seed=9
    )
    expected = networks.state_dict()
    for name, tensor in again.state_dict().items():
        assert torch.allclose(tensor, expected[name], atol=2e-3, rtol=4e-3), name


def test_discriminators_of_other_widths_are_named(tmp_path: Path) -> None:
    networks = tiny_networks()
    networks.export(tmp_path / "s2G.pth", is_base=True)
    networks.discriminators.discriminators.append(torch.nn.Conv1d(1, 2, 3))
    networks.export_discriminators(tmp_path / "s2D.pth")
    with pytest.raises(BadCheckpoint, match=r"s2D\.pth.*left over discriminators\.3"):
        AcousticNetworks.from_base(
            tmp_path / "s2G.pth", tmp_path / "s2D.pth", discriminator_sizes=TINY_DISCRIMINATORS
        )


def test_an_unfitted_or_misfitting_quantizer_is_refused() -> None:
    for quantizer, message in (
        (SemanticQuantizer(TINY.ssl_dim, 32, 2), "all zeros"),
        (SemanticQuantizer(5, 32, 2), "5 wide, but ssl_dim is 12"),
    ):
        if "wide" in message:
            quantizer.codebook.fill_(1.0)
        with pytest.raises(ValueError, match=message):
            AcousticNetworks.fresh(TINY, VERSIONS["v2"], quantizer, TINY_DISCRIMINATORS)


def test_seeds_repeat_and_leave_the_callers_random_numbers_alone() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, same, other = (tiny_networks(seed=seed).model.dec.conv_pre.weight for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_small_sizes_are_those_of_the_built_in_voices() -> None:
    config = make_config(SMALL_SIZES, VERSIONS["v2"])["model"]
    assert config["resblock"] == "2"
    assert all(len(row) == 2 for row in config["resblock_dilation_sizes"])  # what upstream's type 2 reads
    quantizer = SemanticQuantizer(SMALL_SIZES.ssl_dim, 8, 2)
    quantizer.codebook.fill_(1.0)
    networks = AcousticNetworks.fresh(SMALL_SIZES, VERSIONS["v2"], quantizer, TINY_DISCRIMINATORS)
    assert networks.model.dec.samples_per_frame == 640
    assert 5e6 < sum(parameter.numel() for parameter in networks.model.parameters()) < 7e6
