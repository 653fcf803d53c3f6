"""The untrained voices: the command writes working files, and seeds repeat."""

from pathlib import Path

import numpy as np
import torch
from click.testing import CliRunner

from demo.make_acoustic_checkpoint import PRESETS, main, make_model, pro_sizes, write_reference
from tts.audio import read_audio
from tts.checkpoint import read_checkpoint
from tts.decoders.vits_decoder import VitsDecoder
from tts.reference import ReferenceEncoder
from tts.versions import VERSIONS


def test_command_makes_a_voice_that_speaks(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, [str(tmp_path), "--version", "v2ProPlus", "--seed", "3"])
    assert result.exit_code == 0, result.output
    assert "s2.pth" in result.output
    decoder = VitsDecoder.from_checkpoint(read_checkpoint(tmp_path / "s2.pth"))
    encoder = ReferenceEncoder(tmp_path / "hubert", tmp_path / "speaker_net.ckpt")
    reference = encoder.encode(tmp_path / "reference.wav", decoder.version)
    tokens = decoder.ssl_to_tokens(reference.ssl)
    assert len(set(tokens.tolist())) > 5
    stream = decoder.open(tokens[:8], [1, 2, 3], decoder.condition([reference]))
    chunk = stream.next_chunk(16)
    assert chunk is not None
    assert 0.01 < float(np.abs(chunk).max()) <= 1


def test_seeds_repeat_and_no_layer_is_zero() -> None:
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, same, other = (make_model(PRESETS["small"], VERSIONS["v2"], seed) for seed in (1, 1, 2))
    assert torch.equal(torch.random.get_rng_state(), before)
    for (name, tensor), again in zip(one.state_dict().items(), same.state_dict().values(), strict=True):
        assert torch.equal(tensor, again), name
        assert name.endswith("beta") or float(tensor.abs().max()) > 0, name
    assert not torch.equal(one.dec.conv_pre.weight, other.dec.conv_pre.weight)


def test_real_sizes_are_the_published_ones() -> None:
    real = PRESETS["real"]
    assert pro_sizes(real, VERSIONS["v2"]) == (512, 512, (16, 16, 8, 2, 2))
    assert pro_sizes(real, VERSIONS["v2Pro"]) == (1024, 512, (16, 16, 8, 2, 2))
    assert pro_sizes(real, VERSIONS["v2ProPlus"]) == (1024, 768, (20, 16, 8, 2, 2))


def test_reference_is_a_loud_enough_recording(tmp_path: Path) -> None:
    write_reference(tmp_path / "a.wav", seconds=3.5, seed=1)
    samples, rate = read_audio(tmp_path / "a.wav")
    assert samples.shape == (int(3.5 * 32_000), 1)
    assert rate == 32_000
    assert 0.6 < float(np.abs(samples).max()) < 0.75
    write_reference(tmp_path / "b.wav", seconds=3.5, seed=2)
    assert not np.array_equal(read_audio(tmp_path / "b.wav")[0], samples)
