"""Who the recogniser learns from: many voices, but none it is to judge."""

from __future__ import annotations

from collections.abc import Sequence

from evaluation.teachers import Teacher

# Those that built-in voices may learn from, and the recogniser so may not.
JUDGED = (
    Teacher("flite", "slt", "en"),
    Teacher("flite", "rms", "en"),
    Teacher("espeak-ng", "cmn-latn-pinyin+f2", "zh"),
)
FLITE = ("awb", "kal16", "kal")
ENGLISH = (
    "en-us",
    "en-us+f1",
    "en-us+f3",
    "en-us+m3",
    "en-us+m7",
    "en-us+klatt2",
    "en-gb+f2",
    "en-gb-x-rp+m1",
)
MANDARIN_VARIANTS = ("", "+m1", "+m3", "+m5", "+m7", "+f1", "+f3", "+f4", "+f5", "+klatt2", "+klatt4")
# How often a person-made voice of flite is heard for one of espeak-ng, which all sound like one machine.
FLITE_WEIGHT = 3


def training_voices(language: str) -> Sequence[Teacher]:
    """Returns voices of `en` or `zh`, some of them several times: they are to be heard more often."""
    if language == "en":
        flite = [Teacher("flite", name, "en") for name in FLITE]
        return [*flite * FLITE_WEIGHT, *(Teacher("espeak-ng", name, "en") for name in ENGLISH)]
    return [Teacher("espeak-ng", f"cmn-latn-pinyin{variant}", "zh") for variant in MANDARIN_VARIANTS]
