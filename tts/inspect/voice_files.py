"""What a GPT (s1) or SoVITS (s2) file is, from its tensors, config and marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tts.checkpoint import BadCheckpoint, Checkpoint
from tts.inspect.description import Description, Weights
from tts.models.semantic_layout import SemanticSizes
from tts.pairing import TABLES
from tts.pretrained import parts, parts_for
from tts.versions import VERSIONS, UnknownVersion, Version, deciding_clue, find_version

_SYMBOLS_OF_ACOUSTIC = {row.num_symbols: row.symbols for row in VERSIONS.values()}
_TEXT_EMBEDDING = "enc_p.text_embedding.weight"

# What is told of an acoustic model: words, tensor, axis. `{}` counts how many tensors there are.
_ACOUSTIC_SIZES = (
    ("semantic tokens", "quantizer.vq.layers.0._codebook.embed", 0),
    ("HuBERT width", "quantizer.vq.layers.0._codebook.embed", 1),
    ("text encoder width", _TEXT_EMBEDDING, 1),
    ("speaker vector", "sv_emb.weight", 1),
    ("decoder width", "dec.conv_pre.weight", 0),
    ("mel bands", "cfm.estimator.proj_out.weight", 0),
    ("flow network width", "cfm.estimator.proj_out.weight", 1),
    ("flow network blocks", "cfm.estimator.transformer_blocks.{}.attn.to_q.weight", None),
)


def describe_semantic(checkpoint: Checkpoint) -> Description:
    """Return what a GPT (s1) file is.

    Raises:
        BadCheckpoint: tensors are missing, or contradict the config.
    """
    sizes = SemanticSizes.of(checkpoint)
    symbols = TABLES.get(sizes.num_phonemes)
    data = checkpoint.config.get("data")
    longest = data.get("max_sec") if isinstance(data, Mapping) else None
    return Description(
        path=checkpoint.path,
        kind="semantic",
        title="GPT (s1): text to semantic tokens",
        weights=Weights.of(checkpoint.weights.values()),
        symbols=symbols,
        sizes={
            "layers": sizes.num_layers,
            "width": sizes.dim,
            "heads": sizes.num_heads,
            "feed-forward": sizes.ff_dim,
            "BERT width": sizes.bert_dim,
            "phones": sizes.num_phonemes,
            "semantic tokens": sizes.num_tokens,
            **({"longest clip in seconds": longest} if isinstance(longest, int | float) else {}),
        },
        info=checkpoint.info,
        remarks=(_partners(symbols, sizes.num_phonemes),),
    )


def _partners(symbols: str | None, num_phonemes: int) -> str:
    """Return which SoVITS files it can be paired with."""
    names = [row.name for row in VERSIONS.values() if row.symbols == symbols]
    if not names:
        return f"No version is known whose GPT has {num_phonemes} phones; v1 has 512, all others 732."
    return f"Goes with SoVITS files of {', '.join(names)}."


def describe_acoustic(checkpoint: Checkpoint) -> Description:
    """Return what a SoVITS (s2) file is; one whose version nothing tells is described as such."""
    weights, version = checkpoint.weights, checkpoint.version
    is_lora = checkpoint.lora_rank is not None
    shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    remarks = list(_remarks(checkpoint, shapes))
    return Description(
        path=checkpoint.path,
        kind="acoustic-lora" if is_lora else "acoustic",
        title="SoVITS (s2) LoRA adapter" if is_lora else "SoVITS (s2): semantic tokens to sound",
        weights=Weights.of(weights.values()),
        version=None if version is None else version.name,
        told_by=None if version is None else deciding_clue(shapes, checkpoint.clues),
        symbols=_symbols(shapes, version),
        lora_rank=checkpoint.lora_rank,
        sizes=_acoustic_sizes(checkpoint, shapes, version),
        info=checkpoint.info,
        needs=() if version is None else needed_parts(version, is_lora=is_lora),
        remarks=tuple(remarks),
    )


def needed_parts(version: Version, *, is_lora: bool = False) -> tuple[str, ...]:
    """Return a line for each pretrained part that files of a version take besides them."""
    return tuple(
        f"{parts()[name].title}: {parts()[name].path}" for name in parts_for(version, is_lora=is_lora)
    )


def _symbols(shapes: Mapping[str, tuple[int, ...]], version: Version | None) -> str | None:
    if version is not None:
        return version.symbols
    rows = shapes.get(_TEXT_EMBEDDING, (0,))[0]
    return _SYMBOLS_OF_ACOUSTIC.get(rows)


def _acoustic_sizes(
    checkpoint: Checkpoint, shapes: Mapping[str, tuple[int, ...]], version: Version | None
) -> dict[str, Any]:
    sizes: dict[str, Any] = {}
    for words, name, axis in _ACOUSTIC_SIZES:
        if axis is None:
            number = _count(shapes, name)
            if number:
                sizes[words] = number
        elif len(shapes.get(name, ())) > axis:
            sizes[words] = shapes[name][axis]
    model = checkpoint.config.get("model")
    rates = model.get("upsample_rates") if isinstance(model, Mapping) else None
    if isinstance(rates, tuple) and "decoder width" in sizes:
        sizes["upsampling"] = list(rates)
    if checkpoint.lora_rank is not None:
        num_pairs = sum(".lora_A." in name for name in shapes)
        sizes["adapted layers"] = num_pairs
        sizes["tensors replaced whole"] = len(shapes) - 2 * num_pairs
    if version is not None:
        sizes["output rate in Hz"] = version.sample_rate
    return sizes


def _count(shapes: Mapping[str, tuple[int, ...]], pattern: str) -> int:
    number = 0
    while pattern.format(number) in shapes:
        number += 1
    return number


def _remarks(checkpoint: Checkpoint, shapes: Mapping[str, tuple[int, ...]]) -> list[str]:
    remarks = []
    if checkpoint.version is None:
        remarks.append(f"Version undecided: {_why_undecided(shapes)} in the speaker's file.")
    else:
        for clue, name in checkpoint.clues.items():
            if name is not None and name != checkpoint.version.name:
                remarks.append(f"Passed over: by its {clue} it would be {name}.")
    if any(name.startswith("enc_q.") for name in shapes):
        remarks.append("Has a posterior encoder (enc_q): a pretrained base, which can be trained on.")
    return remarks


def _why_undecided(shapes: Mapping[str, tuple[int, ...]]) -> str:
    try:
        find_version(shapes, asked=None, hints=())
    except UnknownVersion as error:
        return str(error)
    raise BadCheckpoint("", "its version can be told after all")
