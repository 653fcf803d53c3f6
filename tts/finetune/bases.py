"""The pretrained models a voice starts from, looked at before any work begins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tts.checkpoint import BadCheckpoint, Checkpoint, read_checkpoint
from tts.finetune.acoustic_networks import POSTERIOR_PREFIX
from tts.finetune.stages import file_hash
from tts.models.semantic import SemanticModel
from tts.pairing import require_pair
from tts.versions import Version

PUBLISHED_WIDTH = 512  # of both published models
# How upstream calls a generator and the discriminators it was trained with.
GENERATOR_MARK, DISCRIMINATOR_MARK = "s2G", "s2D"


@dataclass(frozen=True, slots=True)
class Bases:
    """Files to start from, and what is known of them.

    Attributes:
        semantic: s1 `.ckpt`.
        acoustic: s2 `.pth`, with its posterior encoder.
        discriminators: of the acoustic base, or None: they then start from nothing.
        version: of the acoustic base.
        bert_dim: width of the BERT features the semantic base knows.
        decoder_width: first width of the acoustic base's waveform network.
        num_semantic_weights, num_acoustic_weights: values in the files.
    """

    semantic: Path
    acoustic: Path
    discriminators: Path | None
    version: Version
    bert_dim: int
    decoder_width: int
    num_semantic_weights: int
    num_acoustic_weights: int

    @property
    def is_small(self) -> bool:
        """Whether the acoustic base is narrower than the published ones."""
        return self.decoder_width < PUBLISHED_WIDTH


@dataclass(frozen=True, slots=True)
class Tools:
    """Models beside the bases, and where to compute.

    Attributes:
        ssl_model: HuBERT folder of the bases.
        bert_model: RoBERTa folder, or None.
        speaker_net: ERes2NetV2 file, or None.
        device: cpu or cuda.
    """

    ssl_model: Path
    bert_model: Path | None
    speaker_net: Path | None
    device: str

    def hashes(self) -> dict[str, str]:
        """What the files hold."""
        paths = {"ssl": self.ssl_model, "bert": self.bert_model, "speaker_net": self.speaker_net}
        return {name: file_hash(path) for name, path in paths.items() if path is not None}


def find_bases(
    semantic: Path, acoustic: Path, discriminators: Path | None = None, *, version: str | None = None
) -> Bases:
    """Reads what the bases are.

    Args:
        semantic: s1 file.
        acoustic: s2 file.
        discriminators: s2D file; by default the one that lies beside an s2G file.
        version: what the acoustic base must be, where several versions fit.

    Raises:
        BadCheckpoint: a file cannot be trained on; the message says what is needed.
    """
    for path in (semantic, acoustic):
        if not path.is_file():
            raise BadCheckpoint(path, "there is no such file; a pretrained base model is needed")
    semantic_checkpoint = read_checkpoint(semantic)
    model = SemanticModel.from_checkpoint(semantic_checkpoint)
    checkpoint = read_checkpoint(acoustic, version=version)
    row = checkpoint.version
    if row is None or row.decoder != "vits":
        name = "no SoVITS file" if row is None else f"a {row.name} model"
        raise BadCheckpoint(acoustic, f"is {name}; a base of v1, v2, v2Pro or v2ProPlus is needed")
    if not any(name.startswith(POSTERIOR_PREFIX) for name in checkpoint.weights):
        raise BadCheckpoint(
            acoustic,
            "has no posterior encoder: it is a finished voice. Training starts from a pretrained base, such "
            "as s2G2333k.pth or s2Gv2Pro.pth",
        )
    require_pair(semantic, model.num_phonemes, acoustic, row)
    if discriminators is None and GENERATOR_MARK in acoustic.name:
        beside = acoustic.with_name(acoustic.name.replace(GENERATOR_MARK, DISCRIMINATOR_MARK))
        discriminators = beside if beside.is_file() else None
    return Bases(
        semantic,
        acoustic,
        discriminators,
        row,
        model.bert_dim,
        decoder_width=checkpoint.weights["dec.conv_pre.weight"].shape[0],
        num_semantic_weights=_num_values(semantic_checkpoint),
        num_acoustic_weights=_num_values(checkpoint),
    )


def _num_values(checkpoint: Checkpoint) -> int:
    return sum(tensor.numel() for tensor in checkpoint.weights.values())
