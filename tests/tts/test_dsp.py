"""Features against definitions written out in numpy, and against upstream's recorded numbers."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tts.dsp import (
    KALDI_BINS,
    MelSettings,
    denormalize_mel,
    kaldi_fbank,
    limit_loudness,
    log_mel,
    normalize_mel,
    resample_sinc,
    slaney_filters,
    spectrogram,
)

SHARED_SV = Path(__file__).parents[3] / "shared/gpt-sovits/parity/golden/sv_embedding.npz"


def tone(hz: float, rate: int, seconds: float = 0.5) -> torch.Tensor:
    return torch.sin(2 * math.pi * hz * torch.arange(int(rate * seconds)) / rate)


def test_spectrogram_is_the_padded_windowed_dft() -> None:
    samples = torch.randn(1, 400, generator=torch.Generator().manual_seed(1))
    fft, hop = 64, 16
    got = spectrogram(samples, fft, hop)[0].numpy()
    pad = (fft - hop) // 2
    padded = np.pad(samples[0].numpy(), pad, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(fft) / fft)
    frames = [
        np.fft.rfft(padded[start : start + fft] * window) for start in range(0, len(padded) - fft + 1, hop)
    ]
    want = np.sqrt(np.abs(np.array(frames).T) ** 2 + 1e-8)
    assert got.shape == (33, 400 // 16)
    assert np.abs(got - want).max() < 1e-4


def test_spectrogram_names_too_few_samples() -> None:
    with pytest.raises(ValueError, match="704 samples are too few; more than 704"):
        spectrogram(torch.zeros(1, 704), 2048, 640)


def test_loudness_rule() -> None:
    assert limit_loudness(torch.tensor([[0.5, -1.0]])).tolist() == [[0.5, -1.0]]
    assert limit_loudness(torch.tensor([[0.8, -1.6]])).tolist() == [[0.5, -1.0]]
    assert limit_loudness(torch.tensor([[1.0, -4.0]])).tolist() == [[0.5, -2.0]]


def test_mel_filters_have_unit_area_and_slaney_centers() -> None:
    filters = slaney_filters(32_000, 8192, 100).double()
    bin_hz = 32_000 / 8192
    assert torch.allclose(filters.sum(1) * bin_hz, torch.ones(100, dtype=torch.float64), atol=0.02)
    centers_hz = filters.argmax(1) * bin_hz
    top_mel = 15 + math.log(16) / (math.log(6.4) / 27)
    assert abs(float(centers_hz[9]) - 10 * top_mel / 101 * 200 / 3) < 2 * bin_hz
    assert float(centers_hz[99]) < 16_000


def test_log_mel_shape_floor_and_range() -> None:
    settings = MelSettings(24_000, 1024, 256)
    mel = log_mel(tone(440, 24_000)[None], settings)
    assert mel.shape == (1, 100, 12_000 // 256)
    silence = log_mel(torch.zeros(1, 5000), settings)
    assert float(silence.min()) >= math.log(1e-5) - 1e-5
    assert torch.allclose(denormalize_mel(normalize_mel(mel)), mel, atol=1e-5)
    assert normalize_mel(torch.tensor([-12.0, -5.0, 2.0])).tolist() == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(44_100, 32_000), (32_000, 16_000), (24_000, 32_000), (8_000, 32_000)]
)
def test_resampling_keeps_tones_and_lengths(from_hz: int, to_hz: int) -> None:
    got = resample_sinc(tone(1000, from_hz)[None], from_hz, to_hz)[0]
    assert len(got) == math.ceil(from_hz // 2 * to_hz / from_hz)
    want = tone(1000, to_hz)[: len(got)]
    inner = slice(200, -200)
    assert float((got[inner] - want[inner]).abs().max()) < 5e-3


def test_resampling_to_the_same_rate_changes_nothing() -> None:
    samples = torch.randn(1, 50)
    assert resample_sinc(samples, 32_000, 32_000) is samples


def test_resampling_removes_what_the_lower_rate_cannot_hold() -> None:
    got = resample_sinc(tone(12_000, 32_000)[None], 32_000, 16_000)[0]
    assert float(got[200:-200].abs().max()) < 0.02


def test_fbank_finds_the_band_of_a_tone() -> None:
    features = kaldi_fbank(tone(1000, 16_000))
    assert features.shape == (1 + (8000 - 400) // 160, KALDI_BINS)
    low, high = (1127 * math.log(1 + hz / 700) for hz in (20, 8000))
    band = (1127 * math.log(1 + 1000 / 700) - low) / (high - low) * (KALDI_BINS + 1) - 1
    assert abs(float(features.mean(0).argmax()) - band) <= 1


def test_fbank_is_kaldis_definition() -> None:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 400)
    frame = samples - samples.mean()
    emphasised = frame - 0.97 * np.concatenate([frame[:1], frame[:-1]])
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    power = np.abs(np.fft.rfft(emphasised * window, 512)) ** 2
    mels = 1127 * np.log(1 + np.arange(257) * 31.25 / 700)
    edges = np.linspace(1127 * np.log(1 + 20 / 700), 1127 * np.log(1 + 8000 / 700), 82)
    want = []
    for low, center, high in zip(edges, edges[1:], edges[2:], strict=False):
        weights = [
            max(0.0, min((m - low) / (center - low), (high - m) / (high - center))) for m in mels[:256]
        ]
        want.append(np.log(max(np.dot(weights, power[:256]), 2.0**-23)))
    got = kaldi_fbank(torch.from_numpy(samples).float())[0].numpy()
    assert np.abs(got - np.array(want)).max() < 1e-3


def test_fbank_of_silence_is_the_floor_and_ignores_an_offset() -> None:
    floor = math.log(torch.finfo(torch.float32).eps)
    assert torch.allclose(kaldi_fbank(torch.zeros(800)), torch.tensor(floor))
    wave = tone(500, 16_000)
    assert torch.allclose(kaldi_fbank(wave + 0.3), kaldi_fbank(wave), atol=2e-2)


def test_fbank_names_too_few_samples() -> None:
    with pytest.raises(ValueError, match="at least 400"):
        kaldi_fbank(torch.zeros(399))


@pytest.mark.skipif(not SHARED_SV.exists(), reason="the full parity kit is not at hand")
def test_fbank_is_upstreams() -> None:
    golden = np.load(SHARED_SV)
    got = kaldi_fbank(torch.from_numpy(golden["in_wav16k"])).numpy()
    assert np.abs(got - golden["out_fbank"]).max() < 3e-3
