"""Make the untrained acoustic half of a voice: s2 checkpoint, HuBERT folder, speaker net and reference.

All files have the real formats and random contents, so everything can be built, tested and timed without
downloading anything. What such a voice says is a hum, not speech.

    python -m demo.make_acoustic_checkpoint OUT_DIR --version v2 --preset real
"""

from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import soundfile
import torch
from torch import nn
from transformers import HubertConfig, HubertModel

from tts.audio import to_pcm16
from tts.checkpoint_writing import write_acoustic_checkpoint
from tts.finetune.acoustic_sizes import AcousticSizes, make_config
from tts.finetune.acoustic_sizes import make_model as make_fresh_model
from tts.models.hifigan import HifiGan
from tts.models.quantizer import SemanticQuantizer
from tts.models.speaker_encoder import STAGE_STRIDES, SpeakerEncoder
from tts.models.vits import VitsModel, checkpoint_weights
from tts.versions import VERSIONS, Version

NUM_CODES = 1024
# Decoder width in halves of the usual one, and first upsampling kernel, where they differ.
DECODER_GROWTH = {"v2ProPlus": (3, 20)}
SPEAKER_BLOCKS = (3, 4, 6, 3)
TARGET_STD = 0.1
LOUDEST_SAMPLE = 0.7


@dataclass(frozen=True, slots=True)
class Preset:
    """Sizes of all networks; names as in the config of real checkpoints."""

    inter_channels: int
    filter_channels: int
    upsample_initial_channel: int
    gin_channels: int
    ssl_dim: int
    mrte_channels: int
    style_channels: int
    speaker_width: int
    hubert_layers: int
    hubert_heads: int
    hubert_conv_channels: int
    upsample_kernels: tuple[int, ...] = (16, 16, 8, 2, 2)


PRESETS = {
    "small": Preset(32, 64, 64, 48, 64, 48, 32, 6, 2, 4, 24),
    "real": Preset(192, 768, 512, 512, 768, 512, 128, 64, 12, 12, 512),
}


def pro_sizes(preset: Preset, version: Version) -> tuple[int, int, tuple[int, ...]]:
    """Conditioning width, first decoder width and its kernels, which grew with the Pro versions."""
    gin = preset.gin_channels * (2 if version.uses_speaker_embedding else 1)
    halves, first_kernel = DECODER_GROWTH.get(version.name, (2, preset.upsample_kernels[0]))
    return gin, preset.upsample_initial_channel * halves // 2, (first_kernel, *preset.upsample_kernels[1:])


def acoustic_sizes(preset: Preset, version: Version) -> AcousticSizes:
    """The sizes of a preset's s2 networks."""
    gin, first_width, kernels = pro_sizes(preset, version)
    return AcousticSizes(
        inter_channels=preset.inter_channels,
        filter_channels=preset.filter_channels,
        gin_channels=gin,
        upsample_initial_channel=first_width,
        upsample_kernel_sizes=kernels,
        ssl_dim=preset.ssl_dim,
        mrte_channels=preset.mrte_channels,
        style_channels=preset.style_channels,
        speaker_embedding_dim=_embedding_dim(preset),
    )


