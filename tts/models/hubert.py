"""HuBERT features of a reference recording, by transformers, from a local folder."""

from pathlib import Path

import torch
from torch import Tensor
from transformers import HubertModel

from tts.transformers_models import read_model

SAMPLE_RATE_HZ = 16_000
# 0.3 s counted at 32 kHz but appended at 16 kHz: the models were trained and are used with 0.6 s of silence.
TAIL_SAMPLES = 9_600


class HubertEncoder:
    """Samples at 16 kHz -> SSL features at 50 Hz.

    Args:
        folder: config.json and weights in transformers' format; nothing is fetched from anywhere.
        device: Where to compute.

    Raises:
        BadCheckpoint: The folder holds no such model, or not all of its weights.
    """

    def __init__(self, folder: Path | str, device: torch.device | str = "cpu") -> None:
        # Only training masks frames, so files without that one vector are complete.
        model = read_model(HubertModel, folder, "HuBERT", optional=("masked_spec_embed",))
        self._model = model.to(device=device, dtype=torch.float32).eval().requires_grad_(False)  # type: ignore[arg-type]
        self._device = torch.device(device)

    @property
    def dim(self) -> int:
        """Width of the features."""
        return self._model.config.hidden_size

    @torch.inference_mode()
    def features(self, samples: Tensor) -> Tensor:
        """Features of a recording and the silent tail that the models expect behind it.

        The samples are taken as they are: the mean and variance normalisation that the model's own processor
        asks for was not used in training the voices.

        Args:
            samples: (N,) at 16 kHz.

        Returns:
            (1, T, C) on the CPU, 50 per second.
        """
        padded = torch.cat([samples.float(), samples.new_zeros(TAIL_SAMPLES)]).to(self._device)
        return self.raw_features(padded)

    @torch.inference_mode()
    def raw_features(self, padded: Tensor) -> Tensor:
        """Features of exactly these samples (N,), no tail added: (1, T, C) on the CPU."""
        return self._model(padded.to(self._device)[None]).last_hidden_state.cpu()
