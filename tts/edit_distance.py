"""How far apart two sequences are: what error rates of phones and words count."""

from collections.abc import Hashable, Sequence


def edit_distance(wanted: Sequence[Hashable], found: Sequence[Hashable]) -> int:
    """Returns how many items have to be put in, left out or replaced to make one sequence the other."""
    costs = list(range(len(found) + 1))
    for row, left in enumerate(wanted, 1):
        diagonal, costs[0] = costs[0], row
        for column, right in enumerate(found, 1):
            cheapest = min(costs[column] + 1, costs[column - 1] + 1, diagonal + (left != right))
            diagonal, costs[column] = costs[column], cheapest
    return costs[-1]
