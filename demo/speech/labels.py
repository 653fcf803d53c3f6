"""What a frame of a teacher's speech is labelled with: its phone, and for Mandarin vowels the tone.

English labels are flite's phone names (`ax`, `hh`). Mandarin ones are espeak-ng's with a prefix, and vowels
carry their tone: `~ts.`, `~Au3`. Both languages share the pause.
"""

from __future__ import annotations

from functools import cache

from demo.speech.word_lists import sound_list

PAUSE = "pau"
ENGLISH = sound_list("english")
ENGLISH_VOWELS = frozenset(sound_list("english-vowels"))
MANDARIN_CONSONANTS = sound_list("mandarin-consonants")
MANDARIN_VOWELS = sound_list("mandarin-vowels")
PREFIX = "~"
TONES = ("1", "2", "3", "4", "5")
NO_TONE = ""


@cache
def phones() -> tuple[str, ...]:
    """Returns all phones of both languages without tones, the pause first."""
    mandarin = (PREFIX + name for name in (*MANDARIN_CONSONANTS, *MANDARIN_VOWELS))
    return (PAUSE, *ENGLISH, *mandarin)


@cache
def labels() -> tuple[str, ...]:
    """Returns all labels: as `phones`, with one label for each tone of a Mandarin vowel."""
    vowels = (mandarin(name, tone) for name in MANDARIN_VOWELS for tone in TONES)
    return (PAUSE, *ENGLISH, *(PREFIX + name for name in MANDARIN_CONSONANTS), *vowels)


@cache
def label_ids() -> dict[str, int]:
    """Returns label -> its place in `labels`."""
    return {label: number for number, label in enumerate(labels())}


def mandarin(name: str, tone: str) -> str:
    """Returns the label of a sound that espeak-ng says in a syllable of this tone.

    Raises:
        ValueError: it is none of those known.
    """
    if name in _CONSONANTS:
        return PREFIX + name
    if name in _VOWELS and tone in TONES:
        return PREFIX + name + tone
    raise ValueError(f"unknown Mandarin sound {name!r} with tone {tone!r}")


def split_tone(label: str) -> tuple[str, str]:
    """Returns phone and tone (`NO_TONE` for all but Mandarin vowels) of a label."""
    is_toned = label.startswith(PREFIX) and label[1:] not in _CONSONANTS
    return (label[:-1], label[-1]) if is_toned else (label, NO_TONE)


_CONSONANTS = frozenset(MANDARIN_CONSONANTS)
_VOWELS = frozenset(MANDARIN_VOWELS)
