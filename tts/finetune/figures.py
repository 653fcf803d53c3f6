"""The figures of a voice, the table of several, and which is the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

HEADS = ("", "similarity", "phone errors", "duration", "mel distance", "failed")


@dataclass(frozen=True, slots=True)
class Figures:
    """How good a voice is; means over the held-out sentences, None where nothing here can measure it.

    Attributes:
        similarity: cosine of the speaker embeddings to the speaker's own mean, up to 1.
        error_rate: phones a recogniser heard wrongly, over those wanted.
        duration_ratio: length of the speech over the recording's.
        mel_distance_db: mel-cepstral distortion to the recording (see `cepstra`).
        num_failed: sentences of which nothing was heard.
    """

    similarity: float | None = None
    error_rate: float | None = None
    duration_ratio: float | None = None
    mel_distance_db: float | None = None
    num_failed: int = 0


def best_of(figures: Sequence[Figures]) -> int:
    """Index of the best; of equally good ones the first.

    What counts is the sum of how far each figure is from perfect, in units of a plainly heard difference: 5
    points of errors, 0.05 of similarity, 1 dB of distance, a tenth of duration. A failed sentence is worse
    than all.
    """

    def faults(one: Figures) -> tuple[float, ...]:
        return (
            one.num_failed,
            (one.error_rate or 0.0) / 0.05
            + (1 - (one.similarity if one.similarity is not None else 1.0)) / 0.05
            + (one.mel_distance_db or 0.0) / 1.0
            + abs(math.log(one.duration_ratio or 1.0)) / 0.1,
        )

    return min(range(len(figures)), key=lambda index: faults(figures[index]))


def as_table(rows: Sequence[tuple[str, Figures]], best: str) -> str:
    """The figures side by side; the best pair is marked."""
    lines: list[tuple[str, ...]] = [HEADS]
    for name, one in rows:
        lines.append(
            (
                f"{name} *" if name == best else name,
                "-" if one.similarity is None else f"{one.similarity:.3f}",
                "-" if one.error_rate is None else f"{one.error_rate:.1%}",
                "-" if one.duration_ratio is None else f"{one.duration_ratio:.2f}",
                "-" if one.mel_distance_db is None else f"{one.mel_distance_db:.2f} dB",
                str(one.num_failed),
            )
        )
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(
            [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
        )
        for line in lines
    )
