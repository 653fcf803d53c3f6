"""A parity kit: `index.json`, weights, recordings, and goldens (recorded inputs and outputs of upstream)."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tts.checkpoint import read_checkpoint
from tts.decoders.flow_decoder import FlowDecoder
from tts.decoders.vits_decoder import VitsDecoder
from tts.models.flow_model import FlowModel
from tts.models.hubert import HubertEncoder
from tts.models.semantic import SemanticModel
from tts.models.speaker_encoder import SpeakerEncoder
from tts.models.vocoders import Vocoder, read_vocoder
from tts.versions import VERSIONS

Arrays = Mapping[str, np.ndarray]
VOCODERS = {"v3": "weights/bigvgan", "v4": "weights/v4_vocoder.pth"}


class NotInKit(LookupError):
    """A file that a golden needs is not there (partial kits leave some out)."""


@dataclass(frozen=True, slots=True)
class Golden:
    """One recorded run.

    Attributes:
        name: File name without suffix.
        model: What it was run on, as the index says it: a path in the kit or a version name; may be empty.
        description: The index's own words, notes included.
        is_informative: An engine may deliberately do otherwise.
        outputs: Array name -> its entry in the index (`shape`, `tol`).
    """

    name: str
    model: str
    description: str
    is_informative: bool
    outputs: Mapping[str, Mapping[str, Any]]


class Kit:
    """Reads a kit folder; networks are loaded once.

    Args:
        folder: Where `index.json` lies.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        index = json.loads(self.path("index.json").read_text(encoding="utf8"))
        self._goldens = {entry["name"]: entry for entry in index["goldens"]}
        self.decoder = cache(self._load_decoder)
        self.flow_model = cache(self._load_flow_model)
        self.vocoder = cache(self._load_vocoder)
        self.semantic_model = cache(self._load_semantic_model)
        self.hubert = cache(lambda: HubertEncoder(self.path("weights/hubert")))
        self.speaker_encoder = cache(
            lambda: SpeakerEncoder.from_file(self.path("weights/sv_eres2netv2.ckpt"))
        )

    def goldens(self) -> Iterator[Golden]:
        """All goldens of the index that have outputs."""
        for entry in self._goldens.values():
            if entry["outputs"]:
                yield Golden(
                    name=entry["name"],
                    model=entry.get("model") or "",
                    description=f"{entry.get('what', '')} {entry.get('notes', '')}",
                    is_informative=bool(entry.get("informative")),
                    outputs=entry["outputs"],
                )

    def path(self, name: str) -> Path:
        """A file or folder of the kit.

        Raises:
            NotInKit: It is not there.
        """
        path = self.folder / name
        if not path.exists():
            raise NotInKit(f"{name} is not in this kit")
        return path

    def arrays(self, name: str) -> dict[str, np.ndarray]:
        """All arrays of a golden."""
        entry = self._goldens.get(name)
        if entry is None:
            raise NotInKit(f"golden {name} is not in this kit")
        with np.load(self.path(entry["file"]), allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}

    def _load_decoder(self, name: str) -> VitsDecoder:
        return VitsDecoder.from_checkpoint(read_checkpoint(self.path(name)))

    def _load_flow_model(self, name: str) -> FlowModel:
        """A LoRA file `..._lora.pth` is merged onto the base beside it."""
        checkpoint = read_checkpoint(self.path(name))
        if checkpoint.lora_rank is None:
            return FlowModel.from_checkpoint(checkpoint)
        return FlowModel.from_checkpoint(checkpoint, read_checkpoint(self.path(name.replace("_lora", ""))))

    def _load_vocoder(self, version_name: str) -> Vocoder:
        return read_vocoder(self.path(VOCODERS[version_name]), VERSIONS[version_name])

    def flow_decoder(self, name: str, num_steps: int) -> FlowDecoder:
        """A v3 or v4 model and its vocoder."""
        model = self.flow_model(name)
        return FlowDecoder(model, self.vocoder(model.version.name), num_steps=num_steps)

    def _load_semantic_model(self, name: str) -> SemanticModel:
        return SemanticModel.from_checkpoint(read_checkpoint(self.path(name)))


def batched(array: np.ndarray) -> torch.Tensor:
    """A tensor with a batch axis in front."""
    return torch.from_numpy(array)[None]
