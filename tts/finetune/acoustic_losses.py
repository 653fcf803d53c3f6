"""What the acoustic networks are trained towards. Waveforms are (B, N) at 32 kHz."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from tts.dsp import MelSettings, log_mel
from tts.finetune.discriminators import Verdict
from tts.finetune.posterior_encoder import Posterior
from tts.models.prior_encoder import Prior

# Upstream's mel for this loss; the bands are not those of any network's input.
MEL = MelSettings(sample_rate=32_000, fft_size=2048, hop=640, num_mels=128)
# Bands as wide as an ear's or wider: within one, it does not matter where the harmonics lie.
WIDE_BANDS = tuple(
    MelSettings(sample_rate=32_000, fft_size=fft_size, hop=fft_size // 4, num_mels=num_mels)
    for fft_size, num_mels in ((512, 20), (1024, 32), (2048, 40))
)
FFT_SIZES = (512, 1024, 2048)
MAGNITUDE_FLOOR = 1e-5


def mel_loss(made: Tensor, recorded: Tensor) -> Tensor:
    """Mean distance of log-mel values."""
    with torch.no_grad():
        target = log_mel(recorded, MEL)
    return F.l1_loss(log_mel(made, MEL), target)


def envelope_loss(made: Tensor, recorded: Tensor) -> Tensor:
    """Mean distance of the logarithms of wide bands, at several resolutions in time.

    Narrow bands differ by chance wherever harmonics or noise do; these differ where another sound is spoken.
    """
    distances = []
    for bands in WIDE_BANDS:
        with torch.no_grad():
            target = log_mel(recorded, bands)
        distances.append(F.l1_loss(log_mel(made, bands), target))
    return torch.stack(distances).mean()


def stft_loss(made: Tensor, recorded: Tensor, fft_sizes: Sequence[int] = FFT_SIZES) -> Tensor:
    """Distance of spectra at several resolutions (Yamamoto et al. 2020), averaged over these.

    Per resolution: the relative error of the magnitudes plus the mean distance of their logarithms.
    """
    total = made.new_zeros(())
    for fft_size in fft_sizes:
        with torch.no_grad():
            target = _magnitudes(recorded, fft_size)
        magnitudes = _magnitudes(made, fft_size)
        total = total + torch.linalg.norm(target - magnitudes) / torch.linalg.norm(target).clamp(min=1e-3)
        total = total + F.l1_loss(magnitudes.log(), target.log())
    return total / len(fft_sizes)


def _magnitudes(waveform: Tensor, fft_size: int) -> Tensor:
    window = torch.hann_window(fft_size, device=waveform.device)
    bins = torch.stft(waveform, fft_size, fft_size // 4, window=window, return_complex=True)
    return (bins.real.square() + bins.imag.square()).clamp(min=MAGNITUDE_FLOOR**2).sqrt()


def kl_to_prior(moved_latents: Tensor, posterior_log_scale: Tensor, prior: Prior) -> Tensor:
    """How far the posterior lies from what text and tokens foretell, in nats per frame.

    Args:
        moved_latents: The posterior's latents behind the flow (B, C, T).
        posterior_log_scale: (B, C, T).
        prior: Over the same T frames.
    """
    mean, log_scale = prior.mean.float(), prior.log_scale.float()
    squared = (moved_latents.float() - mean).square() * torch.exp(-2 * log_scale)
    return (log_scale - posterior_log_scale - 0.5 + 0.5 * squared).sum(1).mean()


def kl_to_normal(posterior: Posterior) -> Tensor:
    """How far the posterior lies from a standard normal distribution, in nats per frame."""
    variance = torch.exp(2 * posterior.log_scale)
    return (0.5 * (posterior.mean.square() + variance - 1) - posterior.log_scale).sum(1).mean()


def discriminator_loss(recorded: Sequence[Verdict], made: Sequence[Verdict]) -> Tensor:
    """Least squares: 1 is wanted for recordings, 0 for what was made (Mao et al. 2017)."""
    losses = [
        (1 - real.scores.float()).square().mean() + fake.scores.float().square().mean()
        for real, fake in zip(recorded, made, strict=True)
    ]
    return torch.stack(losses).sum()


def deception_loss(made: Sequence[Verdict]) -> Tensor:
    """Least squares: what was made shall pass for recorded."""
    return torch.stack([(1 - verdict.scores.float()).square().mean() for verdict in made]).sum()


def feature_loss(recorded: Sequence[Verdict], made: Sequence[Verdict]) -> Tensor:
    """Mean distance of what the discriminators' layers saw, summed over the layers."""
    losses = [
        F.l1_loss(ours.float(), theirs.detach().float())
        for real, fake in zip(recorded, made, strict=True)
        for theirs, ours in zip(real.features, fake.features, strict=True)
    ]
    return torch.stack(losses).sum()
