"""`python -m tts.inspect FILE`: what a model file or folder is, without running anything in it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from tts.checkpoint import BadCheckpoint
from tts.inspect.description import printable
from tts.inspect.looking import describe


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per file instead of text.")
def main(paths: tuple[Path, ...], as_json: bool) -> None:
    """Say what model files or folders are: kind, version, sizes, and what they need besides.

    Reads GPT (s1) and SoVITS (s2) files, LoRA files, vocoders, speaker networks, and folders of HuBERT, BERT,
    BigVGAN, language models and their adapters. Nothing in a file is run. What cannot be read is one line on
    the error stream, and the exit status is 1.
    """
    num_bad = 0
    for path in paths:
        try:
            description = describe(path)
        except BadCheckpoint as error:
            num_bad += 1
            click.echo(printable(" ".join(str(error).split())), err=True)
            continue
        click.echo(json.dumps(description.as_dict(), default=str) if as_json else description.as_text())
    if num_bad:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
