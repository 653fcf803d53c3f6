"""The vocoders of v3 and v4, read from their files: mel -> waveform, piece by piece."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from tts.checkpoint import BadCheckpoint, read_state_dict, take_weights
from tts.models.bigvgan import BigVgan
from tts.models.bigvgan_stream import BigVganStream
from tts.models.hifigan import HifiGan
from tts.models.hifigan_stream import HifiGanStream
from tts.models.sizes import Sizes
from tts.models.weight_norm import fold_weight_norm
from tts.versions import Version

BIGVGAN_CONFIG = "config.json"
BIGVGAN_WEIGHTS = "bigvgan_generator.pt"
MAX_CONFIG_BYTES = 1 << 20
# Not in the file of the v4 vocoder, and the same for all of them.
HIFIGAN_RATES = (10, 6, 2, 2, 2)
HIFIGAN_DILATIONS = ((1, 3, 5), (1, 3, 5), (1, 3, 5))


class WaveformStream(Protocol):
    """One waveform in the making."""

    def push(self, frames: Tensor, *, is_last: bool) -> Tensor:
        """Mel (1, num_mels, T) -> (1, 1, N): all samples that no later frame can change."""
        ...


@dataclass(frozen=True, eq=False)
class Vocoder:
    """A network from mel to waveform; shared by all voices that use it.

    Attributes:
        model: the weights.
        num_mels: mel bands it takes.
    """

    model: BigVgan | HifiGan
    num_mels: int

    @property
    def samples_per_frame(self) -> int:
        """Waveform samples of one mel frame."""
        return self.model.samples_per_frame

    def open(self) -> WaveformStream:
        """A waveform to begin with."""
        if isinstance(self.model, BigVgan):
            return BigVganStream(self.model)
        return HifiGanStream(self.model)


def read_vocoder(place: Path | str, version: Version, device: torch.device | str = "cpu") -> Vocoder:
    """Read the vocoder of a version.

    Args:
        place: BigVGAN's folder for v3, a file for v4.
        version: whose vocoder it is to be.
        device: where to compute.

    Raises:
        BadCheckpoint: Missing, damaged, or made for other mels; names the file.
    """
    if version.vocoder is None or version.flow is None:
        raise ValueError(f"{version.name} needs no vocoder")
    model = _READERS[version.vocoder](Path(place))
    if model.samples_per_frame != version.flow.samples_per_frame:
        raise BadCheckpoint(
            place,
            f"makes {model.samples_per_frame} samples of a mel frame; "
            f"the vocoder of {version.name} makes {version.flow.samples_per_frame}",
        )
    return Vocoder(model.eval().requires_grad_(False).to(device), model.conv_pre.in_channels)


def read_bigvgan(folder: Path) -> BigVgan:
    """Read BigVGAN's folder as it is published: `config.json` beside `bigvgan_generator.pt`.

    Raises:
        BadCheckpoint: One of the two is missing or damaged, or they do not fit each other.
    """
    settings = _read_config(folder / BIGVGAN_CONFIG)
    path = folder / BIGVGAN_WEIGHTS
    weights = fold_weight_norm(read_state_dict(path, key="generator"))
    model = BigVgan.from_sizes(Sizes(weights, path, settings))
    take_weights(model, weights, source=path)
    return model


def read_hifigan(path: Path) -> HifiGan:
    """Read the v4 vocoder: a flat file of tensors.

    Raises:
        BadCheckpoint: Missing, damaged, or another network.
    """
    weights = fold_weight_norm(read_state_dict(path))
    model = HifiGan.from_sizes(Sizes(weights, path), "", HIFIGAN_RATES, HIFIGAN_DILATIONS)
    take_weights(model, weights, source=path)
    return model


_READERS: Mapping[str, Callable[[Path], BigVgan | HifiGan]] = {
    "bigvgan": read_bigvgan,
    "hifigan": read_hifigan,
}


def _read_config(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            settings = json.loads(file.read(MAX_CONFIG_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        raise BadCheckpoint(
            path, f"cannot be read as JSON ({error}); BigVGAN's config.json is needed"
        ) from error
    if not isinstance(settings, dict):
        raise BadCheckpoint(path, "is no JSON object; BigVGAN's config.json is needed")
    return settings
