"""The teachers of the built-in voices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from demo.speech.espeak import Espeak
from demo.speech.flite import Flite
from demo.speech.speech import Teacher

# Half as much swing again as flite gives this voice by itself, which is monotonous; as well understood.
SLT_PITCH_STD_HZ = 42


@dataclass(frozen=True, slots=True)
class Course:
    """A teacher and how much of each language it gives.

    Attributes:
        make: makes the teacher; the program is looked for when it speaks.
        shares: language -> share of its sentences.
    """

    make: Callable[[], Teacher]
    shares: Mapping[str, float]


# Name of a teacher, which is the name of its folder -> what it is.
COURSES: Mapping[str, Course] = MappingProxyType(
    {
        "slt": Course(lambda: Flite("slt", {"int_f0_target_stddev": SLT_PITCH_STD_HZ}), {"en": 1.0}),
        "rms": Course(lambda: Flite("rms"), {"en": 1.0}),
        "f2": Course(lambda: Espeak("f2", "f2"), {"zh": 0.75, "en": 0.25}),
    }
)
