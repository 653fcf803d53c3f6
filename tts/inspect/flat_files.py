"""What a flat file of tensors is: vocoder, speaker network, discriminator or part of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch

from tts.checkpoint import BadCheckpoint
from tts.inspect.description import Description, Weights
from tts.pretrained import SPEAKER_NET, parts


@dataclass(frozen=True, slots=True)
class _Form:
    """One kind of flat file.

    Attributes:
        kind, title: see `Description`.
        marks: tensors that all files of the kind have; each entry a choice of names.
        sizes: words -> tensor choice and axis.
        remarks: see `Description`.
    """

    kind: str
    title: str
    marks: tuple[tuple[str, ...], ...]
    sizes: Mapping[str, tuple[tuple[str, ...], int]]
    remarks: tuple[str, ...] = ()

    def fits(self, weights: Mapping[str, torch.Tensor]) -> bool:
        return all(any(name in weights for name in choice) for choice in self.marks)


# Weight normalisation may be folded (weight) or not (weight_v).
_CONV_PRE = ("conv_pre.weight", "conv_pre.weight_v")
_MEL_SIZES = {"mel bands": (_CONV_PRE, 1), "width": (_CONV_PRE, 0)}
_IS_HALF_A_FOLDER = ("Inspect its folder: the sizes stand in config.json.",)

_FORMS = (
    _Form(
        "vocoder-bigvgan",
        "BigVGAN generator, the " + parts()["vocoder-bigvgan"].title,
        (_CONV_PRE, ("resblocks.0.activations.0.act.alpha",)),
        _MEL_SIZES,
        _IS_HALF_A_FOLDER,
    ),
    _Form(
        "vocoder-hifigan",
        "HiFi-GAN, the " + parts()["vocoder-hifigan"].title,
        (_CONV_PRE, ("resblocks.0.convs1.0.weight", "resblocks.0.convs1.0.weight_v")),
        _MEL_SIZES,
    ),
    _Form(
        SPEAKER_NET,
        "ERes2NetV2, the " + parts()[SPEAKER_NET].title,
        (("layer3_ds.weight",), ("fuse34.local_att.0.weight",)),
        {"first width": (("conv1.weight",), 0), "last width": (("layer3_ds.weight",), 0)},
    ),
    _Form(
        "discriminator",
        "discriminators of a SoVITS training",
        (("discriminators.0.convs.0.weight", "discriminators.0.convs.0.weight_v"),),
        {},
        ("For training only; nothing speaks with it.",),
    ),
    _Form(
        "hubert-weights",
        "weights of a HuBERT folder",
        (("encoder.layers.0.attention.q_proj.weight",), ("feature_projection.projection.weight",)),
        {},
        _IS_HALF_A_FOLDER,
    ),
    _Form(
        "bert-weights",
        "weights of a BERT folder",
        (("bert.embeddings.word_embeddings.weight", "embeddings.word_embeddings.weight"),),
        {},
        _IS_HALF_A_FOLDER,
    ),
)


def describe_flat(path: Path, weights: Mapping[str, torch.Tensor]) -> Description:
    """Return what a flat file is.

    Raises:
        BadCheckpoint: it is none of the kinds known here.
    """
    form = next((form for form in _FORMS if form.fits(weights)), None)
    if form is None:
        some = ", ".join(name[:60] for name in list(weights)[:3])
        raise BadCheckpoint(path, f"is no model known here; it holds {len(weights)} tensors: {some}, ...")
    found = {words: _size(weights, choice, axis) for words, (choice, axis) in form.sizes.items()}
    return Description(
        path=path,
        kind=form.kind,
        title=form.title,
        weights=Weights.of(weights.values()),
        sizes={words: size for words, size in found.items() if size is not None},
        remarks=form.remarks,
    )


def _size(weights: Mapping[str, torch.Tensor], choice: tuple[str, ...], axis: int) -> int | None:
    tensor = next((weights[name] for name in choice if name in weights), None)
    return tensor.shape[axis] if tensor is not None and tensor.ndim > axis else None
