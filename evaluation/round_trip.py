"""Whether our training writes the files it reads: `python -m evaluation.round_trip KIT_DIR OUT_DIR`.

Every s1 file of a parity kit, and every s2 file of v1, v2, v2Pro and v2ProPlus, goes into the networks that
are trained and is written again, untrained. OUT_DIR is then the kit with these files in the place of its own:
`python -m evaluation.parity` on it tells how near they compute to what the kit's own do: s1 files the same,
the waveforms of s2 files within 0.003, as weight norm is split anew and rounded to half precision again.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import click
import torch

from tts.checkpoint import BadCheckpoint, Checkpoint, read_checkpoint
from tts.checkpoint_writing import write_semantic_checkpoint
from tts.finetune.acoustic_networks import AcousticNetworks
from tts.finetune.discriminators import NO_DISCRIMINATORS
from tts.finetune.semantic_settings import SemanticSettings
from tts.finetune.semantic_training import SemanticTrainee
from tts.models.semantic import SemanticModel
from tts.safe_archive import read_archive

WEIGHTS = "weights"
MODELS = (".ckpt", ".pth")


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between a file and the one we wrote: sentences, none if all is alike."""

    name: str
    num_tensors: int
    found: tuple[str, ...]


def round_trip(kit: Path, out: Path) -> list[Differences]:
    """Copies a kit with its models written by our training; returns what differs in each of them."""
    compared = []
    for path in sorted(path for path in kit.rglob("*") if path.is_file()):
        target = out / path.relative_to(kit)
        target.parent.mkdir(parents=True, exist_ok=True)
        checkpoint = _trainable(path) if path.parent.name == WEIGHTS and path.suffix in MODELS else None
        if checkpoint is None:
            shutil.copyfile(path, target)
        else:
            write_again(checkpoint, target)
            compared.append(compare(checkpoint, target))
    return compared


def write_again(checkpoint: Checkpoint, target: Path) -> None:
    """Writes a checkpoint as the training does, through the networks it trains."""
    if checkpoint.version is None:
        model = SemanticModel.from_checkpoint(checkpoint)
        trainee = SemanticTrainee(model, SemanticSettings(), num_steps=1)
        write_semantic_checkpoint(target, trainee.weights(), model.sizes, checkpoint.info)
        return
    networks = AcousticNetworks.from_base(
        checkpoint.path,
        version=checkpoint.version.name,
        new_posterior_layers=1,  # finished voices have none, and the files written here neither
        discriminator_sizes=NO_DISCRIMINATORS,
    )
    networks.export(target, checkpoint.info)


def compare(before: Checkpoint, path: Path) -> Differences:
    """Compares names, types, shapes, mark and layout of a checkpoint with those of the file we wrote."""
    after = read_checkpoint(path, version=before.version.name if before.version else None)
    found = [f"{name} is missing" for name in before.weights.keys() - after.weights.keys()]
    found += [f"{name} is too much" for name in after.weights.keys() - before.weights.keys()]
    for name in before.weights.keys() & after.weights.keys():
        ours, theirs = after.weights[name], before.weights[name]
        if (ours.shape, ours.dtype) != (theirs.shape, theirs.dtype):
            found.append(f"{name} is {_told(ours)}, not {_told(theirs)}")
    first, second = (_layout(one) for one in (before.path, path))
    found += [f"{what}: {second[what]}, not {first[what]}" for what in first if first[what] != second[what]]
    if after.info != before.info:
        found.append(f"info: {after.info!r}, not {before.info!r}")
    return Differences(before.path.name, len(before.weights), tuple(sorted(found)))


def _trainable(path: Path) -> Checkpoint | None:
    """A model that our training can go on with; None for all other files."""
    try:
        checkpoint = read_checkpoint(path)
    except BadCheckpoint:
        return None
    version = checkpoint.version
    is_trainable = version is None or (version.decoder == "vits" and checkpoint.lora_rank is None)
    return checkpoint if is_trainable else None


def _layout(path: Path) -> dict[str, str]:
    """What a file looks like from outside: its first two bytes, and its parts with their types."""
    content = dict(read_archive(path).content)
    return {
        "mark": repr(path.read_bytes()[:2]),
        "parts": ", ".join(sorted(content)),
        "config": type(content["config"]).__name__,
    }


def _told(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"


@click.command()
@click.argument("kit_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out_dir", type=click.Path(file_okay=False, path_type=Path))
def main(kit_dir: Path, out_dir: Path) -> None:
    """Write the models of KIT_DIR anew and compare; OUT_DIR becomes the kit with them.

    Exit 1 if one differs.
    """
    compared = round_trip(kit_dir, out_dir)
    for one in compared:
        verdict = "alike" if not one.found else "; ".join(one.found)
        click.echo(f"{one.name}: {one.num_tensors} tensors, {verdict}")
    click.echo(f"{sum(not one.found for one in compared)} of {len(compared)} files alike")
    sys.exit(1 if any(one.found for one in compared) else 0)


if __name__ == "__main__":
    main()
