"""Noticing that the semantic model is caught in a loop, from the tokens alone.

Two rules, both on the newest tokens (25 of them are a second):

* **stuck**: the last 6 seconds use at most four different tokens. A held vowel or a silence moves among a
  few tokens too, but not for that long.
* **repeating**: a pattern of 5 to 60 tokens, with more than four different ones, has come at least four times
  in a row, token for token, over at least 3 seconds. Speech says things twice, and laughs, but sampled tokens
  do not repeat exactly.

What is kept: of a stuck sound its first second, of a repeated pattern its first time.
"""

from __future__ import annotations

from collections.abc import Sequence

STUCK_TOKENS = 150
STUCK_KINDS = 4
STUCK_KEPT_TOKENS = 25
PATTERN_LENGTHS = range(5, 61)
PATTERN_TIMES = 4
PATTERN_TOKENS = 75


def find_loop(tokens: Sequence[int]) -> int | None:
    """Return how many of the tokens to keep if they end in a loop, else None.

    Args:
        tokens: all new tokens of a row so far.
    """
    if len(tokens) < PATTERN_TOKENS:
        return None
    stuck = set(tokens[-STUCK_TOKENS:])
    if len(tokens) >= STUCK_TOKENS and len(stuck) <= STUCK_KINDS:
        start = len(tokens) - STUCK_TOKENS
        while start and tokens[start - 1] in stuck:
            start -= 1
        return start + STUCK_KEPT_TOKENS
    for length in PATTERN_LENGTHS:
        span = max(PATTERN_TOKENS, PATTERN_TIMES * length)
        if len(tokens) < span or tokens[-span + length :] != tokens[-span:-length]:
            continue
        if len(set(tokens[-length:])) <= STUCK_KINDS:
            continue
        start = len(tokens) - span
        while start and tokens[start - 1] == tokens[start - 1 + length]:
            start -= 1
        return start + length
    return None
