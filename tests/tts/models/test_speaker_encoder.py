"""The speaker net loads strictly and its embedding has the size its file says."""

from pathlib import Path

import numpy as np
import pytest
import torch

from demo.make_acoustic_checkpoint import write_speaker_net
from tts.checkpoint import BadCheckpoint
from tts.models.speaker_encoder import SpeakerEncoder

KIT = Path(__file__).parents[4] / "shared/gpt-sovits/parity"


@pytest.fixture(scope="module")
def net_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("net") / "net.ckpt"
    write_speaker_net(path)
    return path


def test_embedding_has_one_size_for_every_length(net_path: Path) -> None:
    net = SpeakerEncoder.from_file(net_path)
    generator = torch.Generator().manual_seed(0)
    for seconds in (0.5, 1.3):
        embedding = net.embed(torch.randn(int(16_000 * seconds), generator=generator) * 0.1)
        assert embedding.shape == (1, net.embedding_dim) == (1, 1920)
        assert torch.isfinite(embedding).all()


def test_different_sounds_have_different_embeddings(net_path: Path) -> None:
    net = SpeakerEncoder.from_file(net_path)
    time = torch.arange(16_000) / 16_000
    low, high = (net.embed(torch.sin(2 * torch.pi * hz * time)) for hz in (120, 900))
    assert float((low - high).abs().max()) > 1e-3


def test_the_unused_head_may_be_there_and_nothing_else(net_path: Path, tmp_path: Path) -> None:
    weights = torch.load(net_path, weights_only=True)
    path = tmp_path / "changed.ckpt"
    torch.save({**weights, "seg_1.weight": torch.ones(3, 4)}, path)
    SpeakerEncoder.from_file(path)
    torch.save({**weights, "extra": torch.ones(2)}, path)
    with pytest.raises(BadCheckpoint, match=r"changed\.ckpt.*left over extra"):
        SpeakerEncoder.from_file(path)
    torch.save({name: tensor for name, tensor in weights.items() if name != "bn1.bias"}, path)
    with pytest.raises(BadCheckpoint, match=r"missing bn1\.bias"):
        SpeakerEncoder.from_file(path)
    torch.save({"something": torch.ones(2)}, path)
    with pytest.raises(BadCheckpoint, match="missing tensor"):
        SpeakerEncoder.from_file(path)


@pytest.mark.skipif(not KIT.exists(), reason="the full parity kit is not at hand")
def test_embedding_is_upstreams() -> None:
    net = SpeakerEncoder.from_file(KIT / "weights/sv_eres2netv2.ckpt")
    golden = np.load(KIT / "golden/sv_embedding.npz")
    got = net.embed(torch.from_numpy(golden["in_wav16k"]))[0].numpy()
    assert np.abs(got - golden["out_sv_emb"]).max() < 3e-4
