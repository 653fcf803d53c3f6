"""Goldens of the features: reference audio, HuBERT and codes, speaker embedding."""

import re

import numpy as np
import torch

from evaluation.parity.kit import Golden, Kit
from tts.audio import read_audio, resample, to_mono
from tts.dsp import denormalize_mel, kaldi_fbank, resample_sinc, spectrogram
from tts.models.hubert import SAMPLE_RATE_HZ
from tts.reference import (
    SPEAKER_RATE_HZ,
    STYLE_FFT_SAMPLES,
    STYLE_HOP_SAMPLES,
    STYLE_RATE_HZ,
    flow_mel,
    style_waveform,
)
from tts.versions import VERSIONS


def run_reference_audio(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`feat_*`: spectrogram, mel bands of v3 and v4, 16 kHz audio of the speaker net and of HuBERT."""
    stored, rate = read_audio(kit.path(str(kit.arrays(golden.name)["in_audio"])))
    mono = to_mono(stored)
    samples = torch.from_numpy(mono)
    waveform = style_waveform(samples, rate)
    thinned = re.search(r"spec keeps every (\d+)\w+ frame", golden.description)
    step = int(thinned[1]) if thinned else 1
    results = {
        "out_spec": spectrogram(waveform, STYLE_FFT_SAMPLES, STYLE_HOP_SAMPLES)[0, :, ::step],
        "out_wav16k_sv": resample_sinc(waveform, STYLE_RATE_HZ, SPEAKER_RATE_HZ)[0],
        "out_wav16k_ssl": torch.from_numpy(resample(mono, rate, SAMPLE_RATE_HZ)),
    }
    for name, version in VERSIONS.items():
        if version.flow is not None:
            mel = flow_mel(samples, rate, version.flow)[0]
            results |= {f"out_mel_{name}": denormalize_mel(mel), f"out_mel_{name}_norm": mel}
    return {name: array.numpy() for name, array in results.items()}


def run_ssl_codes(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`ssl_codes`: padded audio -> HuBERT -> semantic tokens."""
    padded = torch.from_numpy(kit.arrays(golden.name)["in_wav16k_padded"])
    decoder = kit.decoder(golden.model.split("+")[-1].strip())
    quantizer = decoder.model.quantizer
    ssl = kit.hubert().raw_features(padded)
    tokens = decoder.ssl_to_tokens(ssl)
    return {
        "out_hubert": ssl[0].T.numpy(),
        "out_ssl_proj": quantizer.project(ssl)[0].numpy(),
        "out_codes": tokens.numpy(),
        "out_quantized": quantizer.decode(tokens)[0].numpy(),
    }


def run_speaker_embedding(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`sv_embedding`: 16 kHz audio -> filter banks -> speaker embedding."""
    samples = torch.from_numpy(kit.arrays(golden.name)["in_wav16k"])
    return {
        "out_fbank": kaldi_fbank(samples).numpy(),
        "out_sv_emb": kit.speaker_encoder().embed(samples)[0].numpy(),
    }
