"""Small networks and clips for the tests of acoustic training."""

import numpy as np
import torch

from tts.finetune.acoustic_networks import AcousticNetworks
from tts.finetune.acoustic_sizes import AcousticSizes
from tts.finetune.discriminators import DiscriminatorSizes
from tts.finetune.features import SAMPLES_PER_TOKEN, ClipFeatures
from tts.models.quantizer import SemanticQuantizer
from tts.versions import VERSIONS

NUM_CODES = 32
TINY = AcousticSizes(
    inter_channels=16,
    filter_channels=16,
    n_layers=2,
    gin_channels=16,
    upsample_initial_channel=32,
    upsample_kernel_sizes=(20, 16, 4, 4, 4),
    resblock="2",
    resblock_kernel_sizes=(3,),
    resblock_dilation_sizes=((1, 3),),
    ssl_dim=12,
    mrte_channels=16,
    style_channels=16,
    posterior_layers=2,
    speaker_embedding_dim=6,
)
TINY_DISCRIMINATORS = DiscriminatorSizes(
    periods=(2, 3), period_channels=(4, 8), scale_channels=(4, 8), fft_sizes=(512,), spectrogram_channels=(4,)
)


def tiny_networks(version: str = "v2", seed: int = 0) -> AcousticNetworks:
    """Fresh networks around a quantizer with random rows."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        quantizer = SemanticQuantizer(TINY.ssl_dim, NUM_CODES, 2)
        quantizer.codebook.normal_()
    sizes = TINY if not VERSIONS[version].uses_speaker_embedding else TINY_PRO
    return AcousticNetworks.fresh(sizes, VERSIONS[version], quantizer, TINY_DISCRIMINATORS, seed)


TINY_PRO = AcousticSizes(
    **{name: getattr(TINY, name) for name in AcousticSizes.__slots__ if name != "gin_channels"},
    gin_channels=20,
)


def hum(num_tokens: int = 30, pitch_hz: float = 150.0, seed: int = 0) -> ClipFeatures:
    """A clip of harmonics in syllables."""
    random = np.random.default_rng(seed)
    time = np.arange(num_tokens * SAMPLES_PER_TOKEN) / 32_000
    wave = sum(np.sin(2 * np.pi * pitch_hz * k * time) / k for k in range(1, 20))
    wave = 0.1 * wave * np.clip(np.sin(2 * np.pi * 3 * time), 0.05, None)
    samples = (wave + 1e-3 * random.standard_normal(len(time))).astype(np.float32)
    return ClipFeatures(
        name=f"hum-{seed}",
        phones=random.integers(300, size=7 + seed % 4),
        bert=None,
        tokens=random.integers(NUM_CODES, size=num_tokens),
        waveform=samples,
        speaker_embedding=random.standard_normal(6).astype(np.float32),
    )
