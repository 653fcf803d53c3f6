"""Score the text front end on a folder of goldens: `python -m evaluation.front_end DIR [--json FILE]`.

The goldens say what GPT-SoVITS does, mistakes and all, so they are scored with a front end that is told to
be like it; `(ours)` is the same for the one we speak with. `want.jsonl` and `zh_polyphone_truth.jsonl` say
what is right and are scored with ours. Files, and rows of mixed files, in languages that are not built are
listed and not counted.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

from tts.text.front_end import FrontEnd
from tts.text.languages import MODES
from tts.text.mandarin.pinyin import syllable_phones

Row = Mapping[str, Any]
CLEAN_TEXT_FILES = ("zh.jsonl", "en.jsonl")
MIXED_FILE, WANT_FILE, TRUTH_FILE = "mixed.jsonl", "want.jsonl", "zh_polyphone_truth.jsonl"
MAIN_SYMBOLS = "v2"
OTHER_LANGUAGES = frozenset(("ja", "ko", "yue"))


@dataclass(slots=True)
class Agreement:
    """How near phones are to a golden's: rows, those that are equal, and 1 - edits / phones over all rows."""

    rows: int = 0
    exact: int = 0
    phone_agreement: float = 1.0
    num_edits: int = 0
    num_phones: int = 0

    def add(self, wanted: Sequence[str], got: Sequence[str]) -> None:
        """Counts one row."""
        edits = edit_distance(wanted, got)
        self.rows += 1
        self.exact += not edits
        self.num_edits += edits
        self.num_phones += len(wanted)
        self.phone_agreement = 1 - self.num_edits / max(1, self.num_phones)


@dataclass(slots=True)
class Truth:
    """Marked characters, and those read as marked."""

    targets: int = 0
    right: int = 0


@dataclass(slots=True)
class Wishes:
    """Wishes, those in languages that are built that came true, and those in languages that are not."""

    rows: int = 0
    kept: int = 0
    not_built: int = 0


def edit_distance(left: Sequence[str], right: Sequence[str]) -> int:
    """Returns how many symbols have to be put in, left out or replaced to make one sequence the other."""
    costs = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        diagonal, costs[0] = costs[0], i
        for j, b in enumerate(right, 1):
            diagonal, costs[j] = costs[j], min(costs[j] + 1, costs[j - 1] + 1, diagonal + (a != b))
    return costs[-1]


