"""Which letter says which phones: spellings aligned with pronunciations, learned from the pairs alone.

Every letter says none, one or two phones, in order. The chance of each pair (letter, phones) is estimated by
hard expectation maximisation: align all words with the present chances, count, repeat. The first chances are
the counts of a straight line through both sequences.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

Phones = tuple[str, ...]
Chances = Mapping[tuple[str, Phones], float]
_UNSEEN = -14.0
_MAX_PHONES = 2


def first_chances(words: Iterable[tuple[str, Phones]]) -> dict[tuple[str, Phones], float]:
    """Returns log chances from spreading the phones of every word evenly over its letters."""
    counts: defaultdict[tuple[str, Phones], float] = defaultdict(float)
    for spelling, phones in words:
        for number, letter in enumerate(spelling):
            centre = (number + 0.5) * len(phones) / len(spelling)
            for place in (int(centre) - 1, int(centre), int(centre) + 1):
                if 0 <= place < len(phones):
                    counts[letter, (phones[place],)] += 1
                    counts[letter, phones[place : place + 2]] += 0.02
            counts[letter, ()] += 0.5
    return _to_chances(counts)


def align(spelling: str, phones: Phones, chances: Chances) -> list[Phones] | None:
    """Returns the phones of every letter in the best alignment, None if there are over two a letter."""
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for number, letter in enumerate(spelling):
        row: dict[int, tuple[float, int]] = {}
        rest = (len(spelling) - number - 1) * _MAX_PHONES
        for done, (score, _) in best[-1].items():
            for count in range(_MAX_PHONES + 1):
                end = done + count
                if end > len(phones) or len(phones) - end > rest:
                    continue
                total = score + chances.get((letter, phones[done:end]), _UNSEEN)
                if end not in row or total > row[end][0]:
                    row[end] = (total, done)
        best.append(row)
    end = len(phones)
    if end not in best[-1]:
        return None
    parts: list[Phones] = []
    for row in reversed(best[1:]):
        start = row[end][1]
        parts.append(phones[start:end])
        end = start
    return parts[::-1]


def learn_chances(words: list[tuple[str, Phones]], num_rounds: int) -> dict[tuple[str, Phones], float]:
    """Returns log chances of (letter, phones) after some rounds of aligning and counting."""
    chances = first_chances(words)
    for _ in range(num_rounds):
        counts: Counter[tuple[str, Phones]] = Counter()
        for spelling, phones in words:
            counts.update(zip(spelling, align(spelling, phones, chances) or (), strict=False))
        chances = _to_chances(counts)
    return chances


def _to_chances(counts: Mapping[tuple[str, Phones], float]) -> dict[tuple[str, Phones], float]:
    totals: defaultdict[str, float] = defaultdict(float)
    for (letter, _), count in counts.items():
        totals[letter] += count
    return {pair: math.log(count / totals[pair[0]]) for pair, count in counts.items()}
