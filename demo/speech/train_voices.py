"""`python -m demo.speech.train_voices`: trains the models of the built-in voices on the teachers' speech.

Interrupt it with Ctrl-C; the same command goes on where it stopped. Stages can run at the same time as soon
as the one they go on with has begun. `--assemble FOLDER` writes what there is, however far it is.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click
import torch

from demo.speech.__main__ import OUT
from demo.speech.acoustic_stages import STAGES, MissingStage, train_acoustic_stage
from demo.speech.assembly import assemble
from demo.speech.semantic_stage import LOOP, train_semantic_stage
from tts.finetune.errors import FinetuneError

SEMANTIC = "semantic"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--stage", type=click.Choice([SEMANTIC, *STAGES]), help="Only this one; by default all in turn."
)
@click.option(
    "--steps",
    "num_steps",
    type=click.IntRange(min=1),
    help="Of the stage in all, instead of its own number. The learning rate falls towards it.",
)
@click.option(
    "--work",
    default=OUT,
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Has the teachers' speech; runs are kept here.",
)
@click.option("--threads", default=1, show_default=True, help="CPU threads.")
@click.option(
    "--assemble",
    "out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Train nothing; write the voices' files to this folder.",
)
def main(stage: str | None, num_steps: int | None, work: Path, threads: int, out: Path | None) -> None:
    """Trains the models of the built-in voices (some hours of one CPU core)."""
    if num_steps and not stage:
        raise click.UsageError("--steps needs --stage")
    torch.set_num_threads(threads)
    try:
        if out:
            for line in assemble(work, out):
                click.echo(line)
            return
        for name in [stage] if stage else [SEMANTIC, *STAGES]:
            if not train_stage(name, work, num_steps):
                raise click.ClickException(f"{name} stopped; the same command goes on")
    except (FileNotFoundError, MissingStage, FinetuneError) as error:
        raise click.ClickException(str(error)) from error


def train_stage(name: str, work: Path, num_steps: int | None) -> bool:
    """Trains a stage; returns False when interrupted."""
    runs = work / "runs"
    if name == SEMANTIC:
        loop = replace(LOOP, num_steps=num_steps or LOOP.num_steps)
        return train_semantic_stage(work, runs / name, loop)[1].is_finished
    stage = STAGES[name]
    loop = replace(stage.loop, num_steps=num_steps or stage.loop.num_steps)
    return train_acoustic_stage(name, work, runs, replace(stage, loop=loop)).is_finished


if __name__ == "__main__":
    main()
