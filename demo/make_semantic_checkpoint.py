"""Makes untrained semantic (s1) checkpoints in the real file format, of any size.

    python -m demo.make_semantic_checkpoint out/gpt.ckpt --size real

They speak nonsense, but load, run and cost the same as trained ones: for tests, benchmarks and dry runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import click
import torch

from tts.checkpoint_writing import write_semantic_checkpoint
from tts.models.semantic_layout import SemanticSizes
from tts.pairing import TABLES

SMALL = SemanticSizes(
    dim=64,
    num_layers=3,
    num_heads=4,
    ff_dim=256,
    bert_dim=96,
    num_phonemes=732,
    num_tokens=1025,
    eos_id=1024,
)
REAL = SemanticSizes(
    dim=512,
    num_layers=24,
    num_heads=16,
    ff_dim=2048,
    bert_dim=1024,
    num_phonemes=732,
    num_tokens=1025,
    eos_id=1024,
)
SMALL_BY_TABLE: Mapping[str, SemanticSizes] = MappingProxyType(
    {table: replace(SMALL, num_phonemes=num_phonemes) for num_phonemes, table in TABLES.items()}
)
PRESETS: Mapping[str, SemanticSizes] = MappingProxyType({"small": SMALL, "real": REAL})

# The logit the end token always has, give or take a little; the others are spread around 0 with deviation 2.
EOS_LOGITS: Mapping[str, float] = MappingProxyType({"never": -100.0, "likely": 5.0})
_LOGIT_STD = 2.0


def make_semantic(
    path: Path, sizes: SemanticSizes = SMALL, seed: int = 0, *, eos: str = "never", info: str = "GPT-e0"
) -> None:
    """Write an untrained checkpoint.

    Args:
        path: the `.ckpt` file; its folder must exist.
        sizes: of the network.
        seed: same seed, same tensors.
        eos: `never`: rows end by their budget alone; `likely`: sampled rows end after some tens of tokens.
        info: the trainer's remark.
    """
    if eos not in EOS_LOGITS:
        raise ValueError(f"eos must be one of {', '.join(EOS_LOGITS)}, not {eos!r}")
    generator = torch.Generator().manual_seed(seed)
    weights = {name: _random(name, shape, generator) for name, shape in _shapes(sizes).items()}
    _fix_eos(weights, sizes, EOS_LOGITS[eos], generator)
    write_semantic_checkpoint(path, weights, sizes, info)


def _shapes(sizes: SemanticSizes) -> dict[str, tuple[int, ...]]:
    dim, ff_dim = sizes.dim, sizes.ff_dim
    shapes: dict[str, tuple[int, ...]] = {
        "bert_projection.weight": (dim, sizes.bert_dim),
        "bert_projection.bias": (dim,),
        "phone_embedding.weight": (sizes.num_phonemes, dim),
        "phone_position_scale": (1,),
        "token_embedding.weight": (sizes.num_tokens, dim),
        "token_position_scale": (1,),
        "head.weight": (sizes.num_tokens, dim),
    }
    block: dict[str, tuple[int, ...]] = {
        "qkv.weight": (3 * dim, dim),
        "qkv.bias": (3 * dim,),
        "out.weight": (dim, dim),
        "out.bias": (dim,),
        "up.weight": (ff_dim, dim),
        "up.bias": (ff_dim,),
        "down.weight": (dim, ff_dim),
        "down.bias": (dim,),
        "norm1.weight": (dim,),
        "norm1.bias": (dim,),
        "norm2.weight": (dim,),
        "norm2.bias": (dim,),
    }
    for i in range(sizes.num_layers):
        shapes |= {f"blocks.{i}.{name}": shape for name, shape in block.items()}
    return shapes


def _random(name: str, shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    if name.endswith("_scale") or (".norm" in name and name.endswith("weight")):
        return torch.ones(shape)
    if len(shape) == 1:
        return torch.randn(shape, generator=generator) * 0.02
    std = 1.0 if "embedding" in name else shape[1] ** -0.5
    return torch.randn(shape, generator=generator) * (std * (_LOGIT_STD if name == "head.weight" else 1.0))


def _fix_eos(
    weights: dict[str, torch.Tensor], sizes: SemanticSizes, logit: float, generator: torch.Generator
) -> None:
    """Add a constant vector to the last layer's output that only the end token's row of the head can see."""
    constant = torch.randn(sizes.dim, generator=generator)
    weights[f"blocks.{sizes.num_layers - 1}.norm2.bias"] = constant
    direction = constant / constant.norm()
    head = weights["head.weight"]
    head -= torch.outer(head @ direction, direction)
    head[sizes.eos_id] = logit * direction / constant.norm()


@click.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--size", type=click.Choice(list(PRESETS)), default="small", show_default=True)
@click.option("--eos", type=click.Choice(list(EOS_LOGITS)), default="never", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def main(path: Path, size: str, eos: str, seed: int) -> None:
    """Write an untrained semantic checkpoint to PATH."""
    make_semantic(path, PRESETS[size], seed, eos=eos)
    click.echo(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
