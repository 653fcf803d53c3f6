"""Teachers: programs that say an utterance and tell which sound is when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from demo.speech.utterance import Utterance


class CannotSay(ValueError):
    """A teacher has no sounds for an utterance, or says something else; another may do."""


class NoTeacher(RuntimeError):
    """The program is not installed, or does not work; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One phone of a teacher's speech.

    Attributes:
        label: one of `demo.speech.labels.labels()`.
        end_sec: where it ends; it begins where the one before ends.
        phone: index of the utterance's phone that it belongs to.
    """

    label: str
    end_sec: float
    phone: int


@dataclass(frozen=True, slots=True, eq=False)
class Speech:
    """What a teacher said.

    Attributes:
        samples: float32 (N,), as loud as the program makes it.
        rate_hz: their sample rate.
        sounds: without gaps from the start to about the end.
    """

    samples: np.ndarray
    rate_hz: int
    sounds: tuple[Sound, ...]


class Teacher(Protocol):
    """A voice to learn from."""

    @property
    def name(self) -> str:
        """Its name, which is the name of its folder too."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """What it speaks, its own language first."""
        ...

    def say(self, utterance: Utterance) -> Speech:
        """Speaks.

        Raises:
            CannotSay: not this.
            NoTeacher: the program is missing.
        """
        ...
