"""Laws of the decoder: chunks never change a bit, seeds repeat, wrong input is named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.make_acoustic_checkpoint import PRESETS, make_model, write_acoustic_model
from tts.checkpoint import BadCheckpoint, Checkpoint, read_checkpoint
from tts.decoders.vits_decoder import STEP_FRAMES, Conditioning, DecodeStream, VitsDecoder, seeded_noise
from tts.reference_features import Style
from tts.versions import VERSIONS

TOKENS = [5, 900, 33, 33, 1023, 0, 71, 8, 512, 44, 3, 600, 12, 13, 14, 15, 16]
PHONES = [1, 50, 300, 7, 0, 9]


def style(seed: int, version: str = "v2", num_frames: int = 40) -> Style:
    generator = torch.Generator().manual_seed(seed)
    spectrogram = torch.rand(1, 1025, num_frames, generator=generator)
    if not VERSIONS[version].uses_speaker_embedding:
        return Style(spectrogram)
    return Style(spectrogram, torch.randn(1, 1920, generator=generator))


@pytest.fixture(scope="module")
def decoder() -> VitsDecoder:
    return VitsDecoder(make_model(PRESETS["small"], VERSIONS["v2"]), VERSIONS["v2"])


@pytest.fixture(scope="module")
def voice(decoder: VitsDecoder) -> Conditioning:
    return decoder.condition([style(1)])


def join(stream: DecodeStream, sizes: list[int]) -> np.ndarray:
    chunks = []
    while (chunk := stream.next_chunk(sizes[len(chunks) % len(sizes)])) is not None:
        chunks.append(chunk)
    return np.concatenate(chunks)


@pytest.fixture(scope="module")
def whole(decoder: VitsDecoder, voice: Conditioning) -> np.ndarray:
    """All in one chunk."""
    return join(decoder.open(TOKENS, PHONES, voice, seed=4), [1000])


@settings(max_examples=8, deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_chunk_sizes_never_change_a_bit(
    decoder: VitsDecoder, voice: Conditioning, whole: np.ndarray, sizes: list[int]
) -> None:
    assert np.array_equal(join(decoder.open(TOKENS, PHONES, voice, seed=4), sizes), whole)


def test_chunks_are_the_offline_waveform(
    decoder: VitsDecoder, voice: Conditioning, whole: np.ndarray
) -> None:
    prior = decoder.encode(TOKENS, PHONES, voice)
    noise = seeded_noise(4, *prior.mean.shape[1:])
    with torch.inference_mode():
        latents = decoder.latents(prior, noise, 0.5, voice)
        offline = decoder.model.dec(latents, voice.decoder)[0, 0].numpy()
    assert np.abs(offline - whole).max() < 1e-6
    assert np.abs(whole).max() > 1e-3


def test_lengths(decoder: VitsDecoder, voice: Conditioning) -> None:
    stream = decoder.open(TOKENS, PHONES, voice)
    assert stream.frames_per_sec == 50
    assert stream.num_samples == len(TOKENS) * decoder.samples_per_token == len(TOKENS) * 1280
    lengths = []
    while (chunk := stream.next_chunk(7)) is not None:
        assert chunk.dtype == np.float32
        lengths.append(len(chunk))
    assert lengths[:-1] == [7 * 640] * (len(lengths) - 1)
    assert sum(lengths) == stream.num_samples
    assert stream.next_chunk(7) is None


@pytest.mark.parametrize(("speed", "frames"), [(0.5, 69), (0.8, 43), (1.0, 34), (1.3, 27), (2.0, 18)])
def test_speed_changes_the_length(
    decoder: VitsDecoder, voice: Conditioning, speed: float, frames: int
) -> None:
    assert decoder.open(TOKENS, PHONES, voice, speed_factor=speed).num_frames == frames


def test_equal_seeds_repeat_and_others_differ(
    decoder: VitsDecoder, voice: Conditioning, whole: np.ndarray
) -> None:
    torch.manual_seed(99)
    assert np.array_equal(join(decoder.open(TOKENS, PHONES, voice, seed=4), [9]), whole)
    assert not np.array_equal(join(decoder.open(TOKENS, PHONES, voice, seed=5), [9]), whole)
    still = [join(decoder.open(TOKENS, PHONES, voice, seed=s, noise_scale=0), [50]) for s in (4, 5)]
    assert np.array_equal(still[0], still[1])


def test_streams_side_by_side_do_not_mix(
    decoder: VitsDecoder, voice: Conditioning, whole: np.ndarray
) -> None:
    other_voice = decoder.condition([style(2)])
    first = decoder.open(TOKENS, PHONES, voice, seed=4)
    second = decoder.open(TOKENS[::-1], PHONES, other_voice, seed=8)
    pieces = []
    while (chunk := first.next_chunk(5)) is not None:
        pieces.append(chunk)
        second.next_chunk(3)
    assert np.array_equal(np.concatenate(pieces), whole)


def test_noise_depends_on_seed_and_frame_only() -> None:
    long, short = seeded_noise(3, 8, 100), seeded_noise(3, 8, 37)
    assert np.array_equal(long[:, :37], short)
    assert abs(float(long.mean())) < 0.2
    assert 0.8 < float(long.std()) < 1.2


def test_given_noise_must_fit(decoder: VitsDecoder, voice: Conditioning) -> None:
    zeros = np.zeros((32, 34), np.float32)
    silent = join(decoder.open(TOKENS, PHONES, voice, noise=zeros), [50])
    assert np.array_equal(silent, join(decoder.open(TOKENS, PHONES, voice, noise_scale=0), [50]))
    with pytest.raises(ValueError, match=r"noise of shape \(32, 33\); \(32, 34\)"):
        decoder.open(TOKENS, PHONES, voice, noise=zeros[:, :33])


def test_voices_sound_different(decoder: VitsDecoder, whole: np.ndarray) -> None:
    other = join(decoder.open(TOKENS, PHONES, decoder.condition([style(2)]), seed=4), [50])
    assert np.abs(other - whole).max() > 1e-3


def test_several_references_are_averaged(decoder: VitsDecoder) -> None:
    one, two = style(1), style(2)
    both = decoder.condition([one, two]).ge
    mean = (decoder.condition([one]).ge + decoder.condition([two]).ge) / 2
    assert torch.allclose(both, mean, atol=1e-6)


def test_phones_and_tokens_matter(decoder: VitsDecoder, voice: Conditioning, whole: np.ndarray) -> None:
    assert not np.array_equal(join(decoder.open(TOKENS, PHONES[::-1], voice, seed=4), [50]), whole)
    assert not np.array_equal(join(decoder.open(TOKENS[::-1], PHONES, voice, seed=4), [50]), whole)


@pytest.mark.parametrize(
    ("tokens", "phones", "options", "match"),
    [
        ([], PHONES, {}, "semantic tokens of shape"),
        (TOKENS, [], {}, "phones of shape"),
        ([1024], PHONES, {}, "semantic token ids run from 1024 to 1024; 0 to 1023 is valid"),
        ([-1, 3], PHONES, {}, "semantic token ids run from -1"),
        (TOKENS, [732], {}, "0 to 731 is valid"),
        (TOKENS, PHONES, {"speed_factor": 0.0}, "speed_factor 0.0: 0.25 to 4.0"),
        (TOKENS, PHONES, {"speed_factor": float("nan")}, "speed_factor nan"),
    ],
)
def test_wrong_input_is_named(
    decoder: VitsDecoder,
    voice: Conditioning,
    tokens: list[int],
    phones: list[int],
    options: dict[str, float],
    match: str,
) -> None:
    with pytest.raises(ValueError, match=match):
        decoder.open(tokens, phones, voice, **options)  # type: ignore[arg-type]


def test_chunks_of_nothing_are_refused(decoder: VitsDecoder, voice: Conditioning) -> None:
    with pytest.raises(ValueError, match="num_frames 0"):
        decoder.open(TOKENS, PHONES, voice).next_chunk(0)


def test_ssl_features_become_tokens(decoder: VitsDecoder) -> None:
    tokens = decoder.ssl_to_tokens(torch.randn(1, 51, 64))
    assert tokens.shape == (25,)
    assert tokens.dtype == torch.int64
    for shape in ((1, 51, 63), (1, 1, 64), (51, 64)):
        with pytest.raises(ValueError, match="SSL features of shape"):
            decoder.ssl_to_tokens(torch.randn(*shape))


def test_a_voice_needs_a_reference(decoder: VitsDecoder) -> None:
    with pytest.raises(ValueError, match="at least one reference"):
        decoder.condition([])


@pytest.mark.parametrize("name", ["v1", "v2Pro", "v2ProPlus"])
def test_every_version_speaks_from_its_file(tmp_path: Path, name: str) -> None:
    write_acoustic_model(tmp_path / "s2.pth", VERSIONS[name])
    decoder = VitsDecoder.from_checkpoint(read_checkpoint(tmp_path / "s2.pth"))
    assert decoder.version.name == name
    assert decoder.sample_rate == 32_000
    stream = decoder.open(TOKENS, PHONES, decoder.condition([style(1, name)]))
    samples = join(stream, [STEP_FRAMES])
    assert len(samples) == len(TOKENS) * 1280
    assert np.isfinite(samples).all()
    assert 1e-3 < np.abs(samples).max() <= 1


def test_pro_voices_need_and_hear_the_speaker_embedding() -> None:
    decoder = VitsDecoder(make_model(PRESETS["small"], VERSIONS["v2Pro"]), VERSIONS["v2Pro"])
    reference = style(1, "v2Pro")
    with pytest.raises(ValueError, match="speaker embedding"):
        decoder.condition([Style(reference.spectrogram)])
    other = Style(reference.spectrogram, torch.zeros(1, 1920))
    assert not torch.allclose(decoder.condition([reference]).ge, decoder.condition([other]).ge)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    path = tmp_path_factory.mktemp("s2") / "some.pth"
    write_acoustic_model(path, VERSIONS["v2"])
    return read_checkpoint(path)


def test_remains_of_training_are_fine(checkpoint: Checkpoint) -> None:
    weights = {**checkpoint.weights, "enc_q.pre.weight": torch.ones(3)}
    VitsDecoder.from_checkpoint(replace(checkpoint, weights=weights))


@pytest.mark.parametrize(
    ("gone", "added", "match"),
    [
        ("enc_p.mrte.c_post.bias", {}, r"some\.pth.*missing enc_p\.mrte\.c_post\.bias"),
        ("dec.", {}, r"missing tensor dec\."),
        ("ref_enc.fc", {}, r"missing tensor ref_enc\.fc"),
        ("flow.", {}, r"missing tensor flow\."),
        ("none", {"dec.surprise": 2}, r"left over dec\.surprise"),
        (
            "none",
            {"flow.flows.2.post.bias": 3},
            r"flow\.flows\.2\.post\.bias has shape \(3,\) instead of \(16,\)",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_named(
    checkpoint: Checkpoint, gone: str, added: dict[str, int], match: str
) -> None:
    weights = {name: tensor for name, tensor in checkpoint.weights.items() if not name.startswith(gone)}
    weights |= {name: torch.ones(size) for name, size in added.items()}
    with pytest.raises(BadCheckpoint, match=match):
        VitsDecoder.from_checkpoint(replace(checkpoint, weights=weights))


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"upsample_rates": (10, 8, 2)}, "upsample_rates"),
        ({"upsample_rates": (10, 8, 2, 2, 3)}, "upsample_rates"),
        ({"upsample_rates": (10**9, 8, 2, 2, 2)}, "not a number from 1 to 4096"),
        ({"resblock_dilation_sizes": ((1, 3, 5),)}, "resblock_dilation_sizes"),
        ({"resblock_dilation_sizes": ((1, 3), (1, 3), (1, 3))}, "left over dec"),
        ({"resblock_dilation_sizes": (1, 3, 5)}, "list of whole numbers"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    checkpoint: Checkpoint, changed: dict[str, object], match: str
) -> None:
    config = {**checkpoint.config, "model": {**checkpoint.config["model"], **changed}}
    with pytest.raises(BadCheckpoint, match=match):
        VitsDecoder.from_checkpoint(replace(checkpoint, config=config))


def test_a_config_without_settings_is_named(checkpoint: Checkpoint) -> None:
    with pytest.raises(BadCheckpoint, match=r"config\.model is missing"):
        VitsDecoder.from_checkpoint(replace(checkpoint, config={}))


def test_flow_families_are_sent_elsewhere(checkpoint: Checkpoint) -> None:
    with pytest.raises(BadCheckpoint, match="is a v4 file; a v1, v2, v2Pro or v2ProPlus"):
        VitsDecoder.from_checkpoint(replace(checkpoint, version=VERSIONS["v4"]))