class FrontEnds:
    """The front ends of both symbol tables, like upstream and ours."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, bool], FrontEnd] = {}

    def get(self, symbols: str = MAIN_SYMBOLS, *, is_like_upstream: bool = False) -> FrontEnd:
        """Returns a front end, made once."""
        key = (symbols, is_like_upstream)
        if key not in self._made:
            self._made[key] = FrontEnd(symbols, is_like_upstream=is_like_upstream)
        return self._made[key]


def score_clean_text(name: str, rows: Iterable[Row], front_ends: FrontEnds) -> dict[str, Agreement]:
    """Scores rows read as one run of one language; rows of another symbol table than v2 apart."""
    scores: dict[str, Agreement] = {name: Agreement()}
    for row in rows:
        symbols = row["version"]
        table = "" if symbols == MAIN_SYMBOLS else f" ({symbols})"
        for whose, is_like_upstream in (("", True), (" (ours)", False)):
            front_end = front_ends.get(symbols, is_like_upstream=is_like_upstream)
            score = scores.setdefault(f"{name}{table}{whose}", Agreement())
            score.add(row["phones"] or (), front_end.read_run(row["text"], row["lang"]).phones)
    return scores


def is_built(row: Row) -> bool:
    """Tells whether the mode of a row, and every language upstream found in it, can be read."""
    languages = {language for language, _ in row.get("splits") or ()}
    return row["lang"] in MODES and not languages & OTHER_LANGUAGES


def score_mixed(name: str, rows: Iterable[Row], front_ends: FrontEnds) -> dict[str, Agreement]:
    """Scores rows read as sentences in the mode they name."""
    scores = {name: Agreement(), f"{name} (ours)": Agreement()}
    for row in filter(is_built, rows):
        for score, is_like_upstream in zip(scores.values(), (True, False), strict=True):
            front_end = front_ends.get(row["version"], is_like_upstream=is_like_upstream)
            score.add(row["phones"], front_end.read(row["text"], row["lang"]).symbols)
    return scores


def score_truth(rows: Iterable[Row], front_end: FrontEnd) -> Truth:
    """Scores single characters: the reading has to be one of those the row accepts."""
    truth = Truth()
    for row in rows:
        segment = front_end.read_run(row["text"], "zh")
        starts = [sum((segment.word2ph or ())[:index]) for index in range(len(segment.norm_text))]
        for target in row["targets"]:
            nth = row["text"][: target["index"]].count(target["char"])
            places = [index for index, char in enumerate(segment.norm_text) if char == target["char"]]
            truth.targets += 1
            if nth < len(places):
                start = starts[places[nth]]
                truth.right += segment.phones[start : start + 2] in [
                    syllable_phones(one) for one in target["accept"]
                ]
    return truth


def keeps_wish(row: Row, norm_text: str, phones: Sequence[str]) -> bool:
    """Tells whether a reading has what a wish asks for and nothing it forbids.

    One of `norm_any` has to occur whatever the case, commas and blanks; none of `norm_none` may occur as
    written.
    """
    plain, joined = _plain(norm_text), f" {' '.join(phones)} "
    has_norm = not row["norm_any"] or any(_plain(text) in plain for text in row["norm_any"])
    has_phones = not row["phone_any"] or any(f" {run} " in joined for run in row["phone_any"])
    is_clean = not any(text in norm_text for text in row["norm_none"])
    return has_norm and has_phones and is_clean and not any(f" {run} " in joined for run in row["phone_none"])


def _plain(text: str) -> str:
    return text.lower().replace(",", "").replace(" ", "")


def score_wishes(rows: Iterable[Row], front_end: FrontEnd) -> Wishes:
    """Scores wishes in the mode each names."""
    wishes = Wishes()
    for row in rows:
        wishes.rows += 1
        if row["lang"] not in MODES:
            wishes.not_built += 1
            continue
        phones = front_end.read(row["text"], row["lang"])
        wishes.kept += keeps_wish(row, phones.norm_text, phones.symbols)
    return wishes


def score_folder(folder: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Returns scores by name, ours and other symbol tables under longer ones, and the files not built."""
    front_ends = FrontEnds()
    scores: dict[str, dict[str, Any]] = {}
    scorers: dict[str, Callable[[list[Row]], Mapping[str, Any]]] = {
        MIXED_FILE: lambda rows: score_mixed(MIXED_FILE, rows, front_ends),
        TRUTH_FILE: lambda rows: {TRUTH_FILE: score_truth(rows, front_ends.get())},
        WANT_FILE: lambda rows: {WANT_FILE: score_wishes(rows, front_ends.get())},
    }
    not_built = []
    for path in sorted(folder.glob("*.jsonl")):
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        if path.name in CLEAN_TEXT_FILES:
            found = score_clean_text(path.name, rows, front_ends)
        elif path.name in scorers:
            found = scorers[path.name](rows)
        else:
            not_built.append(path.name)
            continue
        scores |= {name: asdict(score) for name, score in found.items()}
    return scores, not_built


def _tell(name: str, score: Mapping[str, Any]) -> str:
    if "phone_agreement" in score:
        share = score["exact"] / max(1, score["rows"])
        return (
            f"{name:24} {score['rows']:4} rows  {share:7.1%} exact  {score['phone_agreement']:.4f} phone "
            f"agreement ({score['num_edits']} edits of {score['num_phones']})"
        )
    return f"{name:24} " + "  ".join(f"{value} {key.replace('_', ' ')}" for key, value in score.items())


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--json", "json_path", type=click.Path(dir_okay=False, path_type=Path), help="Write the scores here."
)
def main(folder: Path, json_path: Path | None) -> None:
    """Score the text front end on the goldens in FOLDER."""
    scores, not_built = score_folder(folder)
    for name, score in scores.items():
        click.echo(_tell(name, score))
    for name in not_built:
        click.echo(f"{name:24} not built")
    if json_path:
        json_path.write_text(json.dumps(scores, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
