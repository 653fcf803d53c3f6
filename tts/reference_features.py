"""What is known about a reference recording, whatever weights use it."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Style:
    """How somebody sounds.

    Attributes:
        spectrogram: (1, 1025, T) linear magnitudes at 50 frames per second.
        speaker_embedding: (1, E), or None where the version does not use it.
    """

    spectrogram: Tensor
    speaker_embedding: Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Reference(Style):
    """The main recording of a voice: its style and what is said in it.

    Attributes:
        ssl: (1, T, C) HuBERT features at 50 frames per second, the silent tail included.
        mel: (1, 100, T) in the range of the flow-matching networks, or None where the version has none.
        duration_sec: Length of the recording without the tail.
    """

    ssl: Tensor
    mel: Tensor | None = None
    duration_sec: float
