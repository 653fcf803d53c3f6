"""Who the recognisers learn from: many voices, but never the one they judge."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from evaluation.teachers import Teacher

_F2 = (Teacher("espeak-ng", "cmn-latn-pinyin+f2", "zh"), Teacher("espeak-ng", "en-us+f2", "en"))
# Voices that built-in speakers learn from: by recogniser, those it judges and so may not hear before.
JUDGED: Mapping[str, Sequence[Teacher]] = {
    "one": (Teacher("flite", "slt", "en"), *_F2),
    "two": (Teacher("flite", "rms", "en"), *_F2),
}
# Voices and how often each is heard. Those made from recordings are heard more: espeak-ng's English ones all
# are one machine. kal and kal16 are one man.
_FLITE = {"slt": 7, "rms": 7, "awb": 6, "kal16": 3, "kal": 1}
_ENGLISH = (
    "en-us", "en-us+f1", "en-us+f3", "en-us+m3", "en-us+m7", "en-us+klatt2", "en-gb+f4", "en-gb-x-rp+m1",
)  # fmt: skip
_MANDARIN_VARIANTS = ("", "+m1", "+m3", "+m5", "+m7", "+f1", "+f3", "+f4", "+f5", "+klatt2", "+klatt4")


def draw_voice(language: str, rng: random.Random) -> Teacher:
    """Returns a voice of `en` or `zh`."""
    if language == "zh":
        return Teacher("espeak-ng", f"cmn-latn-pinyin{rng.choice(_MANDARIN_VARIANTS)}", "zh")
    weights = {f"flite {name}": weight for name, weight in _FLITE.items()}
    weights |= {f"espeak-ng {name}": 1 for name in _ENGLISH}
    program, name = rng.choices(list(weights), list(weights.values()))[0].split(" ")
    return Teacher(program, name, "en")
