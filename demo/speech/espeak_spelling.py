"""What espeak-ng is given to say, pinyin or phonemes, and the labels of what it said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from demo.speech.alignment import align
from demo.speech.labels import MANDARIN_CONSONANTS, PAUSE, mandarin
from demo.speech.speech import CannotSay, Sound
from demo.speech.utterance import Word
from tts.text.mandarin.pinyin import DATA as MANDARIN_DATA

# Mean cost per phone from which on English was said in another way.
MAX_COST = 0.06
_PHONEMES = {
    "AA": "A:", "AE": "a", "AH": "V", "AO": "O:", "AW": "aU", "AY": "aI", "B": "b", "CH": "tS", "D": "d",
    "DH": "D", "EH": "E", "ER": "3:", "EY": "eI", "F": "f", "G": "g", "HH": "h", "IH": "I", "IY": "i:",
    "JH": "dZ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "N", "OW": "oU", "OY": "OI", "P": "p", "R": "r",
    "S": "s", "SH": "S", "T": "t", "TH": "T", "UH": "U", "UW": "u:", "V": "v", "W": "w", "Y": "j", "Z": "z",
    "ZH": "Z",
}  # fmt: skip
_WEAK_PHONEMES = {"AH0": "@", "ER0": "3", "IY0": "i"}
# Phonemes that it puts in place of others, by their surroundings.
_VARIANTS = {
    "@": "ax", "3": "er", "i": "iy", "t2": "t", "t#": "t", "d#": "d", "I2": "ih", "I#": "ih", "a#": "ax",
    "r-": "r", "@L": "ax", "@2": "ax", "w#": "w", "l^": "l", "u": "uw", ";": "y",
}  # fmt: skip
_SOUND_OF = {name: phone.lower() for phone, name in _PHONEMES.items()} | _VARIANTS
_MARKS = {"-": ",", "…": "."}
# Initials that stand for none.
_EMPTY_INITIALS = frozenset(("AA", "EE", "OO"))
_CONSONANTS = frozenset(MANDARIN_CONSONANTS)


@dataclass(frozen=True, slots=True)
class Timed:
    """A phoneme and its end.

    Attributes:
        name: espeak-ng's; None for a pause.
        word: how many words had begun before or with it.
        end_sec: where it ends.
    """

    name: str | None
    word: int
    end_sec: float


def spell_mandarin(words: Sequence[Word]) -> str:
    """Returns pinyin with tone digits, a blank before each syllable: it says them more clearly then."""
    parts = []
    for word in words:
        if word.is_mark:
            parts.append(_MARKS.get(word.text, word.text))
        else:
            initial, final = word.phones
            parts.append(f" {_spellings()[initial, final[:-1]]}{final[-1]}")
    return _without_marks_in_front(parts)


def spell_english(words: Sequence[Word]) -> str:
    """Returns phoneme mnemonics in double square brackets, which switch its own reading off."""
    parts = []
    for word in words:
        if word.is_mark:
            parts.append(_MARKS.get(word.text, word.text))
        else:
            parts.append(f" [[{'|'.join(map(_phoneme, word.phones))}]]")
    return _without_marks_in_front(parts)


def name_mandarin(timed: Sequence[Timed], words: Sequence[Word]) -> list[Sound]:
    """Returns the sounds with the phones they belong to.

    Raises:
        CannotSay: it said other syllables than it was given.
    """
    spoken = [word for word in words if not word.is_mark]
    if max((sound.word for sound in timed), default=0) != len(spoken):
        raise CannotSay(f"espeak-ng says {' '.join(word.text for word in words)} in another way")
    sounds: list[Sound] = []
    at_word = 0
    for sound in timed:
        if sound.name is None:
            sounds.append(Sound(PAUSE, sound.end_sec, _pause_owner(words, spoken, sound.word)))
            continue
        word = spoken[sound.word - 1]
        is_initial = (
            sound.word != at_word and sound.name in _CONSONANTS and word.phones[0] not in _EMPTY_INITIALS
        )
        at_word = sound.word
        try:
            label = mandarin(sound.name, word.phones[1][-1])
        except ValueError as error:
            raise CannotSay(f"{word.text}: {error}") from error
        sounds.append(Sound(label, sound.end_sec, word.start + (0 if is_initial else 1)))
    return sounds


def name_english(timed: Sequence[Timed], words: Sequence[Word]) -> list[Sound]:
    """Returns the sounds with the phones they belong to.

    Raises:
        CannotSay: it said other phones than it was given.
    """
    unknown = {sound.name for sound in timed if sound.name is not None and sound.name not in _SOUND_OF}
    if unknown:
        raise CannotSay(f"espeak-ng says {', '.join(map(repr, sorted(unknown)))}, which is not known")
    labels = [PAUSE if sound.name is None else _SOUND_OF[sound.name] for sound in timed]
    phones = [phone for word in words for phone in word.phones]
    owners, cost = align(labels, phones)
    if cost > MAX_COST:
        raise CannotSay(f"espeak-ng says {' '.join(phones)} in another way: {' '.join(labels)}")
    return [
        Sound(label, sound.end_sec, words[0].start + owner)
        for label, sound, owner in zip(labels, timed, owners, strict=True)
    ]


def _pause_owner(words: Sequence[Word], spoken: Sequence[Word], num_begun: int) -> int:
    """Returns the phone of a pause: the last mark before the next word, else the end of the word before."""
    end = spoken[num_begun].start if num_begun < len(spoken) else words[-1].start + len(words[-1].phones)
    return max(end - 1, words[0].start)


@cache
def _spellings() -> dict[tuple[str, str], str]:
    """Returns initial and final without tone -> pinyin; espeak-ng reads `ju` right, but not `jv`."""
    table = json.loads((MANDARIN_DATA / "pinyin_phones.json").read_text(encoding="utf-8"))
    spellings: dict[tuple[str, str], str] = {}
    for spelling in sorted(table, key=lambda spelling: "v" in spelling):
        initial, final = table[spelling].split()
        spellings.setdefault((initial, final), spelling)
    return spellings


def _phoneme(phone: str) -> str:
    """Returns the mnemonic of a phone, a vowel's with its stress before it."""
    bare, stress = phone.rstrip("012"), phone[-1]
    return {"1": "'", "2": ","}.get(stress, "") + (_WEAK_PHONEMES.get(phone) or _PHONEMES[bare])


def _without_marks_in_front(parts: Sequence[str]) -> str:
    return "".join(parts).lstrip(" .,!?")
