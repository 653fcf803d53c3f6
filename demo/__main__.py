"""`python -m demo`: rebuilds everything built-in, from nothing but what the registries and Debian offer.

Every step is a command of its own that goes on where it was stopped; so does this one. What each step took is
written to a log, which is the cost that the models' cards tell.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from demo.speech.acoustic_stages import STAGES
from demo.speech.train_voices import SEMANTIC

ROOT = Path(__file__).resolve().parents[1]
# Sentences of each teacher. Qinglan's says two languages.
SENTENCES = {"slt": 7000, "rms": 5000, "f2": 13000}
FOLDER = click.Path(file_okay=False, path_type=Path)
TRIAL_SENTENCES, TRIAL_STEPS = 100, 2


@dataclass(frozen=True, slots=True)
class Step:
    """One command.

    Attributes:
        name: in the log.
        words: `python -m` what.
        trial: further words that make it short.
    """

    name: str
    words: tuple[str, ...]
    trial: tuple[str, ...] = ()


def steps(work: Path, out: Path) -> list[Step]:
    """Returns all steps in order; speech and runs lie in `work`, what is shipped in `out`."""
    speech = str(work / "demo-speech")
    teachers = [f"{speech}/{teacher}" for teacher in SENTENCES]
    ssl, short = f"{speech}/ssl", ("--steps", str(TRIAL_STEPS))
    voices = ("demo.speech.train_voices", "--work", speech)
    return [
        *(
            Step(
                f"speech-{teacher}",
                ("demo.speech", teacher, "--out", speech, "--sentences", str(count)),
                ("--sentences", str(TRIAL_SENTENCES)),
            )
            for teacher, count in SENTENCES.items()
        ),
        Step("ssl", ("demo.speech.train_ssl", *teachers, "--out", ssl), short),
        *(Step(stage, (*voices, "--stage", stage), short) for stage in (SEMANTIC, *STAGES)),
        Step("assemble", (*voices, "--assemble", str(out))),
        Step("llm", ("demo.llm", "--work", str(work / "demo-llm"), "--out", str(out / "llm")), short),
    ]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--work", type=FOLDER, help="Speech and runs.  [default: out; of a trial: out/trial]")
@click.option("--out", type=FOLDER, help="What is made.  [default: models/demo; of a trial: WORK/models]")
@click.option("--trial", is_flag=True, help="Run every training for a moment only: does it all work here?")
def main(work: Path | None, out: Path | None, trial: bool) -> None:
    """Rebuild the built-in models (some hours of two CPU cores; see the cards in models/demo)."""
    work = work or (ROOT / "out" / "trial" if trial else ROOT / "out")
    out = out or (work / "models" if trial else ROOT / "models" / "demo")
    work.mkdir(parents=True, exist_ok=True)
    log = work / "demo.jsonl"
    finished = {row["step"] for row in _rows(log)}
    for step in steps(work, out):
        if step.name in finished:
            continue
        click.echo(f"== {step.name}: python -m {' '.join(step.words)}")
        _run(step, step.trial if trial else (), log)


def _run(step: Step, more: Sequence[str], log: Path) -> None:
    started_sec, cpu_sec = time.monotonic(), _children_sec()
    try:
        # One of the commands above, and no shell.
        status = subprocess.run([sys.executable, "-m", *step.words, *more], cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:
        raise click.ClickException(f"stopped in {step.name}; the same command goes on") from None
    if status:
        raise click.ClickException(f"{step.name} ended with status {status}; the same command goes on")
    row = {
        "step": step.name,
        "wall_sec": round(time.monotonic() - started_sec, 1),
        "cpu_sec": round(_children_sec() - cpu_sec, 1),
    }
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    click.echo(f"== {step.name}: {row['wall_sec'] / 60:.1f} min, {row['cpu_sec'] / 60:.1f} min of CPU")


def _rows(log: Path) -> list[dict]:
    return [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []


def _children_sec() -> float:
    times = os.times()
    return times.children_user + times.children_system


if __name__ == "__main__":
    main()
