"""SoVITS (s2) files -> decoders, with what they need besides: the base of a LoRA file, a vocoder."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import torch

from tts.checkpoint import BadCheckpoint, Checkpoint, judge_checkpoint, read_checkpoint
from tts.decoders.decoder import Decoder
from tts.decoders.flow_decoder import FlowDecoder
from tts.decoders.vits_decoder import VitsDecoder
from tts.models.flow_model import FlowModel
from tts.models.vocoders import Vocoder, read_vocoder
from tts.pretrained import MissingPart, PretrainedModels
from tts.safe_archive import read_archive
from tts.shared_weights import SharedWeights, file_stamp
from tts.versions import Version


class DecoderLoader:
    """Makes decoders; those of the same files share their networks.

    Args:
        pretrained: finds bases and vocoders.
        device: where the weights live.
    """

    def __init__(self, pretrained: PretrainedModels, device: torch.device | str = "cpu") -> None:
        self._pretrained = pretrained
        self._device = torch.device(device)
        self._shared = SharedWeights()

    def load(
        self,
        path: Path,
        *,
        version: str | None = None,
        base: Path | None = None,
        num_steps: int | None = None,
    ) -> Decoder:
        """Makes the decoder of a file.

        Args:
            path: the SoVITS file: a whole model, or a LoRA file.
            version: what it is, where the file itself cannot say.
            base: the base of a LoRA file; None looks among the pretrained models.
            num_steps: Euler steps of v3 and v4; None takes the version's usual number.

        Raises:
            BadCheckpoint: a file is damaged, hostile or does not fit; names it and the reason.
            MissingPart: a base or vocoder is not there; says what to put where.
        """
        key = ("networks", version, file_stamp(path), None if base is None else file_stamp(base))
        networks = self._shared.get(key, lambda: self._read(path, version, base))
        if isinstance(networks, VitsDecoder):
            return networks
        vocoder = self._vocoder(networks.version, path)
        return FlowDecoder(networks, vocoder, num_steps=num_steps, device=self._device)

    def _read(self, path: Path, version: str | None, base: Path | None) -> VitsDecoder | FlowModel:
        checkpoint = read_checkpoint(path, version=version)
        if checkpoint.version is None:
            raise BadCheckpoint(path, "is a GPT (s1) file; sovits_model must name a SoVITS (s2) file")
        if checkpoint.version.flow is None:
            return VitsDecoder.from_checkpoint(checkpoint, self._device)
        model = FlowModel.from_checkpoint(checkpoint, self._base(checkpoint, checkpoint.version, base))
        return model.to(self._device)

    def _base(self, adapter: Checkpoint, version: Version, chosen: Path | None) -> Checkpoint | None:
        """The base of a LoRA file, None for a whole model. The adapter's word decides where it has none."""
        if adapter.lora_rank is None:
            return None
        try:
            path = chosen or self._pretrained.acoustic_base(version.name)
        except MissingPart as error:
            raise MissingPart(
                f"{adapter.path} is a LoRA file of rank {adapter.lora_rank} and speaks only on top of the "
                f"{version.name} base model, which is missing. {error}. A base elsewhere can be named as "
                "sovits_base in the speaker's file"
            ) from error
        base = judge_checkpoint(read_archive(path), path, may_be_undecided=True)
        if base.kind == "acoustic" and base.version is None:
            return dataclasses.replace(base, version=version)
        return base

    def _vocoder(self, version: Version, user: Path) -> Vocoder:
        try:
            place = self._pretrained.vocoder(str(version.vocoder))
        except MissingPart as error:
            raise MissingPart(
                f"{user} is a {version.name} model and needs a vocoder, which is missing. {error}"
            ) from error
        stamps = [file_stamp(file) for file in (sorted(place.iterdir()) if place.is_dir() else [place])]
        return self._shared.get(("vocoder", *stamps), lambda: read_vocoder(place, version, self._device))
