"""`python -m tts.fetch`: which model files a configuration needs, which are missing, and fetching them."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from chat2audio.settings import SettingsError
from tts.fetch.configuration import read_configuration
from tts.fetch.downloading import FetchFailed
from tts.fetch.fetching import Fetcher
from tts.fetch.hub import Hub
from tts.fetch.needs import Need, needs_of, part_need
from tts.fetch.progress import ProgressLine
from tts.fetch.report import as_dict, as_text, by_hand, size_text
from tts.fetch.sources import EVERYTHING, Wanted
from tts.pretrained import parts

EXIT_MISSING = 1
# A voice that was fetched may turn out to need a vocoder, and so on: no longer than this.
MAX_ROUNDS = 3
_MIB = 1 << 20

Listed = tuple[list[Need], list[str]]


def make_hub() -> Hub:
    """Return the hub to fetch from; imported late, as a list needs none."""
    from tts.fetch.hugging_face import HuggingFaceHub

    # What is wrong is told in our words; its client, which sets its level on import, tells of every attempt.
    logging.getLogger("huggingface_hub").setLevel(logging.CRITICAL)
    click.echo("asking the hub ...", err=True)
    return HuggingFaceHub()


@click.command()
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings file; by default the one the servers take.",
)
@click.option("--download", is_flag=True, help="Fetch what is missing from the hub.")
@click.option("--no-optional", is_flag=True, help="Leave out what speakers can do without.")
@click.option(
    "--part",
    "names",
    multiple=True,
    type=click.Choice(sorted(parts())),
    metavar="NAME",
    help="A pretrained part instead, such as acoustic-v2; may be repeated. A wrong name lists all.",
)
@click.option(
    "--repository", metavar="OWNER/NAME", help="Files of a repository instead; they go to models/NAME."
)
@click.option(
    "--only", default=EVERYTHING, metavar="PATTERN", help="Of --repository: files like 'ref_audios/*'."
)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def main(
    config: Path | None,
    download: bool,
    no_optional: bool,
    names: tuple[str, ...],
    repository: str | None,
    only: str,
    as_json: bool,
) -> None:
    """List the model files that the configuration and its speakers need, and where the missing ones belong.

    Nothing is fetched without --download. What was interrupted is continued; every file is checked before it
    takes its place. HF_ENDPOINT names a mirror of the hub, HF_TOKEN a key for closed repositories. The exit
    status is 1 while something is missing.
    """
    logging.basicConfig(level=logging.ERROR)
    try:
        configuration = read_configuration(config)
    except SettingsError as error:
        raise click.ClickException(str(error)) from error
    if repository is not None:
        _repository(repository, only, configuration.models_dir, download)
        return

    def look() -> Listed:
        if names:
            return [part_need(configuration.pretrained, name) for name in names], []
        needs, problems = needs_of(configuration)
        return [need for need in needs if need.is_required or not no_optional], problems

    needs, problems, failure = _download(look) if download else (*look(), "")
    if as_json:
        click.echo(json.dumps(as_dict(needs, problems), ensure_ascii=False))
    else:
        _print(needs, problems)
    if failure:
        click.echo(f"Error: {failure}", err=True)
    if failure or problems or any(need.is_required and not need.is_there for need in needs):
        sys.exit(EXIT_MISSING)


def _download(look: Callable[[], Listed]) -> tuple[list[Need], list[str], str]:
    """Fetch what is missing, and look again; returns what there is then, and why it went no further."""
    fetcher = Fetcher(make_hub(), ProgressLine().watch)
    needs, problems = look()
    for _ in range(MAX_ROUNDS):
        wanted = [item for need in needs if not need.is_there for item in need.wanted]
        if not wanted:
            break
        try:
            _fetch(fetcher, wanted)
        except FetchFailed as error:
            return *look(), str(error)
        needs, problems = look()
    return needs, problems, ""


def _fetch(fetcher: Fetcher, wanted: Iterable[Wanted]) -> None:
    for target, compared in fetcher.fetch(wanted):
        click.echo(f"fetched {target} ({compared})", err=True)


def _repository(repo: str, only: str, models_dir: Path, download: bool) -> None:
    """List the files of any repository, or fetch them."""
    fetcher = Fetcher(make_hub(), ProgressLine().watch)
    wanted = Wanted(
        repo, only if EVERYTHING in only else f"{only}{EVERYTHING}", models_dir / repo.split("/")[-1]
    )
    try:
        if download:
            _fetch(fetcher, [wanted])
            return
        for item, remote in fetcher.files(wanted):
            state = "there" if item.target.is_file() else "-"
            click.echo(f"{state:<6}{remote.num_bytes / _MIB:>10.1f} MiB  {item.name}")
    except FetchFailed as error:
        raise click.ClickException(str(error)) from error


def _print(needs: list[Need], problems: list[str]) -> None:
    click.echo(as_text(needs, problems) or "nothing is needed")
    if any(not need.is_there for need in needs):
        click.echo(
            f"\nTo fetch what is missing ({size_text(needs)}): add --download. Without a network here:\n"
        )
        click.echo(by_hand(needs))


if __name__ == "__main__":
    main()
