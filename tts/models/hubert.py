"""HuBERT features of a reference recording, by transformers, from a local folder."""

import pickle
from pathlib import Path
from typing import Any, cast

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from torch import Tensor
from transformers import HubertModel

from tts.checkpoint import BadCheckpoint
from tts.quiet import quiet_transformers

SAMPLE_RATE_HZ = 16_000
# 0.3 s counted at 32 kHz but appended at 16 kHz: the models were trained and are used with 0.6 s of silence.
TAIL_SAMPLES = 9_600
# What transformers, torch and safetensors raise at a config or weights that are cut short or of another kind.
_LOADING_ERRORS = (
    OSError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError,
    pickle.UnpicklingError, SafetensorError, StrictDataclassError,
)  # fmt: skip


class HubertEncoder:
    """Samples at 16 kHz -> SSL features at 50 Hz.

    Args:
        folder: config.json and weights in transformers' format; nothing is fetched from anywhere.
        device: Where to compute.

    Raises:
        BadCheckpoint: The folder holds no such model, or not all of its weights.
    """

    def __init__(self, folder: Path | str, device: torch.device | str = "cpu") -> None:
        if not (Path(folder) / "config.json").is_file():
            raise BadCheckpoint(folder, "no config.json; a HuBERT folder in transformers format is needed")
        try:
            with quiet_transformers():
                loaded = HubertModel.from_pretrained(
                    str(folder), local_files_only=True, output_loading_info=True
                )
        except _LOADING_ERRORS as error:
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise BadCheckpoint(
                folder, f"is no HuBERT model, damaged or incomplete ({reason}); copy or download it again"
            ) from error
        model, report = cast("tuple[HubertModel, dict[str, Any]]", loaded)
        # Only training masks frames, so files without that one vector are complete.
        missing = set(report["missing_keys"]) - {"masked_spec_embed"}
        if missing:
            raise BadCheckpoint(folder, f"lacks the HuBERT weights {', '.join(sorted(missing)[:5])}")
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
