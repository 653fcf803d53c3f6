"""The style encoder: what it looks at, and what it refuses."""

import pytest
import torch

from tts.models.style import StyleEncoder


def make() -> StyleEncoder:
    torch.manual_seed(0)
    return StyleEncoder(num_bins=20, hidden=8, out_channels=12).requires_grad_(False)


def test_bins_beyond_its_own_are_ignored() -> None:
    encoder = make()
    spectrogram = torch.rand(1, 30, 25)
    louder = spectrogram.clone()
    louder[:, 20:] += 5
    assert encoder(spectrogram).shape == (1, 12, 1)
    assert torch.equal(encoder(spectrogram), encoder(louder))


def test_lower_bins_matter() -> None:
    encoder = make()
    spectrogram = torch.rand(1, 20, 25)
    assert not torch.allclose(encoder(spectrogram), encoder(spectrogram + 1))


def test_too_few_bins_are_named() -> None:
    with pytest.raises(ValueError, match="19 bins; 20 are needed"):
        make()(torch.rand(1, 19, 25))
