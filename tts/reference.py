"""Reference recordings -> features, computed once per voice."""

from pathlib import Path

import torch
from torch import Tensor

from tts.audio import BadAudio, read_audio, resample, to_mono
from tts.checkpoint import BadCheckpoint
from tts.dsp import MelSettings, limit_loudness, log_mel, normalize_mel, resample_sinc, spectrogram
from tts.models.hubert import SAMPLE_RATE_HZ as SSL_RATE_HZ
from tts.models.hubert import HubertEncoder
from tts.models.speaker_encoder import SpeakerEncoder
from tts.reference_features import Reference, Style
from tts.versions import FlowFacts, Version

MIN_REFERENCE_SEC = 3.0
MAX_REFERENCE_SEC = 10.0
# Further recordings only lend their sound, so they may be longer or shorter.
MIN_STYLE_SEC = 0.5
MAX_STYLE_SEC = 60.0
SILENT_PEAK = 1e-4

STYLE_RATE_HZ = 32_000
STYLE_FFT_SAMPLES = 2048
STYLE_HOP_SAMPLES = 640
SPEAKER_RATE_HZ = 16_000


class ReferenceEncoder:
    """Turns recordings into what voices are made of.

    Args:
        hubert_folder: HuBERT in transformers' format.
        speaker_net_path: ERes2NetV2 file, read when the first v2Pro or v2ProPlus voice wants it; None if none
            will.
        device: Where to compute; the features come back on the CPU.

    Raises:
        BadCheckpoint: HuBERT does not fit.
    """

    def __init__(
        self,
        hubert_folder: Path | str,
        speaker_net_path: Path | str | None = None,
        *,
        device: torch.device | str = "cpu",
    ) -> None:
        self.hubert = HubertEncoder(hubert_folder, device)
        self._speaker_net_path = speaker_net_path
        self._speaker_encoder: SpeakerEncoder | None = None
        self._device = torch.device(device)

    def encode(self, path: Path | str, version: Version) -> Reference:
        """Compute all features of a voice's main reference.

        Args:
            path: WAV, FLAC or OGG, 3 to 10 seconds.
            version: Of the s2 model; decides whether a speaker embedding is needed.

        Raises:
            BadAudio: Missing, unreadable, silent, or of the wrong length (which is named).
            BadCheckpoint: The version needs a speaker net, and none was given or it does not fit.
        """
        samples, rate = _read(path, MIN_REFERENCE_SEC, MAX_REFERENCE_SEC)
        at_ssl_rate = torch.from_numpy(resample(samples.numpy(), rate, SSL_RATE_HZ))
        style = self.style_of(samples, rate, version)
        return Reference(
            spectrogram=style.spectrogram,
            speaker_embedding=style.speaker_embedding,
            ssl=self.hubert.features(at_ssl_rate),
            mel=None if version.flow is None else flow_mel(samples, rate, version.flow),
            duration_sec=len(samples) / rate,
        )

    def encode_style(self, path: Path | str, version: Version) -> Style:
        """Compute the features of a further reference: 0.5 to 60 seconds, otherwise as `encode`."""
        samples, rate = _read(path, MIN_STYLE_SEC, MAX_STYLE_SEC)
        return self.style_of(samples, rate, version)

    @torch.inference_mode()
    def style_of(self, samples: Tensor, rate: int, version: Version) -> Style:
        """Style of mono samples (N,) at any rate."""
        waveform = style_waveform(samples, rate)
        embedding: Tensor | None = None
        if version.uses_speaker_embedding:
            embedding = self._speaker_embedding(waveform, version)
        return Style(spectrogram(waveform, STYLE_FFT_SAMPLES, STYLE_HOP_SAMPLES), embedding)

    def _speaker_embedding(self, waveform: Tensor, version: Version) -> Tensor:
        if self._speaker_encoder is None:
            if self._speaker_net_path is None:
                raise BadCheckpoint(
                    "", f"a {version.name} voice needs the speaker net (ERes2NetV2); none is set"
                )
            self._speaker_encoder = SpeakerEncoder.from_file(self._speaker_net_path).to(self._device)
        samples = resample_sinc(waveform, STYLE_RATE_HZ, SPEAKER_RATE_HZ)[0]
        return self._speaker_encoder.embed(samples.to(self._device)).cpu()


def style_waveform(samples: Tensor, rate: int) -> Tensor:
    """The audio style features are taken from: (N,) at any rate -> (1, N') at 32 kHz, loudness limited."""
    return limit_loudness(resample_sinc(samples[None], rate, STYLE_RATE_HZ))


def flow_mel(samples: Tensor, rate: int, facts: FlowFacts) -> Tensor:
    """Normalised mel of a recording as it is, however loud: (N,) at any rate -> (1, 100, T)."""
    settings = MelSettings(facts.mel_sample_rate, facts.mel_fft_samples, facts.mel_hop_samples)
    return normalize_mel(log_mel(resample_sinc(samples[None], rate, settings.sample_rate), settings))


def _read(path: Path | str, min_sec: float, max_sec: float) -> tuple[Tensor, int]:
    """Mono samples and their rate, of acceptable length and not silent."""
    channels, rate = read_audio(path, max_sec=max_sec)
    samples = to_mono(channels)
    if len(samples) < min_sec * rate:
        raise BadAudio(
            f"{path}: {len(samples) / rate:.2f} s long; a reference of {min_sec:g} to {max_sec:g} s is needed"
        )
    if float(abs(samples).max()) < SILENT_PEAK:
        raise BadAudio(f"{path}: the recording is silent; a reference must contain speech")
    return torch.from_numpy(samples), rate
