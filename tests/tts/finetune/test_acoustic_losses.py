"""Losses against their definitions: nothing for equals, known values for simple cases."""

import math

import pytest
import torch

from tts.finetune.acoustic_losses import (
    deception_loss,
    discriminator_loss,
    envelope_loss,
    feature_loss,
    kl_to_normal,
    kl_to_prior,
    mel_loss,
    stft_loss,
)
from tts.finetune.discriminators import Verdict
from tts.finetune.posterior_encoder import Posterior
from tts.models.prior_encoder import Prior


def noise(seed: int, scale: float = 0.1) -> torch.Tensor:
    return scale * torch.randn(2, 12_800, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("loss", [mel_loss, stft_loss, envelope_loss])
def test_equal_sounds_cost_nothing_and_only_what_is_made_learns(loss) -> None:
    recorded, made = noise(1).requires_grad_(), noise(2).requires_grad_()
    assert float(loss(recorded, recorded).detach()) < 1e-6
    loss(made, recorded).backward()
    assert recorded.grad is None
    assert bool(made.grad.isfinite().all())
    assert float(made.grad.abs().max()) > 0


def test_twice_as_loud_is_the_logarithm_of_two_away() -> None:
    recorded = noise(1)
    assert float(mel_loss(2 * recorded, recorded)) == pytest.approx(math.log(2), abs=1e-3)
    assert float(envelope_loss(2 * recorded, recorded)) == pytest.approx(math.log(2), abs=1e-3)
    # The relative error of the magnitudes is 1, and the logarithms are as far apart as above.
    assert float(stft_loss(2 * recorded, recorded)) == pytest.approx(1 + math.log(2), abs=1e-3)


def test_wide_bands_ask_which_sound_it_is_not_how_its_noise_fell() -> None:
    assert float(envelope_loss(noise(2), noise(1))) < 0.75 * float(mel_loss(noise(2), noise(1)))
    # The same noise, but rising by 6 dB an octave: another sound.
    rising = torch.diff(noise(2), append=torch.zeros(2, 1))
    assert float(envelope_loss(rising, noise(1))) > 3 * float(envelope_loss(noise(2), noise(1)))


def test_silence_is_no_trouble() -> None:
    made = torch.zeros(1, 12_800, requires_grad=True)
    (stft_loss(made, torch.zeros(1, 12_800)) + mel_loss(made, noise(1)[:1])).backward()
    assert bool(made.grad.isfinite().all())


def test_kl_to_normal_is_the_closed_form() -> None:
    torch.manual_seed(0)
    mean, log_scale = torch.randn(2, 3, 5), 0.3 * torch.randn(2, 3, 5)
    found = kl_to_normal(Posterior(mean, mean, log_scale))
    posterior = torch.distributions.Normal(mean, log_scale.exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0))
    assert torch.allclose(found, expected.sum(1).mean())


def test_kl_to_prior_is_the_closed_form_on_average() -> None:
    torch.manual_seed(0)
    shape = (1, 2, 200_000)
    mean, log_scale = torch.full(shape, 0.4), torch.full(shape, -0.7)
    prior_mean, prior_log_scale = torch.full(shape, -0.1), torch.full(shape, 0.2)
    latents = mean + torch.randn(shape) * log_scale.exp()
    empty = torch.zeros(0)
    found = kl_to_prior(latents, log_scale, Prior(empty, empty, prior_mean, prior_log_scale))
    expected = torch.distributions.kl_divergence(
        torch.distributions.Normal(mean, log_scale.exp()),
        torch.distributions.Normal(prior_mean, prior_log_scale.exp()),
    )
    assert float(found) == pytest.approx(float(expected.sum(1).mean()), abs=0.01)


def test_adversarial_losses_want_opposite_things() -> None:
    def verdict(score: float) -> Verdict:
        return Verdict(torch.full((2, 4), score), [torch.full((2, 3), score), torch.full((2, 4), score)])

    perfect, fooled = [verdict(1.0), verdict(1.0)], [verdict(0.0), verdict(0.0)]
    assert float(discriminator_loss(perfect, fooled)) == 0
    assert float(discriminator_loss(fooled, perfect)) == 4
    assert float(deception_loss(fooled)) == 2
    assert float(deception_loss(perfect)) == 0
    assert float(feature_loss(perfect, perfect)) == 0
    assert float(feature_loss(perfect, fooled)) == 4
