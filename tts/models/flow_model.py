"""The networks of one v3 or v4 voice, with their weights; its vocoder is a network of its own."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts.checkpoint import BadCheckpoint, Checkpoint, take_weights
from tts.models.adapter_merge import merge_adapter
from tts.models.dit import VelocityNetwork
from tts.models.prior_encoder import Prior, PriorEncoder
from tts.models.quantizer import (
    CHECKPOINT_NAMES,
    TRAINING_STATISTICS,
    SemanticQuantizer,
    finished_statistics,
)
from tts.models.sizes import Sizes
from tts.models.style import StyleEncoder
from tts.models.wavenet import WaveNet
from tts.models.weight_norm import fold_weight_norm, unfold_weight_norm
from tts.versions import Version

BRIDGE_SLOPE = 0.01
_ESTIMATOR = "cfm.estimator."
# A head for a training loss, and what the trainers drop or leave behind.
_TRAINING_ONLY = ("enc_q.", "linear_mel.", *TRAINING_STATISTICS)


class FrameEncoder(nn.Module):
    """Gated convolutions over mel frames, told the voice (`wns1`); (B, C, T) -> (B, C_out, T)."""

    def __init__(
        self, in_channels: int, hidden: int, out_channels: int, kernel_size: int, num_layers: int, style: int
    ) -> None:
        super().__init__()
        self.pre = nn.Conv1d(in_channels, hidden, 1)
        self.enc = WaveNet(hidden, kernel_size, num_layers, style)
        self.proj = nn.Conv1d(hidden, out_channels, 1)

    @classmethod
    def from_sizes(cls, sizes: Sizes, prefix: str) -> "FrameEncoder":
        """Make an empty encoder that fits the checkpoint."""
        return cls(
            in_channels=sizes.dim(f"{prefix}pre.weight", 1),
            hidden=sizes.dim(f"{prefix}pre.weight", 0),
            out_channels=sizes.dim(f"{prefix}proj.weight", 0),
            kernel_size=sizes.dim(f"{prefix}enc.in_layers.0.weight", 2),
            num_layers=sizes.count(prefix + "enc.in_layers.{}.weight"),
            style=sizes.dim(f"{prefix}enc.cond_layer.weight", 1),
        )

    def forward(self, x: Tensor, ge: Tensor) -> Tensor:
        return self.proj(self.enc(self.pre(x), self.enc.project_condition(ge)))


class FlowModel(nn.Module):
    """All networks from SSL features, phones and a reference to the mel.

    Attributes:
        quantizer: SSL features <-> semantic tokens.
        ref_enc: Spectrogram -> conditioning vector `ge`.
        enc_p: Tokens and phones -> hidden frames (its mean and scale are not used).
        bridge, wns1: Hidden frames -> features at the mel's rate.
        estimator: The velocity network.
        version: The row of facts of the model's version.
    """

    def __init__(
        self,
        version: Version,
        quantizer: SemanticQuantizer,
        ref_enc: StyleEncoder,
        enc_p: PriorEncoder,
        bridge: nn.Conv1d,
        wns1: FrameEncoder,
        estimator: VelocityNetwork,
    ) -> None:
        super().__init__()
        if version.flow is None:
            raise ValueError(f"a {version.name} model has no flow-matching networks")
        self.version = version
        self.facts = version.flow
        self.quantizer = quantizer
        self.ref_enc = ref_enc
        self.enc_p = enc_p
        self.bridge = nn.ModuleDict({"0": bridge})
        self.wns1 = wns1
        self.estimator = estimator

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, base: Checkpoint | None = None) -> "FlowModel":
        """Build the networks with the checkpoint's sizes and fill them.

        Args:
            checkpoint: A whole model, or a LoRA file.
            base: The model a LoRA file is merged onto.

        Raises:
            BadCheckpoint: Tensors are missing, left over or do not fit (all are named); a LoRA file without
                a base that fits it.
        """
        if checkpoint.version is None or checkpoint.version.flow is None:
            raise BadCheckpoint(checkpoint.path, f"is {_kind(checkpoint)}; a v3 or v4 SoVITS file is needed")
        folded = fold_weight_norm(checkpoint.weights)
        if checkpoint.lora_rank is not None:
            folded = merge_adapter(folded, _base_weights(checkpoint, base), checkpoint.path)
        weights = {_our_name(name): tensor for name, tensor in folded.items()}
        sizes = Sizes(weights, checkpoint.path)
        with torch.device("meta"):  # no time for first values that the file replaces
            model = cls(
                version=checkpoint.version,
                quantizer=SemanticQuantizer.from_sizes(sizes, "quantizer."),
                ref_enc=StyleEncoder.from_sizes(sizes, "ref_enc."),
                enc_p=PriorEncoder.from_sizes(sizes, "enc_p."),
                bridge=nn.Conv1d(sizes.dim("bridge.0.weight", 1), sizes.dim("bridge.0.weight", 0), 1),
                wns1=FrameEncoder.from_sizes(sizes, "wns1."),
                estimator=VelocityNetwork.from_sizes(sizes, "estimator."),
            )
        model = model.to_empty(device="cpu")
        take_weights(model, weights, ignore=_TRAINING_ONLY, source=checkpoint.path)
        model.check_widths(checkpoint.path)
        return cast("FlowModel", model.eval().requires_grad_(False))

    def check_widths(self, source: Path | str) -> None:
        """Refuse networks that each fit themselves but not each other.

        Raises:
            BadCheckpoint: Names what does not fit; `source` is the file.
        """
        condition = self.estimator.input_embed.proj.in_features - 2 * self.estimator.num_mels
        ge = self.ref_enc.fc.fc.out_features
        widths = {
            "codebook and token encoder": (
                self.quantizer.codebook.shape[1],
                self.enc_p.ssl_proj.in_channels,
            ),
            "text encoder and bridge": (self.enc_p.proj.in_channels, self.bridge["0"].in_channels),
            "bridge and wns1": (self.bridge["0"].out_channels, self.wns1.pre.in_channels),
            "wns1 and cfm": (self.wns1.proj.out_channels, condition),
            "ref_enc and mrte": (ge, self.enc_p.mrte.c_pre.out_channels),
            "ref_enc and wns1": (ge, self.wns1.enc.cond_layer.in_channels),
        }
        problems = [f"{name} have widths {a} and {b}" for name, (a, b) in widths.items() if a != b]
        if problems:
            raise BadCheckpoint(source, "its networks do not fit each other: " + "; ".join(problems))

    def encode(self, tokens: Tensor, phones: Tensor, ge: Tensor, speed_factor: float = 1.0) -> Prior:
        """Run the text encoder: tokens (T_sem,), phones (P,), `ge` (1, C, 1)."""
        rows = self.quantizer.decode(tokens).repeat_interleave(self.quantizer.stride, dim=2)
        return self.enc_p(rows, phones[None], ge, speed_factor)

    def bridge_frames(self, hidden: Tensor) -> Tensor:
        """Hidden frames (1, C, T) -> (1, C_bridge, T)."""
        return F.leaky_relu(self.bridge["0"](hidden), BRIDGE_SLOPE)

    def features(self, tokens: Tensor, phones: Tensor, ge: Tensor, speed_factor: float = 1.0) -> Tensor:
        """What the velocity network is told about some speech.

        The frames are stretched to the mel's rate. Those beyond the length that the tokens give are zero:
        with a speed factor, v4 can have one of them, which the original's rounding leaves behind.

        Args:
            tokens: (T_sem,) int64.
            phones: (P,) int64 of the same words.
            ge: (1, C, 1) conditioning vector.
            speed_factor: Above 1 speaks faster.

        Returns:
            (1, C, T) at the mel's frame rate.
        """
        bridged = self.bridge_frames(self.encode(tokens, phones, ge, speed_factor).hidden)
        frames = F.interpolate(bridged, scale_factor=self.facts.upsampling, mode="nearest")
        num_real = int(self.facts.frames_per_token * len(tokens))
        if speed_factor != 1:
            num_real = int(num_real / speed_factor) + 1
        features = self.wns1(frames[..., :num_real], ge)
        return F.pad(features, (0, frames.shape[2] - features.shape[2]))


def checkpoint_weights(model: FlowModel) -> dict[str, Tensor]:
    """The weights under their checkpoint names, ready for `write_acoustic_checkpoint`."""
    theirs = {ours: name for name, ours in CHECKPOINT_NAMES.items()}
    weights = {
        theirs.get(name) or re.sub(r"^estimator\.", _ESTIMATOR, name): tensor
        for name, tensor in model.state_dict().items()
    }
    weights |= finished_statistics(model.quantizer.codebook)
    normed = [name for name in weights if name.startswith("wns1.enc.") and name.endswith(".weight")]
    return unfold_weight_norm(weights, normed)


def _our_name(name: str) -> str:
    if name.startswith(_ESTIMATOR):
        return "estimator." + name.removeprefix(_ESTIMATOR)
    return CHECKPOINT_NAMES.get(name, name)


def _base_weights(adapter: Checkpoint, base: Checkpoint | None) -> Mapping[str, Tensor]:
    """The base's weights, folded, if it is the base of this adapter."""
    name = adapter.version.name if adapter.version else "?"
    if base is None:
        raise BadCheckpoint(
            adapter.path,
            f"is a LoRA file of rank {adapter.lora_rank} and needs the {name} base model beside it",
        )
    if base.lora_rank is not None or base.version is not adapter.version:
        raise BadCheckpoint(
            base.path,
            f"is {_kind(base)}; {adapter.path} is a {name} LoRA file and needs the {name} base model: "
            "sovits_base must name it (without that key the pretrained one is taken)",
        )
    return fold_weight_norm(base.weights)


def _kind(checkpoint: Checkpoint) -> str:
    if checkpoint.version is None:
        return "a GPT (s1) file"
    return f"a {checkpoint.version.name} {'file' if checkpoint.lora_rank is None else 'LoRA file'}"
