"""`python -m demo.speech TEACHER`: a program says the corpus of the built-in voices, phone by phone timed."""

from __future__ import annotations

import time
from pathlib import Path

import click

from demo.speech.production import produce
from demo.speech.speech import NoTeacher
from demo.speech.teachers import COURSES

OUT = Path("out") / "demo-speech"


@click.command()
@click.argument("teacher", type=click.Choice(list(COURSES)))
@click.option("--sentences", "num_sentences", default=7000, show_default=True, help="How many to say.")
@click.option("--processes", "num_processes", default=1, show_default=True, help="At the same time.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=OUT, show_default=True)
def main(teacher: str, num_sentences: int, num_processes: int, out: Path) -> None:
    """Makes the speech of TEACHER; started again it goes on where it was."""
    started_sec, num_done, speech_sec = time.monotonic(), 0, 0.0
    try:
        for report in produce(teacher, out / teacher, num_sentences, num_processes):
            num_done += 1
            speech_sec += report.speech_sec
            elapsed_sec = time.monotonic() - started_sec
            click.echo(
                f"shard {report.number:4d}: {report.num_clips} clips, {report.num_refused} refused, "
                f"{report.speech_sec / 60:.1f} min of speech, {report.cpu_sec:.0f} s CPU; "
                f"{speech_sec / 3600:.2f} h in {elapsed_sec / 60:.1f} min"
            )
    except NoTeacher as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise click.ClickException("stopped; finished shards stay, the same command goes on") from None


if __name__ == "__main__":
    main()
