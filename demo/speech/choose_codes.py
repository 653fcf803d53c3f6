"""`python -m demo.speech.choose_codes`: which two sounds have a token of their own: those that meet most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain, zip_longest
from pathlib import Path

import click

from demo.speech.labels import labels, phones
from demo.speech.shards import ShardClip, read_shards
from demo.speech.tokens import NUM_ROWS, label_parts
from demo.speech.word_lists import DATA

# Rows left for sounds that are yet to come.
NUM_SPARE = 4
HEADER = (
    "# Semantic tokens: one label, or the phones of the first and second 20 ms. "
    "Made by demo.speech.choose_codes.\n"
)


def count_pairs(clips: Iterable[ShardClip]) -> dict[str, Counter[tuple[int, int]]]:
    """Returns language -> how often each pair of two phones makes up a token."""
    phone_of = label_parts()[0]
    counts: dict[str, Counter[tuple[int, int]]] = {}
    for clip in clips:
        first, second = phone_of[clip.labels].reshape(-1, 2).T
        is_mixed = first != second
        pairs = zip(first[is_mixed].tolist(), second[is_mixed].tolist(), strict=True)
        counts.setdefault(clip.language, Counter()).update(pairs)
    return counts


def choose(counts: Mapping[str, Counter[tuple[int, int]]], num_codes: int) -> list[tuple[str, ...]]:
    """Returns the codes: every label, met or not, then the commonest pairs of each language in turn."""
    codes: list[tuple[str, ...]] = [(label,) for label in labels()]
    ranked = [
        [pair for pair, _ in sorted(counter.items(), key=lambda item: (-item[1], item[0]))]
        for _, counter in sorted(counts.items())
    ]
    in_turn = chain.from_iterable(zip_longest(*ranked))
    chosen = dict.fromkeys(pair for pair in in_turn if pair is not None)
    codes += [(phones()[first], phones()[second]) for first, second in chosen]
    return codes[:num_codes]


@click.command()
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def main(folders: tuple[Path, ...]) -> None:
    """Writes data/codes.txt from the speech in FOLDERS; all that was trained on the old one is void then."""
    clips = [clip for folder in folders for clip in read_shards(folder)]
    codes = choose(count_pairs(clips), NUM_ROWS - NUM_SPARE)
    text = HEADER + "".join(" ".join(code) + "\n" for code in codes)
    (DATA / "codes.txt").write_text(text, encoding="utf-8")
    click.echo(f"{len(codes)} codes from {len(clips)} clips")


if __name__ == "__main__":
    main()
