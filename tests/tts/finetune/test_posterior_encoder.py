"""The posterior encoder: a draw around what it says, rebuilt from shapes, no teacher of the voice vector."""

import torch

from tts.finetune.posterior_encoder import PosteriorEncoder
from tts.models.sizes import Sizes

STATISTICS = [1.0, -2.0, 0.0, 5.0, -1.0, -1.0, -1.0, -1.0]  # means, then logarithms of the scales


def make() -> PosteriorEncoder:
    torch.manual_seed(0)
    return PosteriorEncoder(num_bins=9, hidden=8, latent_channels=4, kernel_size=5, num_layers=3, condition=6)


def test_latents_are_drawn_around_the_mean() -> None:
    encoder = make()
    with torch.no_grad():
        for parameter, value in zip(encoder.proj.parameters(), (0.0, torch.tensor(STATISTICS)), strict=True):
            parameter.copy_(torch.as_tensor(value))
    posterior = encoder(torch.rand(3, 9, 4000), torch.randn(3, 6, 1))
    assert posterior.mean.shape == posterior.log_scale.shape == (3, 4, 4000)
    assert torch.allclose(posterior.latents.mean((0, 2)), torch.tensor([1.0, -2.0, 0.0, 5.0]), atol=0.02)
    assert torch.allclose(posterior.latents.std((0, 2)), torch.full((4,), -1.0).exp(), atol=0.02)


def test_the_voice_matters_but_does_not_learn_from_here() -> None:
    encoder = make()
    spectrogram = torch.rand(1, 9, 20)
    ge = torch.randn(1, 6, 1, requires_grad=True)
    posterior = encoder(spectrogram, ge)
    posterior.latents.sum().backward()
    assert ge.grad is None
    assert encoder.enc.cond_layer.weight.grad is not None
    assert not torch.allclose(encoder(spectrogram, ge + 1).mean, posterior.mean)


def test_encoder_is_rebuilt_from_tensor_shapes() -> None:
    encoder = make()
    weights = {"enc_q." + name: tensor for name, tensor in encoder.state_dict().items()}
    again = PosteriorEncoder.from_sizes(Sizes(weights), "enc_q.")
    assert {n: t.shape for n, t in again.state_dict().items()} == {
        n: t.shape for n, t in encoder.state_dict().items()
    }
