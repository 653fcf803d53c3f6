"""What a semantic (s1) `.ckpt` file holds: the names of its tensors and the sizes they tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tts.checkpoint import BadCheckpoint, Checkpoint
from tts.models.sizes import Sizes

# Own name -> checkpoint name. `blocks.N.` stands for `model.h.layers.N.` on the other side.
_MODEL_NAMES = {
    "bert_projection.weight": "model.bert_proj.weight",
    "bert_projection.bias": "model.bert_proj.bias",
    "phone_embedding.weight": "model.ar_text_embedding.word_embeddings.weight",
    "token_embedding.weight": "model.ar_audio_embedding.word_embeddings.weight",
    "phone_position_scale": "model.ar_text_position.alpha",
    "token_position_scale": "model.ar_audio_position.alpha",
    "head.weight": "model.ar_predict_layer.weight",
}
_BLOCK_NAMES = {
    "qkv.weight": "self_attn.in_proj_weight",
    "qkv.bias": "self_attn.in_proj_bias",
    "out.weight": "self_attn.out_proj.weight",
    "out.bias": "self_attn.out_proj.bias",
    "up.weight": "linear1.weight",
    "up.bias": "linear1.bias",
    "down.weight": "linear2.weight",
    "down.bias": "linear2.bias",
    "norm1.weight": "norm1.weight",
    "norm1.bias": "norm1.bias",
    "norm2.weight": "norm2.weight",
    "norm2.bias": "norm2.bias",
}


def checkpoint_names(num_layers: int) -> dict[str, str]:
    """Return own parameter name -> name in a `.ckpt` file, for a model of so many layers."""
    names = dict(_MODEL_NAMES)
    for i in range(num_layers):
        names |= {f"blocks.{i}.{own}": f"model.h.layers.{i}.{theirs}" for own, theirs in _BLOCK_NAMES.items()}
    return names


@dataclass(frozen=True, slots=True)
class SemanticSizes:
    """Sizes of a semantic model, all read from a checkpoint."""

    dim: int
    num_layers: int
    num_heads: int
    ff_dim: int
    bert_dim: int
    num_phonemes: int
    num_tokens: int
    eos_id: int

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> SemanticSizes:
        """Read the sizes from tensor shapes, and what shapes cannot tell from the config.

        Raises:
            BadCheckpoint: tensors are missing, or config and shapes contradict each other.
        """
        model = checkpoint.config.get("model")
        if not isinstance(model, Mapping):
            raise BadCheckpoint(checkpoint.path, "its config has no part 'model'")
        sizes = Sizes(checkpoint.weights, checkpoint.path)
        num_tokens, dim = (sizes.dim("model.ar_audio_embedding.word_embeddings.weight", i) for i in (0, 1))
        found = cls(
            dim=dim,
            num_layers=sizes.count("model.h.layers.{}.self_attn.in_proj_weight"),
            num_heads=_whole_number(model, "head", checkpoint),
            ff_dim=sizes.dim("model.h.layers.0.linear1.weight", 0),
            bert_dim=sizes.dim("model.bert_proj.weight", 1),
            num_phonemes=sizes.dim("model.ar_text_embedding.word_embeddings.weight", 0),
            num_tokens=num_tokens,
            eos_id=_whole_number(model, "EOS", checkpoint),
        )
        for name, value in (
            ("hidden_dim", dim),
            ("vocab_size", num_tokens),
            ("n_layer", found.num_layers),
            ("phoneme_vocab_size", found.num_phonemes),
        ):
            if model.get(name, value) != value:
                said = str(model[name])[:20]
                raise BadCheckpoint(
                    checkpoint.path, f"config.model.{name} is {said}, its tensors say {value}"
                )
        if not 1 <= found.num_heads <= dim or dim % found.num_heads or dim % 2:
            raise BadCheckpoint(checkpoint.path, f"{found.num_heads} heads cannot share a width of {dim}")
        if not 0 <= found.eos_id < num_tokens:
            raise BadCheckpoint(checkpoint.path, f"its end token {found.eos_id} is none of its {num_tokens}")
        return found


def _whole_number(model: Mapping[str, object], name: str, checkpoint: Checkpoint) -> int:
    value = model.get(name)
    if type(value) is not int:
        raise BadCheckpoint(checkpoint.path, f"config.model.{name} is not a whole number")
    return value
