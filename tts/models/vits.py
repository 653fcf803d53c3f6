"""The networks of one v1, v2, v2Pro or v2ProPlus voice, with their weights."""

from collections.abc import Mapping, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from tts.checkpoint import BadCheckpoint, Checkpoint, take_weights
from tts.models.flow import Flow
from tts.models.hifigan import HifiGan, block_conv_key
from tts.models.prior_encoder import PriorEncoder
from tts.models.quantizer import (
    CHECKPOINT_NAMES,
    TRAINING_STATISTICS,
    SemanticQuantizer,
    finished_statistics,
)
from tts.models.sizes import Sizes
from tts.models.style import StyleEncoder
from tts.models.weight_norm import fold_weight_norm, unfold_weight_norm

# The posterior encoder and the statistics of codebook training: never needed to speak.
_TRAINING_ONLY = ("enc_q.", *TRAINING_STATISTICS)
# What upstream stores in two factors.
_WEIGHT_NORMED = ("dec.ups.", "dec.resblocks.", "flow.flows.")
_NOT_NORMED = (".pre.weight", ".post.weight")


class SpeakerFusion(nn.Module):
    """Adds a speaker embedding to the style vector (Pro families); names follow the checkpoint keys.

    Args:
        embedding_dim: Size of the speaker embedding.
        style_dim: Size of the style vector.
        text_dim: Size of its projection for the text branch.
    """

    def __init__(self, embedding_dim: int, style_dim: int, text_dim: int) -> None:
        super().__init__()
        self.sv_emb = nn.Linear(embedding_dim, style_dim)
        self.prelu = nn.PReLU(style_dim)
        self.ge_to512 = nn.Linear(style_dim, text_dim)

    def fuse(self, style: Tensor, embedding: Tensor) -> Tensor:
        """style (1, C, 1), embedding (1, embedding_dim) -> (1, C, 1)."""
        return self.prelu(style + self.sv_emb(embedding)[:, :, None])

    def project_for_text(self, ge: Tensor) -> Tensor:
        """(1, C, 1) -> (1, text_dim, 1)."""
        return self.ge_to512(ge.transpose(1, 2)).transpose(1, 2)


class VitsModel(nn.Module):
    """All networks from SSL features, phones and references to a waveform.

    Attributes:
        quantizer: SSL features <-> semantic tokens.
        ref_enc: Spectrogram -> style vector.
        fusion: Style vector and speaker embedding -> conditioning vector; None where the family has none.
        enc_p: Tokens and phones -> prior.
        flow: Prior samples -> latents.
        dec: Latents -> waveform.
    """

    def __init__(
        self,
        quantizer: SemanticQuantizer,
        ref_enc: StyleEncoder,
        enc_p: PriorEncoder,
        flow: Flow,
        dec: HifiGan,
        fusion: SpeakerFusion | None = None,
    ) -> None:
        super().__init__()
        self.quantizer = quantizer
        self.ref_enc = ref_enc
        self.enc_p = enc_p
        self.flow = flow
        self.dec = dec
        self.fusion = fusion

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint) -> "VitsModel":
        """Build the networks with the checkpoint's sizes and fill them.

        Raises:
            BadCheckpoint: Tensors are missing, left over or do not fit; all are named.
        """
        settings = checkpoint.config.get("model")
        if not isinstance(settings, Mapping):
            raise BadCheckpoint(checkpoint.path, "config.model is missing")
        weights = {_our_name(name): tensor for name, tensor in fold_weight_norm(checkpoint.weights).items()}
        sizes = Sizes(weights, checkpoint.path, settings)
        model = cls(
            quantizer=SemanticQuantizer.from_sizes(sizes, "quantizer."),
            ref_enc=StyleEncoder.from_sizes(sizes, "ref_enc."),
            enc_p=PriorEncoder.from_sizes(sizes, "enc_p."),
            flow=Flow.from_sizes(sizes, "flow."),
            dec=HifiGan.from_sizes(sizes, "dec.", sizes.integers("upsample_rates"), _block_dilations(sizes)),
            fusion=_fusion(sizes) if "fusion.sv_emb.weight" in weights else None,
        )
        take_weights(model, weights, ignore=_TRAINING_ONLY, source=checkpoint.path)
        return cast("VitsModel", model.eval().requires_grad_(False))

    @property
    def text_dim(self) -> int:
        """Size of the conditioning vector of the text branch."""
        return self.enc_p.mrte.c_pre.out_channels

    def conditioning_vector(self, spectrogram: Tensor, speaker_embedding: Tensor | None) -> Tensor:
        """`ge` of one reference: (1, bins, T) and (1, embedding_dim) -> (1, C, 1)."""
        style = self.ref_enc(spectrogram)
        if self.fusion is None:
            return style
        if speaker_embedding is None:
            raise ValueError("this model needs a speaker embedding for every reference")
        return self.fusion.fuse(style, speaker_embedding)

    def text_conditioning(self, ge: Tensor) -> Tensor:
        """What the text branch sees of `ge`: (1, C, 1) -> (1, text_dim, 1)."""
        return ge if self.fusion is None else self.fusion.project_for_text(ge)

    def expand_tokens(self, tokens: Tensor) -> Tensor:
        """Tokens (T_sem,) -> codebook rows at SSL rate (1, ssl_dim, T_sem * stride), each row repeated."""
        return torch.repeat_interleave(self.quantizer.decode(tokens), self.quantizer.stride, dim=2)


def checkpoint_weights(model: VitsModel) -> dict[str, Tensor]:
    """The weights under their checkpoint names, ready for `write_acoustic_checkpoint`.

    The statistics of codebook training, which upstream's strict loader wants, are filled in as for a finished
    codebook.
    """
    theirs = {ours: name for name, ours in CHECKPOINT_NAMES.items()}
    weights = {
        theirs.get(name, name).removeprefix("fusion."): tensor for name, tensor in model.state_dict().items()
    }
    weights |= finished_statistics(model.quantizer.codebook)
    normed = [name for name in weights if name.startswith(_WEIGHT_NORMED) and name.endswith(".weight")]
    return unfold_weight_norm(weights, [name for name in normed if not name.endswith(_NOT_NORMED)])


def _our_name(name: str) -> str:
    if name.startswith(("sv_emb.", "ge_to512.", "prelu.")):
        return "fusion." + name
    return CHECKPOINT_NAMES.get(name, name)


def _block_dilations(sizes: Sizes) -> Sequence[Sequence[int]]:
    """Dilations of the parallel residual blocks, checked against the number of convolutions stored."""
    dilations = sizes.integer_rows("resblock_dilation_sizes")
    num_blocks = sizes.count(block_conv_key(sizes, "dec."))
    if num_blocks != len(dilations) * sizes.count("dec.ups.{}.weight"):
        raise BadCheckpoint(
            sizes.source,
            f"{num_blocks} residual blocks do not fit {len(dilations)} rows of resblock_dilation_sizes",
        )
    return dilations


def _fusion(sizes: Sizes) -> SpeakerFusion:
    return SpeakerFusion(
        embedding_dim=sizes.dim("fusion.sv_emb.weight", 1),
        style_dim=sizes.dim("fusion.sv_emb.weight", 0),
        text_dim=sizes.dim("fusion.ge_to512.weight", 0),
    )
