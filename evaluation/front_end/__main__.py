"""Score the text front end on a folder of goldens: `python -m evaluation.front_end DIR [--diff]`.

The goldens say what GPT-SoVITS does, mistakes and all, so they are scored with a front end that is told to
be like it; `(ours)` is the same for the one we speak with, and `without improvements` leaves out the rows
that are listed as read better on purpose. `(sounds)` leaves out how Japanese is intoned: only the dictionary
that upstream used tells that exactly, named in the environment variable OPEN_JTALK_DICT_DIR. `want.jsonl` and
`zh_polyphone_truth.jsonl` say what is right and are scored with ours; `cut.jsonl` is about cutting texts.
"""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import click

from evaluation.front_end.cuts import score_cuts
from evaluation.front_end.improvements import Improvement, describe, load_improvements, reason_of
from evaluation.front_end.readings import FrontEnds, Outcome, Row, read_rows
from evaluation.front_end.scores import Agreement, Cuts, Truth, Wishes
from evaluation.front_end.wishes import score_truth, score_wishes
from tts.text.japanese.engine import FOLDER_VARIABLE, get_engine

RUN_FILES = ("zh.jsonl", "en.jsonl", "ja.jsonl", "ko.jsonl", "yue.jsonl")
MIXED_FILE, WANT_FILE = "mixed.jsonl", "want.jsonl"
TRUTH_FILE, CUT_FILE = "zh_polyphone_truth.jsonl", "cut.jsonl"
FILES = (*RUN_FILES, MIXED_FILE, TRUTH_FILE, WANT_FILE, CUT_FILE)
WITHOUT_IMPROVEMENTS = ", without improvements"

Score = Agreement | Truth | Wishes | Cuts


@dataclass(slots=True)
class Report:
    """What a folder of goldens came to.

    Attributes:
        scores: by file name and variant.
        improved: by the same names, the rows that differ on purpose.
        differences: lines about every row that differs.
        unknown: files that are not goldens.
    """

    scores: dict[str, Score] = field(default_factory=dict)
    improved: dict[str, list[str]] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def score_folder(folder: Path) -> Report:
    """Scores all goldens in a folder."""
    front_ends, improvements, report = FrontEnds(), load_improvements(), Report()
    report.unknown = sorted(path.name for path in folder.glob("*.jsonl") if path.name not in FILES)
    for name in FILES:
        if (folder / name).is_file():
            lines = (folder / name).read_text(encoding="utf-8").splitlines()
            rows = [json.loads(line) for line in lines if line.strip()]
            _score_file(name, rows, front_ends, improvements, report)
    return report


def _score_file(
    name: str, rows: list[Row], front_ends: FrontEnds, improvements: Mapping[str, Improvement], report: Report
) -> None:
    if name == TRUTH_FILE:
        report.scores[name], lines = score_truth(rows, front_ends.get())
    elif name == WANT_FILE:
        report.scores[name], lines = score_wishes(rows, front_ends.get())
    elif name == CUT_FILE:
        report.scores[name], lines = score_cuts(rows)
    else:
        outcomes = list(read_rows(rows, front_ends, as_sentences=name == MIXED_FILE))
        _count(name, outcomes, improvements, report)
        lines = [line for outcome in outcomes for line in describe(outcome, improvements)]
    report.differences += lines


def _count(
    name: str, outcomes: Iterable[Outcome], improvements: Mapping[str, Improvement], report: Report
) -> None:
    """Counts outcomes by variant, and once more without those that differ on purpose, if there are any."""
    by_variant: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_variant.setdefault(name + outcome.variant, []).append(outcome)
    for variant, found in by_variant.items():
        improved = {outcome.row_id for outcome in found if reason_of(outcome, improvements)}
        report.scores[variant] = _agreement(found)
        if improved:
            rest = [outcome for outcome in found if outcome.row_id not in improved]
            report.scores[variant + WITHOUT_IMPROVEMENTS] = _agreement(rest)
            report.improved[variant] = sorted(improved)


def _agreement(outcomes: Iterable[Outcome]) -> Agreement:
    score = Agreement()
    for outcome in outcomes:
        score.add(outcome.wanted, outcome.got)
    return score


def _line(name: str, score: Score) -> str:
    cells = {"file": name, "rows": str(score.rows)}
    if isinstance(score, Agreement):
        cells["exact"] = f"{score.exact / max(1, score.rows):.1%}"
        cells["phones"] = f"{score.phone_agreement:.4f}"
        cells["more"] = f"{score.num_edits} edits of {score.num_phones} phones"
    elif isinstance(score, Truth):
        cells["more"] = f"{score.right} of {score.targets} marked characters read right"
    elif isinstance(score, Wishes):
        cells["more"] = f"{score.kept} of {score.rows} wishes kept"
    else:
        cells["exact"] = f"{score.exact / max(1, score.rows):.1%}"
        cells["more"] = f"{score.exact} cut alike, in {score.where_upstream_raises} of them upstream raises"
    return _format(**cells)


def _format(file: str, rows: str, exact: str = "", phones: str = "", more: str = "") -> str:
    return f"{file:44}{rows:>5}{exact:>8}{phones:>8}  {more}".rstrip()


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--diff", "is_diff", is_flag=True, help="List what differs and why.")
@click.option(
    "--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the scores here."
)
def main(folder: Path, is_diff: bool, json_path: Path | None) -> None:
    """Score the text front end on the goldens in FOLDER."""
    report = score_folder(folder)
    for line in report.differences if is_diff else ():
        click.echo(line)
    click.echo(_format("file", "rows", "exact", "phones", "(agreement)"))
    for name, score in report.scores.items():
        click.echo(_line(name, score))
    for name, row_ids in report.improved.items():
        click.echo(f"improved on purpose in {name}: {' '.join(row_ids)}")
    if "ja.jsonl" in report.scores:
        is_own = get_engine().is_own  # also where the variable names none
        dictionary = "the one inside pyopenjtalk-plus" if is_own else os.environ[FOLDER_VARIABLE]
        click.echo(f"Japanese dictionary: {dictionary}")
    for name in report.unknown:
        click.echo(f"not scored: {name}")
    if json_path:
        scores: dict[str, dict[str, Any]] = {name: asdict(score) for name, score in report.scores.items()}
        json_path.write_text(json.dumps(scores, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
