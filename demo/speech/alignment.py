"""Which phone of our front end each sound of a teacher's speech belongs to.

The two sequences are matched by edit distance: the same sound costs nothing, a like one little.
"""

from __future__ import annotations

from collections.abc import Sequence

from demo.speech.labels import ENGLISH_VOWELS, PAUSE
from tts.text.marks import MARKS

VOWEL_COST = 0.6  # another vowel
CONSONANT_COST = 0.8  # another consonant
REDUCED_COST = 0.2  # the same vowel, weak in one of the two
GAP_COST = 0.9  # a sound that only one of them has
SILENCE_COST = 0.01  # a pause without a mark, or a mark without a pause: both are right
FAR = 10.0
_REDUCED = frozenset((frozenset(("ax", "ah")), frozenset(("ax", "ih")), frozenset(("ax", "uh"))))


def sound_of(phone: str) -> str:
    """Returns the English label that a phone should be said as: ax for AH0, a pause for a mark."""
    if phone in MARKS:
        return PAUSE
    bare = phone.rstrip("012").lower()
    return "ax" if phone == "AH0" else bare


def align(sounds: Sequence[str], phones: Sequence[str]) -> tuple[list[int], float]:
    """Matches the labels of English speech with the phones it was made from.

    Args:
        sounds: labels, pauses included, at least one.
        phones: of the front end, marks included, at least one.

    Returns:
        For every sound the index of its phone, never falling; and the mean cost per phone, 0 where both say
        the same.
    """
    wanted = [sound_of(phone) for phone in phones]
    costs = [[0.0] * (len(wanted) + 1) for _ in range(len(sounds) + 1)]
    for column, phone in enumerate(wanted, 1):
        costs[0][column] = costs[0][column - 1] + _gap(phone)
    for row, sound in enumerate(sounds, 1):
        above, here = costs[row - 1], costs[row]
        here[0] = above[0] + _gap(sound)
        for column, phone in enumerate(wanted, 1):
            here[column] = min(
                above[column - 1] + _difference(sound, phone),
                above[column] + _gap(sound),
                here[column - 1] + _gap(phone),
            )
    return _trace(costs, sounds, wanted), costs[-1][-1] / len(wanted)


def _trace(costs: list[list[float]], sounds: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Returns the phone of every sound; one that has none of its own belongs to the phone before it."""
    owners = [0] * len(sounds)
    row, column = len(sounds), len(wanted)
    while row:
        sound = sounds[row - 1]
        if column and costs[row][column] == costs[row - 1][column - 1] + _difference(
            sound, wanted[column - 1]
        ):
            row, column = row - 1, column - 1
            owners[row] = column
        elif column and costs[row][column] == costs[row][column - 1] + _gap(wanted[column - 1]):
            column -= 1
        else:
            row -= 1
            owners[row] = max(column - 1, 0)
    return owners


def _gap(sound: str) -> float:
    return SILENCE_COST if sound == PAUSE else GAP_COST


def _difference(sound: str, wanted: str) -> float:
    if sound == wanted:
        return 0.0
    if PAUSE in (sound, wanted):
        return FAR
    if frozenset((sound, wanted)) in _REDUCED:
        return REDUCED_COST
    kinds = (sound in ENGLISH_VOWELS) + (wanted in ENGLISH_VOWELS)
    return (CONSONANT_COST, FAR, VOWEL_COST)[kinds]