def make_model(preset: Preset, version: Version, seed: int = 0) -> VitsModel:
    """Random networks of the given sizes; no layer, not even the flow's last ones, starts at zero."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        quantizer = SemanticQuantizer(preset.ssl_dim, NUM_CODES, stride=2)
        nn.init.normal_(quantizer.codebook)
        model = make_fresh_model(acoustic_sizes(preset, version), version, quantizer)
        for coupling in model.flow.couplings:
            coupling.post.reset_parameters()
        _set_loudness(model.dec)
    return model.eval().requires_grad_(False)


@torch.no_grad()
def _set_loudness(dec: HifiGan) -> None:
    """Keep the signal alive through the random layers, so that voices differ and are heard."""
    frames = torch.randn(1, dec.conv_pre.in_channels, 20)
    for block in dec.resblocks:
        for parameter in block.parameters():
            parameter.mul_(0.5)
    for parameter in dec.ups.parameters():
        parameter.mul_(3.0)
    final = torch.atanh(dec(frames).clamp(-0.999, 0.999))
    dec.conv_post.weight.mul_(TARGET_STD / final.std().clamp(min=1e-8))


def write_acoustic_model(
    path: Path, version: Version, preset: Preset = PRESETS["small"], seed: int = 0
) -> None:
    """Write an s2 `.pth` with random weights."""
    weights = checkpoint_weights(make_model(preset, version, seed))
    config = make_config(acoustic_sizes(preset, version), version)
    write_acoustic_checkpoint(path, weights, config, "0epoch_0iteration", version)


def write_hubert(folder: Path, preset: Preset = PRESETS["small"], seed: int = 0) -> None:
    """Write a HuBERT folder in transformers' format with random weights."""
    config = HubertConfig(
        hidden_size=preset.ssl_dim,
        num_hidden_layers=preset.hubert_layers,
        num_attention_heads=preset.hubert_heads,
        intermediate_size=4 * preset.ssl_dim,
        conv_dim=(preset.hubert_conv_channels,) * 7,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        HubertModel(config).save_pretrained(folder)


def _embedding_dim(preset: Preset) -> int:
    return 320 * preset.speaker_width


def write_speaker_net(path: Path, preset: Preset = PRESETS["small"], seed: int = 0) -> None:
    """Write an ERes2NetV2 file with random weights (base width 24, scale 4, expansion 4 as published)."""
    stages: list[list[dict[str, int]]] = []
    in_channels = preset.speaker_width
    for stage, num_blocks in enumerate(SPEAKER_BLOCKS):
        planes = preset.speaker_width << stage
        width = planes * 24 // 64
        stages.append([])
        for number in range(num_blocks):
            stages[-1].append(
                {
                    "in_channels": in_channels,
                    "width": width,
                    "scale": 4,
                    "out_channels": 4 * planes,
                    "stride": STAGE_STRIDES[stage] if number == 0 else 1,
                    "has_shortcut": number == 0,
                    "fusion_inner": max(1, width // 4) if stage > 1 else 0,
                }
            )
            in_channels = 4 * planes
    last = in_channels
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = SpeakerEncoder(preset.speaker_width, stages, (last // 2, last), last // 4)
        torch.save(net.state_dict(), path)


def write_reference(path: Path, seconds: float = 4.0, rate: int = 32_000, seed: int = 0) -> None:
    """Write a voiced-like hum: gliding harmonics under three resonances, in syllables, with some breath."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * rate)) / rate
    pitch_hz = rng.uniform(110, 240) * (1 + 0.15 * np.sin(2 * np.pi * rng.uniform(0.3, 0.7) * time))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / rate
    formants_hz = rng.uniform((400, 1000, 2300), (800, 1800, 3000))
    wave = np.zeros_like(time)
    for harmonic in range(1, 30):
        hz = harmonic * pitch_hz
        gain = sum(1 / (1 + ((hz - formant) / 150) ** 2) for formant in formants_hz)
        wave += gain * np.sin(harmonic * phase) / harmonic**0.5
    syllables = np.clip(np.sin(np.pi * rng.uniform(3, 4.5) * time), 0.02, None) ** 0.5
    wave = (wave + 0.05 * rng.standard_normal(len(time))) * syllables
    samples = (wave / np.abs(wave).max() * LOUDEST_SAMPLE).astype(np.float32)
    soundfile.write(path, to_pcm16(samples), rate, subtype="PCM_16")


@click.command()
@click.argument("out_dir", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--version", "version_name", type=click.Choice(["v1", "v2", "v2Pro", "v2ProPlus"]), default="v2"
)
@click.option("--preset", "preset_name", type=click.Choice(sorted(PRESETS)), default="small")
@click.option("--seed", default=0, show_default=True)
def main(out_dir: Path, version_name: str, preset_name: str, seed: int) -> None:
    """Write s2.pth, hubert/, speaker_net.ckpt and reference.wav with random contents to OUT_DIR."""
    out_dir.mkdir(parents=True, exist_ok=True)
    version, preset = VERSIONS[version_name], PRESETS[preset_name]
    write_acoustic_model(out_dir / "s2.pth", version, preset, seed)
    write_hubert(out_dir / "hubert", preset, seed)
    write_speaker_net(out_dir / "speaker_net.ckpt", preset, seed)
    write_reference(out_dir / "reference.wav", seed=seed)
    for file in sorted(out_dir.rglob("*")):
        if file.is_file():
            click.echo(f"{file}  {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
