"""Run the engine on a parity kit: `python -m evaluation.parity KIT_DIR OUT_DIR [NAME_PREFIX ...]`."""

import sys
from pathlib import Path

import click
import numpy as np
import torch

from evaluation.parity.kit import Kit
from evaluation.parity.runner import Report, run_all


@click.command()
@click.argument("kit_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("out_dir", type=click.Path(file_okay=False, path_type=Path))
@click.argument("prefixes", nargs=-1)
def main(kit_dir: Path, out_dir: Path, prefixes: tuple[str, ...]) -> None:
    """Compute the goldens of KIT_DIR, write OUT_DIR/NAME.npz, and compare; exit 1 if anything differs."""
    torch.set_num_threads(1)  # the order of sums, and so the last digits, depends on the number of threads
    out_dir.mkdir(parents=True, exist_ok=True)
    num_ok = num_bad = num_skipped = 0
    for report in run_all(Kit(kit_dir), prefixes):
        _tell(report)
        if report.results:
            np.savez(out_dir / f"{report.golden}.npz", **report.results)  # pyright: ignore[reportArgumentType]
        num_skipped += bool(report.skipped)
        num_ok += report.is_ok and not report.skipped
        num_bad += not report.is_ok
    click.echo(f"{num_ok} goldens ok, {num_bad} not, {num_skipped} skipped")
    sys.exit(1 if num_bad else 0)


def _tell(report: Report) -> None:
    if report.skipped:
        click.echo(f"skipped  {report.golden}: {report.skipped}")
    if report.failed:
        click.echo(f"FAILED   {report.golden}: {report.failed}")
    for verdict in report.verdicts:
        word = "ok     " if verdict.is_ok else "DIFFERS"
        click.echo(f"{word}  {report.golden} {verdict.array}: {verdict.text}")


if __name__ == "__main__":
    main()
