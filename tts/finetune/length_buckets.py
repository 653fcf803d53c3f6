"""Which clips make up the batch of a step: all once per round, clips of like length together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

_POOL_BATCHES = 64  # so many batches are sorted by length among themselves


class LengthBuckets:
    """Draws batches of clips of like length, so that little padding is computed.

    Args:
        lengths: of the clips, in any unit.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        if not len(lengths):
            raise ValueError("there is no clip to draw from")
        self._lengths = np.asarray(lengths)
        self._round = lru_cache(maxsize=2)(self._make_round)

    def indices(self, step: int, batch_size: int, seed: int) -> list[int]:
        """Return the indices of a step's clips. Same arguments, same indices.

        In one round of steps every clip comes at least once; a last batch that is not full is filled up with
        the round's first clips, and clips too few for one batch are repeated.
        """
        num_batches = -(-len(self._lengths) // batch_size)
        batches = self._round(step // num_batches, batch_size, seed)
        return batches[step % num_batches].tolist()

    def _make_round(self, number: int, batch_size: int, seed: int) -> np.ndarray:
        return bucketed(self._lengths, batch_size, np.random.default_rng((seed, number)))


def bucketed(lengths: np.ndarray, batch_size: int, random: np.random.Generator) -> np.ndarray:
    """Deal indices of `lengths` out to full batches of like length; returns (num_batches, batch_size)."""
    num_batches = -(-len(lengths) // batch_size)
    order = np.resize(random.permutation(len(lengths)), num_batches * batch_size)
    pool = _POOL_BATCHES * batch_size
    pools = [order[i : i + pool] for i in range(0, len(order), pool)]
    alike = np.concatenate([part[np.argsort(lengths[part], kind="stable")] for part in pools])
    return random.permutation(alike.reshape(num_batches, batch_size), axis=0)
