"""Signal features the GPT-SoVITS networks were trained on: spectrograms, mel bands, Kaldi filter banks.

Every function takes and returns float32 tensors on any device. The recipes and constants are part of the
trained models, so they are fixed here and not options.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

# Added under the square root so that silent bins keep a finite gradient in training; inference must match.
POWER_FLOOR = 1e-8
LOG_FLOOR = 1e-5
# Log-mel range that the flow-matching networks see as [-1, 1].
MEL_MIN = -12.0
MEL_MAX = 2.0

# Windowed-sinc resampling, the defaults of torchaudio.
SINC_ZERO_CROSSINGS = 6
SINC_ROLLOFF = 0.99

KALDI_RATE_HZ = 16_000
KALDI_BINS = 80
KALDI_WINDOW = 400
KALDI_SHIFT = 160
KALDI_FFT = 512
KALDI_LOW_HZ = 20.0
KALDI_PREEMPHASIS = 0.97


@dataclass(frozen=True, slots=True)
class MelSettings:
    """How one model family turns audio into mel bands (lengths in samples)."""

    sample_rate: int
    fft_size: int
    hop: int
    num_mels: int = 100


def spectrogram(samples: Tensor, fft_size: int, hop: int) -> Tensor:
    """Linear magnitude spectrogram, uncentred, reflect-padded by (fft_size - hop) / 2 on each side.

    Args:
        samples: (B, N).
        fft_size: Transform and Hann window length in samples.
        hop: Step in samples.

    Returns:
        Magnitudes (B, fft_size // 2 + 1, N // hop), no logarithm.

    Raises:
        ValueError: Fewer samples than the padding needs.
    """
    pad = (fft_size - hop) // 2
    if samples.shape[-1] <= pad:
        raise ValueError(f"{samples.shape[-1]} samples are too few; more than {pad} are needed")
    padded = F.pad(samples[:, None], (pad, pad), mode="reflect")[:, 0]
    window = torch.hann_window(fft_size, dtype=samples.dtype, device=samples.device)
    bins = torch.stft(padded, fft_size, hop, fft_size, window, center=False, return_complex=True)
    return torch.sqrt(bins.real.square() + bins.imag.square() + POWER_FLOOR)


def limit_loudness(samples: Tensor) -> Tensor:
    """Scale down a recording whose peak exceeds 1, by its peak but at most by 2 (upstream's rule).

    Args:
        samples: (B, N).

    Returns:
        The same shape; unchanged when the peak is within [-1, 1].
    """
    peak = float(samples.abs().max())
    return samples / min(2.0, peak) if peak > 1 else samples


def log_mel(samples: Tensor, settings: MelSettings) -> Tensor:
    """Natural logarithm of Slaney mel bands.

    Args:
        samples: (B, N) at settings.sample_rate.
        settings: Sizes of the model family.

    Returns:
        (B, num_mels, N // hop).
    """
    magnitudes = spectrogram(samples, settings.fft_size, settings.hop)
    filters = slaney_filters(settings.sample_rate, settings.fft_size, settings.num_mels)
    return torch.log(torch.clamp(filters.to(magnitudes) @ magnitudes, min=LOG_FLOOR))


def normalize_mel(mel: Tensor) -> Tensor:
    """Map log-mel values to the range of the flow-matching networks (not clipped)."""
    return (mel - MEL_MIN) / (MEL_MAX - MEL_MIN) * 2 - 1


def denormalize_mel(mel: Tensor) -> Tensor:
    """Undo `normalize_mel`."""
    return (mel + 1) / 2 * (MEL_MAX - MEL_MIN) + MEL_MIN


@lru_cache(maxsize=8)
def slaney_filters(sample_rate: int, fft_size: int, num_mels: int) -> Tensor:
    """Triangular mel filters of equal area from 0 Hz to the Nyquist frequency (Slaney's Auditory Toolbox).

    Returns:
        (num_mels, fft_size // 2 + 1) float32 on the CPU.
    """
    nyquist = sample_rate / 2
    bin_hz = torch.linspace(0, nyquist, fft_size // 2 + 1, dtype=torch.float64)
    edge_mel = torch.linspace(0, _hz_to_slaney_mel(nyquist), num_mels + 2, dtype=torch.float64)
    edge_hz = _slaney_mel_to_hz(edge_mel)
    low, center, high = edge_hz[:-2, None], edge_hz[1:-1, None], edge_hz[2:, None]
    rising = (bin_hz - low) / (center - low)
    falling = (high - bin_hz) / (high - center)
    triangles = torch.minimum(rising, falling).clamp(min=0)
    return (triangles * 2 / (high - low)).float()


# Slaney's scale: 200/3 Hz per mel up to 1 kHz (mel 15), above that 27 mels per factor of 6.4.
_LINEAR_HZ_PER_MEL = 200 / 3
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = math.log(6.4) / 27


def _hz_to_slaney_mel(hz: float) -> float:
    if hz < _BREAK_HZ:
        return hz / _LINEAR_HZ_PER_MEL
    return _BREAK_MEL + math.log(hz / _BREAK_HZ) / _LOG_STEP


def _slaney_mel_to_hz(mel: Tensor) -> Tensor:
    above = _BREAK_HZ * torch.exp(_LOG_STEP * (mel - _BREAK_MEL))
    return torch.where(mel < _BREAK_MEL, mel * _LINEAR_HZ_PER_MEL, above)


def resample_sinc(samples: Tensor, from_hz: int, to_hz: int) -> Tensor:
    """Resample by a Hann-windowed sinc, sample for sample like torchaudio's default.

    The spectrogram and speaker features of GPT-SoVITS come from this resampler; HuBERT's audio does not (it
    comes from soxr, see tts.audio.resample).

    Args:
        samples: (B, N) at from_hz.
        from_hz: Rate of the samples.
        to_hz: Wanted rate.

    Returns:
        (B, ceil(N * to_hz / from_hz)).
    """
    if from_hz == to_hz:
        return samples
    divisor = math.gcd(from_hz, to_hz)
    step, phases = from_hz // divisor, to_hz // divisor
    kernels, reach = _sinc_kernels(step, phases)
    padded = F.pad(samples[:, None], (reach, reach + step))
    resampled = F.conv1d(padded, kernels.to(samples), stride=step)
    num_samples = math.ceil(samples.shape[-1] * phases / step)
    return resampled.transpose(1, 2).flatten(1)[:, :num_samples]


@lru_cache(maxsize=16)
def _sinc_kernels(step: int, phases: int) -> tuple[Tensor, int]:
    """One filter per output phase: (phases, 1, 2 * reach + step) and the reach in input samples."""
    cutoff = min(step, phases) * SINC_ROLLOFF
    reach = math.ceil(SINC_ZERO_CROSSINGS * step / cutoff)
    taps = torch.arange(-reach, reach + step, dtype=torch.float64) / step
    delays = torch.arange(phases, dtype=torch.float64)[:, None, None] / phases
    time = ((taps - delays) * cutoff).clamp(-SINC_ZERO_CROSSINGS, SINC_ZERO_CROSSINGS)
    window = torch.cos(time * math.pi / (2 * SINC_ZERO_CROSSINGS)).square()
    return (torch.sinc(time) * window * (cutoff / step)).float(), reach


def kaldi_fbank(samples: Tensor) -> Tensor:
    """Log filter-bank energies of Kaldi for 16 kHz audio: 80 bands, 25 ms windows every 10 ms, no dither.

    The speaker network was trained on samples in [-1, 1] (not scaled to 16 bit) without mean normalisation.

    Args:
        samples: (N,) at 16 kHz.

    Returns:
        (1 + (N - 400) // 160, 80).

    Raises:
        ValueError: Shorter than one window of 400 samples.
    """
    if len(samples) < KALDI_WINDOW:
        raise ValueError(f"{len(samples)} samples are too few; at least {KALDI_WINDOW} are needed")
    frames = samples.unfold(0, KALDI_WINDOW, KALDI_SHIFT)
    frames = frames - frames.mean(1, keepdim=True)
    previous = torch.cat([frames[:, :1], frames[:, :-1]], dim=1)
    frames = frames - KALDI_PREEMPHASIS * previous
    hann = torch.hann_window(KALDI_WINDOW, periodic=False, dtype=samples.dtype, device=samples.device)
    windowed = frames * hann.pow(0.85)  # Povey's window
    power = torch.fft.rfft(windowed, KALDI_FFT).abs().square()
    energies = power @ _kaldi_filters().to(power).T
    return energies.clamp(min=torch.finfo(torch.float32).eps).log()


@lru_cache(maxsize=1)
def _kaldi_filters() -> Tensor:
    """Triangles of equal width on Kaldi's mel scale, height 1: (80, 257); the Nyquist bin gets no weight."""

    def to_mel(hz: Tensor) -> Tensor:
        return 1127.0 * torch.log(1.0 + hz / 700.0)

    limits = to_mel(torch.tensor([KALDI_LOW_HZ, KALDI_RATE_HZ / 2], dtype=torch.float64))
    edges = torch.linspace(float(limits[0]), float(limits[1]), KALDI_BINS + 2, dtype=torch.float64)
    bins = to_mel(torch.arange(KALDI_FFT // 2, dtype=torch.float64) * KALDI_RATE_HZ / KALDI_FFT)
    low, center, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    triangles = torch.minimum((bins - low) / (center - low), (high - bins) / (high - center)).clamp(min=0)
    return F.pad(triangles, (0, 1)).float()
