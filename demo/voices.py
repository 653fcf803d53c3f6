"""Builds the built-in voices: for now untrained ones, complete in form, so that the whole path runs.

    python -m demo.voices

Writes to models/demo: the SSL model that reads references, and for every character a semantic model, a
decoder and a reference recording, all in the files' real formats.
"""

from __future__ import annotations

from pathlib import Path

import click

from demo.make_acoustic_checkpoint import write_acoustic_model, write_hubert, write_reference
from demo.make_semantic_checkpoint import make_semantic
from tts.versions import VERSIONS

# Character -> seed of everything random about its voice.
CHARACTERS = {"Qinglan": 11, "Wren": 23, "Bram": 42}


def build(folder: Path) -> None:
    """Writes all files below `folder`, replacing those that are there."""
    write_hubert(folder / "ssl")
    for name, seed in CHARACTERS.items():
        voice = folder / "voices" / name
        voice.mkdir(parents=True, exist_ok=True)
        make_semantic(voice / "semantic.ckpt", seed=seed, eos="likely")
        write_acoustic_model(voice / "decoder.pth", VERSIONS["v2"], seed=seed)
        write_reference(voice / "reference.wav", seed=seed)


@click.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("models/demo"), show_default=True
)
def main(out: Path) -> None:
    """Builds the built-in voices."""
    build(out)
    for file in sorted(
        path for part in ("ssl", "voices") for path in (out / part).rglob("*") if path.is_file()
    ):
        click.echo(f"{file.stat().st_size:>10}  {file}")


if __name__ == "__main__":
    main()
