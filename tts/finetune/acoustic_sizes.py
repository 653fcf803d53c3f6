"""Sizes of acoustic models that are trained from nothing, and how their weights start."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from tts.finetune.posterior_encoder import PosteriorEncoder
from tts.models.flow import Flow
from tts.models.hifigan import HifiGan
from tts.models.prior_encoder import PriorEncoder
from tts.models.quantizer import SemanticQuantizer
from tts.models.style import StyleEncoder
from tts.models.vits import SpeakerFusion, VitsModel
from tts.versions import Version

NUM_BINS = 1025  # of the spectrogram with 2048 samples
RELATIVE_WINDOW = 4
FLOW_KERNEL = 5
FLOW_LAYERS = 4
NUM_COUPLINGS = 4


@dataclass(frozen=True, slots=True)
class AcousticSizes:
    """Sizes of all networks, under the names of the config where it has one for them.

    The defaults are upstream's for v1 and v2.

    Attributes:
        inter_channels: width of the latents and of everything around them (`hidden_channels` is the same).
        filter_channels: inner width of the text encoder's feed-forward parts.
        n_heads: attention heads of the text encoder; MRTE always has 4.
        n_layers: blocks of the phone encoder; the two others have half as many.
        gin_channels: size of the conditioning vector.
        upsample_initial_channel: first width of the waveform network, halved at each upsampling.
        upsample_rates: factors, together 640.
        upsample_kernel_sizes: of the transposed convolutions.
        resblock: "1", or "2" with half the convolutions.
        resblock_kernel_sizes: of the parallel residual blocks.
        resblock_dilation_sizes: one row per block; upstream needs three numbers for type 1, two for type 2.
        ssl_dim: width of the codebook.
        mrte_channels: inner width of MRTE; equals gin_channels, except in Pro models.
        style_channels: inner width of the style encoder.
        posterior_layers: gated layers of the posterior encoder.
        speaker_embedding_dim: for Pro models.
    """

    inter_channels: int = 192
    filter_channels: int = 768
    n_heads: int = 2
    n_layers: int = 6
    gin_channels: int = 512
    upsample_initial_channel: int = 512
    upsample_rates: tuple[int, ...] = (10, 8, 2, 2, 2)
    upsample_kernel_sizes: tuple[int, ...] = (16, 16, 8, 2, 2)
    resblock: str = "1"
    resblock_kernel_sizes: tuple[int, ...] = (3, 7, 11)
    resblock_dilation_sizes: tuple[tuple[int, ...], ...] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))
    ssl_dim: int = 768
    mrte_channels: int = 512
    style_channels: int = 128
    posterior_layers: int = 16
    speaker_embedding_dim: int = 20480


# A voice for a CPU: 5.9 million parameters.
SMALL_SIZES = AcousticSizes(
    inter_channels=96,
    filter_channels=256,
    n_layers=4,
    gin_channels=128,
    upsample_initial_channel=256,
    upsample_kernel_sizes=(20, 16, 4, 4, 4),
    resblock="2",
    resblock_kernel_sizes=(3, 7),
    resblock_dilation_sizes=((1, 3), (1, 3)),
    ssl_dim=192,
    mrte_channels=128,
    posterior_layers=8,
)


def make_model(sizes: AcousticSizes, version: Version, quantizer: SemanticQuantizer) -> VitsModel:
    """Make networks with fresh weights around a finished quantizer."""
    inter, gin = sizes.inter_channels, sizes.gin_channels
    first = sizes.upsample_initial_channel
    has_fusion = version.uses_speaker_embedding
    model = VitsModel(
        quantizer=quantizer,
        ref_enc=StyleEncoder(version.style_bins, sizes.style_channels, gin),
        enc_p=_prior_encoder(sizes, version),
        flow=Flow(inter, inter, FLOW_KERNEL, FLOW_LAYERS, NUM_COUPLINGS, gin),
        dec=HifiGan(
            (inter, *(first >> stage for stage in range(len(sizes.upsample_rates) + 1))),
            sizes.upsample_rates,
            sizes.upsample_kernel_sizes,
            sizes.resblock_kernel_sizes,
            sizes.resblock_dilation_sizes,
            condition_channels=gin,
            is_type_2=sizes.resblock == "2",
        ),
        fusion=SpeakerFusion(sizes.speaker_embedding_dim, gin, sizes.mrte_channels) if has_fusion else None,
    )
    _start_weights(model)
    return model


def make_posterior_encoder(sizes: AcousticSizes) -> PosteriorEncoder:
    """Make a posterior encoder with fresh weights."""
    inter = sizes.inter_channels
    return PosteriorEncoder(
        NUM_BINS, inter, inter, FLOW_KERNEL, sizes.posterior_layers, condition=sizes.gin_channels
    )


def _prior_encoder(sizes: AcousticSizes, version: Version) -> PriorEncoder:
    def encoder(num_layers: int) -> dict[str, int]:
        return {
            "filter_channels": sizes.filter_channels,
            "num_heads": sizes.n_heads,
            "num_layers": num_layers,
            "kernel_size": 3,
            "window": RELATIVE_WINDOW,
        }

    half = sizes.n_layers // 2
    return PriorEncoder(
        sizes.ssl_dim,
        sizes.inter_channels,
        sizes.inter_channels,
        version.num_symbols,
        sizes.mrte_channels,
        (encoder(half), encoder(sizes.n_layers), encoder(half)),
    )


@torch.no_grad()
def _start_weights(model: VitsModel) -> None:
    """What torch's defaults would start badly; the waveform network is left at them."""
    for name, parameter in model.enc_p.named_parameters():
        if name.endswith(("emb_rel_k", "emb_rel_v")):
            nn.init.normal_(parameter, std=parameter.shape[2] ** -0.5)
    for coupling in model.flow.couplings:
        # The flow starts as the identity.
        for parameter in coupling.post.parameters():
            nn.init.zeros_(parameter)


def make_config(sizes: AcousticSizes, version: Version) -> Mapping[str, Any]:
    """The parts of an upstream config that describe networks and audio."""
    model = {
        "inter_channels": sizes.inter_channels,
        "hidden_channels": sizes.inter_channels,
        "filter_channels": sizes.filter_channels,
        "n_heads": sizes.n_heads,
        "n_layers": sizes.n_layers,
        "kernel_size": 3,
        "p_dropout": 0.1,
        "resblock": sizes.resblock,
        "resblock_kernel_sizes": list(sizes.resblock_kernel_sizes),
        "resblock_dilation_sizes": [list(row) for row in sizes.resblock_dilation_sizes],
        "upsample_rates": list(sizes.upsample_rates),
        "upsample_initial_channel": sizes.upsample_initial_channel,
        "upsample_kernel_sizes": list(sizes.upsample_kernel_sizes),
        "n_layers_q": 3,
        "use_spectral_norm": False,
        "gin_channels": sizes.gin_channels,
        "semantic_frame_rate": "25hz",
        "freeze_quantizer": True,
        "version": version.name,
    }
    data = {"sampling_rate": 32000, "filter_length": 2048, "hop_length": 640, "win_length": 2048}
    return {"train": {"segment_size": 20480}, "data": data, "model": model}
