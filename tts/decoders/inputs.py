"""What all decoders check and draw alike: ids, speed, SSL features, noise."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from tts.models.flow_model import FlowModel
from tts.models.quantizer import SemanticQuantizer
from tts.models.vits import VitsModel
from tts.versions import Version

MIN_SPEED_FACTOR = 0.25
MAX_SPEED_FACTOR = 4.0


Model = TypeVar("Model", VitsModel, FlowModel)


class DecoderBase(Generic[Model]):
    """The part of a decoder that is the same for all families.

    Args:
        model: The networks up to what makes the waveform.
        version: The row of facts of the model's version.
        device: Where to compute.
    """

    def __init__(self, model: Model, version: Version, device: torch.device | str = "cpu") -> None:
        self.model = model.to(device)
        self.version = version
        self.device = torch.device(device)

    @property
    def sample_rate(self) -> int:
        """Hz of the waveform."""
        return self.version.sample_rate

    @torch.inference_mode()
    def ssl_to_tokens(self, ssl: Tensor) -> Tensor:
        """SSL features (1, T, C) -> semantic tokens (T // 2,) int64; the prompt of a voice.

        Raises:
            ValueError: Another width than the codebook's, or too few frames for one token.
        """
        return tokens_of_ssl(self.model.quantizer, ssl)

    def _place(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.device, torch.float32)

    def _ids(
        self, tokens: Sequence[int] | np.ndarray | Tensor, phones: Sequence[int] | np.ndarray | Tensor
    ) -> tuple[Tensor, Tensor]:
        """Tokens and phones, checked and in place."""
        token_ids = checked_ids(tokens, len(self.model.quantizer.codebook), "semantic token")
        phone_ids = checked_ids(phones, self.model.enc_p.num_symbols, "phone")
        return token_ids.to(self.device), phone_ids.to(self.device)


def checked_ids(values: Sequence[int] | np.ndarray | Tensor, limit: int, what: str) -> Tensor:
    """A sequence of ids as int64 (N,).

    Raises:
        ValueError: Empty, or an id that is not below the limit; `what` names them.
    """
    ids = torch.as_tensor(values, dtype=torch.int64)
    if ids.ndim != 1 or len(ids) == 0:
        raise ValueError(f"{what}s of shape {tuple(ids.shape)}; a sequence of at least one is needed")
    if int(ids.min()) < 0 or int(ids.max()) >= limit:
        raise ValueError(
            f"{what} ids run from {int(ids.min())} to {int(ids.max())}; 0 to {limit - 1} is valid"
        )
    return ids


def check_speed(speed_factor: float) -> None:
    """Refuse what no voice can do.

    Raises:
        ValueError: Out of range.
    """
    if not MIN_SPEED_FACTOR <= speed_factor <= MAX_SPEED_FACTOR:
        raise ValueError(f"speed_factor {speed_factor}: {MIN_SPEED_FACTOR} to {MAX_SPEED_FACTOR} is valid")


def tokens_of_ssl(quantizer: SemanticQuantizer, ssl: Tensor) -> Tensor:
    """SSL features (1, T, C) -> semantic tokens (T // 2,) int64.

    Raises:
        ValueError: Another width than the codebook's, or too few frames for one token.
    """
    if ssl.ndim != 3 or ssl.shape[2] != quantizer.codebook.shape[1] or ssl.shape[1] < quantizer.stride:
        raise ValueError(
            f"SSL features of shape {tuple(ssl.shape)}; (1, at least {quantizer.stride}, "
            f"{quantizer.codebook.shape[1]}) is needed"
        )
    return quantizer.encode(quantizer.project(ssl.to(quantizer.codebook.device)))


def seeded_noise(seed: int, num_channels: int, num_frames: int) -> np.ndarray:
    """Standard normal values (num_channels, num_frames) float32 that depend on seed and frame number only.

    They are drawn frame by frame from numpy's generator: a longer sentence begins with the values of a
    shorter one, and every device sees the same.
    """
    generator = np.random.default_rng(seed)
    return generator.standard_normal((num_frames, num_channels), dtype=np.float32).T.copy()
