"""Make untrained v3 and v4 files: base models, LoRA files and vocoders in the real formats.

What such a voice says is a hum, not speech; it serves tests and measurements.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from demo.make_acoustic_checkpoint import PRESETS as ACOUSTIC_PRESETS
from demo.make_acoustic_checkpoint import acoustic_sizes
from demo.make_acoustic_checkpoint import make_model as make_vits
from tts.checkpoint_writing import write_acoustic_checkpoint
from tts.dsp import denormalize_mel
from tts.finetune.acoustic_sizes import make_config
from tts.models.bigvgan import FILTER_TAPS, BigVgan, Resampler
from tts.models.bigvgan_stream import BigVganStream
from tts.models.dit import VelocityNetwork
from tts.models.flow_model import FlowModel, FrameEncoder, checkpoint_weights
from tts.models.hifigan import HifiGan
from tts.models.vocoders import BIGVGAN_CONFIG, BIGVGAN_WEIGHTS, HIFIGAN_DILATIONS, HIFIGAN_RATES
from tts.models.weight_norm import unfold_weight_norm
from tts.versions import VERSIONS, Version

NUM_MELS = 100
FRAME_LAYERS, FRAME_KERNEL = 8, 5
BIGVGAN_RATES, BIGVGAN_KERNELS = (4, 4, 2, 2, 2, 2), (8, 8, 4, 4, 4, 4)
HIFIGAN_KERNELS = (20, 12, 4, 4, 4)
BLOCK_KERNELS = (3, 7, 11)
# Low-pass filter of BigVGAN's activations: cutoff as a share of the rate, and the window's shape.
CUTOFF, KAISER_BETA = 0.25, 4.66
TARGET_STD = 0.1
# Keeps the signal alive through random transposed convolutions.
UPSAMPLING_GAIN = 4.0
# What LoRA training changes as a whole.
WHOLE_PARTS = ("ref_enc.", "bridge.", "wns1.", "linear_mel.", "quantizer.")
ADAPTED = ("to_q", "to_k", "to_v", "to_out.0")


@dataclass(frozen=True, slots=True)
class FlowPreset:
    """Sizes of what v3 and v4 have and the others have not."""

    condition_dim: int
    dim: int
    num_blocks: int
    num_text_blocks: int
    bigvgan_width: int
    hifigan_width: int
    bigvgan_kernels: tuple[int, ...] = BLOCK_KERNELS
    bigvgan_dilations: tuple[tuple[int, ...], ...] = HIFIGAN_DILATIONS


PRESETS = {
    "small": FlowPreset(32, 128, 2, 1, 64, 64, (3,), ((1, 3),)),
    "real": FlowPreset(512, 1024, 22, 4, 1536, 512),
}


def make_flow_model(version: Version, preset_name: str = "small", seed: int = 0) -> FlowModel:
    """Random networks of a preset."""
    preset, acoustic = PRESETS[preset_name], ACOUSTIC_PRESETS[preset_name]
    vits = make_vits(acoustic, VERSIONS["v2"], seed)
    gin, inter, width = acoustic.gin_channels, acoustic.inter_channels, preset.condition_dim
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = FlowModel(
            version,
            quantizer=vits.quantizer,
            ref_enc=vits.ref_enc,
            enc_p=vits.enc_p,
            bridge=nn.Conv1d(inter, width, 1),
            wns1=FrameEncoder(width, width, width, FRAME_KERNEL, FRAME_LAYERS, gin),
            estimator=VelocityNetwork(
                num_mels=NUM_MELS,
                condition_dim=width,
                dim=preset.dim,
                num_blocks=preset.num_blocks,
                inner=2 * preset.dim,
                num_text_blocks=preset.num_text_blocks,
                text_inner=2 * width,
            ),
        )
        for name, parameter in model.estimator.named_parameters():
            if ".grn." in name:
                nn.init.normal_(parameter)
    return model.eval().requires_grad_(False)


def write_flow_model(path: Path, version: Version, preset_name: str = "small", seed: int = 0) -> None:
    """Write a v3 or v4 base model with random weights."""
    weights = _with_unused(checkpoint_weights(make_flow_model(version, preset_name, seed)), preset_name)
    config = make_config(acoustic_sizes(ACOUSTIC_PRESETS[preset_name], version), version)
    write_acoustic_checkpoint(path, weights, config, "0epoch_0iteration", version)


def write_flow_lora(
    path: Path, version: Version, preset_name: str = "small", *, rank: int = 4, seed: int = 0
) -> None:
    """Write a LoRA file with random weights for bases of the same preset."""
    model = make_flow_model(version, preset_name, seed)
    weights = _with_unused(checkpoint_weights(model), preset_name)
    kept = {name: tensor for name, tensor in weights.items() if name.startswith(WHOLE_PARTS)}
    wrapped = "cfm.base_model.model.estimator."
    kept[wrapped + "rotary_embed.inv_freq"] = weights["cfm.estimator.rotary_embed.inv_freq"]
    dim = PRESETS[preset_name].dim
    generator = torch.Generator().manual_seed(seed)
    for block in range(PRESETS[preset_name].num_blocks):
        for name in ADAPTED:
            stem = f"{wrapped}transformer_blocks.{block}.attn.{name}"
            down, up = (torch.randn(shape, generator=generator) for shape in ((rank, dim), (dim, rank)))
            kept[f"{stem}.lora_A.default.weight"] = down / dim**0.5
            kept[f"{stem}.lora_B.default.weight"] = up / dim**0.5
    config = make_config(acoustic_sizes(ACOUSTIC_PRESETS[preset_name], version), version)
    write_acoustic_checkpoint(path, kept, config, "0epoch_0iteration", version, lora_rank=rank)


def _with_unused(weights: dict[str, Tensor], preset_name: str) -> dict[str, Tensor]:
    """With the head of a training loss, which all these files hold."""
    width = PRESETS[preset_name].condition_dim
    return {
        **weights,
        "linear_mel.weight": torch.zeros(NUM_MELS, width, 1),
        "linear_mel.bias": torch.zeros(NUM_MELS),
    }


def write_vocoder(place: Path, version: Version, preset_name: str = "small", seed: int = 0) -> None:
    """Write the vocoder of v3 (a folder) or v4 (a file) with random weights."""
    preset = PRESETS[preset_name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if version.vocoder == "bigvgan":
            place.mkdir(parents=True, exist_ok=True)
            weights = _bigvgan(preset).state_dict()
            normed = [name for name in weights if name.endswith(".weight")]
            torch.save({"generator": unfold_weight_norm(weights, normed)}, place / BIGVGAN_WEIGHTS)
            (place / BIGVGAN_CONFIG).write_text(json.dumps(_bigvgan_config(preset)), encoding="utf-8")
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            torch.save(_hifigan(preset).state_dict(), place)


def _bigvgan_config(preset: FlowPreset) -> dict[str, object]:
    return {
        "resblock": "1",
        "upsample_rates": list(BIGVGAN_RATES),
        "upsample_kernel_sizes": list(BIGVGAN_KERNELS),
        "upsample_initial_channel": preset.bigvgan_width,
        "resblock_kernel_sizes": list(preset.bigvgan_kernels),
        "resblock_dilation_sizes": [list(row) for row in preset.bigvgan_dilations],
        "use_tanh_at_final": False,
        "use_bias_at_final": False,
        "activation": "snakebeta",
        "snake_logscale": True,
        "num_mels": NUM_MELS,
    }


@torch.no_grad()
def _bigvgan(preset: FlowPreset) -> BigVgan:
    widths = (NUM_MELS, *(preset.bigvgan_width >> stage for stage in range(len(BIGVGAN_RATES) + 1)))
    model = BigVgan(
        widths,
        BIGVGAN_RATES,
        BIGVGAN_KERNELS,
        preset.bigvgan_kernels,
        preset.bigvgan_dilations,
        has_final_bias=False,
        has_final_tanh=False,
    ).requires_grad_(False)
    taps = torch.arange(FILTER_TAPS) - (FILTER_TAPS - 1) / 2
    lowpass = torch.sinc(2 * CUTOFF * taps) * torch.kaiser_window(FILTER_TAPS, False, KAISER_BETA)
    for module in model.modules():
        if isinstance(module, Resampler):
            module.filter.copy_((lowpass / lowpass.sum()).view(1, 1, -1))
    for name, parameter in model.named_parameters():
        if name.startswith(("conv_pre.", "ups.")):
            parameter.mul_(UPSAMPLING_GAIN if name.endswith("weight") else 0.0)
    model.conv_post.weight.mul_(1e-6)  # far from the clipping while it is measured
    model.conv_post.weight.mul_(TARGET_STD / BigVganStream(model).push(_some_mel(), is_last=True).std())
    return model


@torch.no_grad()
def _hifigan(preset: FlowPreset) -> HifiGan:
    widths = (NUM_MELS, *(preset.hifigan_width >> stage for stage in range(len(HIFIGAN_RATES) + 1)))
    model = HifiGan(
        widths, HIFIGAN_RATES, HIFIGAN_KERNELS, BLOCK_KERNELS, HIFIGAN_DILATIONS, has_final_bias=True
    ).requires_grad_(False)
    model.get_parameter("conv_post.bias").zero_()
    model.conv_post.weight.mul_(TARGET_STD / torch.atanh(model(_some_mel())).std())
    return model


def _some_mel() -> Tensor:
    return denormalize_mel(torch.randn(1, NUM_MELS, 40))
