"""Read everything: `python -m evaluation.front_end_totality [--share N] [--strings N] [--jobs N]`.

Every code point of Unicode that is assigned, alone and doubled, and strings that hypothesis (of the packages
for development) makes up, in every language mode. The front end must read them all without an error.

Each text goes through `FrontEnd.read` in each mode. Modes often give the same run to the same reader: it is
read once, and the reading remembered while the text is at hand.
"""

import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from functools import cache

import click
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tts.text.front_end import FrontEnd
from tts.text.languages import MODES, Reader, ReaderOptions, Reading, make_reader

Job = tuple[str, str]  # text, mode

CHUNK_TEXTS = 500
MAX_LISTED = 20
SECONDS_BETWEEN_LINES = 10.0
# What rules look at, often, among all that there is.
_TELLING = (
    "0123456789.,:/-~%+=×÷²℃°$￥年月日点个第一不儿得地子号路米km"
    "ABCabc'’-— \n。，！？…（）《》αβ①々をはがカンー가요{|}"
)


class RememberingReader:
    """A reader that reads a run once, however often it is asked about it in a row of modes."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._readings: dict[tuple[str, bool], Reading] = {}

    def read(self, text: str, *, is_alone: bool = True) -> Reading:
        """Returns what the reader returns."""
        key = (text, is_alone)
        if key not in self._readings:
            if len(self._readings) > CHUNK_TEXTS:
                self._readings.clear()
            self._readings[key] = self._reader.read(text, is_alone=is_alone)
        return self._readings[key]


@cache
def _front_end() -> FrontEnd:
    def make(code: str, options: ReaderOptions) -> Reader:
        return RememberingReader(make_reader(code, options))

    return FrontEnd(make=make)


def read_all(jobs: Sequence[Job]) -> int:
    """Reads texts in their modes; returns how many phones they had."""
    return sum(len(_front_end().read(text, mode)) for text, mode in jobs)


def assigned_texts(share: int = 1) -> Iterator[str]:
    """Yields the assigned code points, or every so-manieth, alone and doubled."""
    assigned = (chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) != "Cn")
    for number, char in enumerate(assigned):
        if number % share == 0:
            yield from (char, 2 * char)


def made_up_strings(num: int) -> list[Job]:
    """Returns strings of all sorts, each with a mode; the same ones every time."""
    jobs: list[Job] = []
    texts = st.text(st.one_of(st.characters(), st.sampled_from(_TELLING)), max_size=40)

    @settings(
        max_examples=num,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
    )
    @given(texts, st.sampled_from(sorted(MODES)))
    def collect(text: str, mode: str) -> None:
        jobs.append((text, mode))

    collect()
    return jobs[:num]


def failures_of(executor: Executor, read: Callable[[Sequence[Job]], int], jobs: Sequence[Job]) -> list[str]:
    """Returns a line for each of the jobs that raises; halves them to find those."""
    error = executor.submit(read, jobs).exception()
    if error is None:
        return []
    if len(jobs) == 1:
        text, mode = jobs[0]
        return [f"{mode} {text!a}: {type(error).__name__}: {error}"]
    middle = len(jobs) // 2
    return failures_of(executor, read, jobs[:middle]) + failures_of(executor, read, jobs[middle:])


def try_all(
    jobs: Sequence[Job],
    executor: Executor,
    tell: Callable[[int], None],
    read: Callable[[Sequence[Job]], int] = read_all,
) -> list[str]:
    """Reads all jobs in chunks and returns a line for each that raises.

    Args:
        jobs: what to read.
        executor: where it is read.
        tell: is called with the number of jobs done so far.
        read: reads a chunk.
    """
    size = CHUNK_TEXTS * len(MODES)
    chunks = [jobs[start : start + size] for start in range(0, len(jobs), size)]
    futures: dict[Future[int], Sequence[Job]] = {executor.submit(read, chunk): chunk for chunk in chunks}
    failures: list[str] = []
    num_done = 0
    for future in as_completed(futures):
        if future.exception() is not None:
            failures += failures_of(executor, read, futures[future])
        num_done += len(futures[future])
        tell(num_done)
    return failures


class _Lines:
    """A line of progress every now and then."""

    def __init__(self, what: str, total: int) -> None:
        self._what, self._total = what, total
        self._begun = self._told = time.monotonic()

    def __call__(self, num_done: int) -> None:
        now = time.monotonic()
        if now - self._told >= SECONDS_BETWEEN_LINES:
            self._told = now
            left = (now - self._begun) * (self._total - num_done) / num_done
            click.echo(f"{self._what}: {num_done:,} of {self._total:,} read, about {left:.0f} s left")


@click.command()
@click.option("--share", default=1, type=click.IntRange(1), help="Read every so-manieth code point only.")
@click.option("--strings", default=20_000, type=click.IntRange(0), help="How many strings to make up.")
@click.option("--jobs", "num_processes", default=1, type=click.IntRange(1), help="Processes to read in.")
def main(share: int, strings: int, num_processes: int) -> None:
    """Read every assigned code point and made-up strings in every language mode; count what raises."""
    characters = [(text, mode) for text in assigned_texts(share) for mode in MODES]
    made_up = made_up_strings(strings) if strings else []
    failures: list[str] = []
    with ProcessPoolExecutor(num_processes) as executor:
        for what, jobs in (("code points", characters), ("strings", made_up)):
            begun = time.monotonic()
            found = try_all(jobs, executor, _Lines(what, len(jobs)))
            took_sec = time.monotonic() - begun
            num_texts = len(jobs) // len(MODES) if jobs is characters else len(jobs)
            counted = f"{num_texts:,} texts, {len(jobs):,} readings, {len(found)} exceptions"
            click.echo(f"{what}: {counted}, {took_sec:.0f} s")
            failures += found
    for line in failures[:MAX_LISTED]:
        click.echo(line)
    if failures:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
