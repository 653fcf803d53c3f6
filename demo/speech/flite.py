"""Flite as a teacher of English: it is told how to say each word and tells when each phone ends."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import soundfile

from demo.speech.alignment import align
from demo.speech.labels import ENGLISH, ENGLISH_VOWELS, PAUSE
from demo.speech.speech import CannotSay, NoTeacher, Sound, Speech
from demo.speech.utterance import Utterance, Word
from tts.audio import to_mono

TIMEOUT_SEC = 60
# Mean cost per phone from which on it said something else.
MAX_COST = 0.06
_KNOWN = frozenset(ENGLISH) | {PAUSE}


class Flite:
    """A voice of flite.

    Args:
        voice: flite's name of it.
        features: its settings, such as how far the pitch may swing.
    """

    languages = ("en",)

    def __init__(self, voice: str, features: Mapping[str, float] | None = None) -> None:
        self.name = voice
        self._options = [
            part for name, value in (features or {}).items() for part in ("-s", f"{name}={value}")
        ]

    def say(self, utterance: Utterance) -> Speech:
        """See `Teacher`."""
        if utterance.languages != {"en"}:
            raise CannotSay(f"flite speaks English only: {utterance.text!r}")
        if shutil.which("flite") is None:
            raise NoTeacher("flite is not installed (Debian: apt-get install flite)")
        with tempfile.TemporaryDirectory() as folder:
            wave, lexicon = Path(folder) / "speech.wav", Path(folder) / "lexicon.txt"
            lexicon.write_text("".join(_entries(utterance)), encoding="ascii")
            command = ["flite", "-voice", self.name, *self._options, "-add_lex", str(lexicon)]
            try:
                done = subprocess.run(
                    [*command, "-psdur", "-t", _spelled(utterance), "-o", str(wave)],
                    capture_output=True,
                    text=True,
                    timeout=TIMEOUT_SEC,
                    check=False,
                )
            except subprocess.TimeoutExpired as error:
                # Also after the machine, or this program, was halted for a while.
                raise CannotSay(f"flite took too long for {utterance.text!r}") from error
            if done.returncode or not wave.is_file():
                raise CannotSay(f"flite failed on {utterance.text!r}: {done.stderr.strip()[:200]}")
            channels, rate_hz = soundfile.read(wave, dtype="float32", always_2d=True)
        return Speech(to_mono(channels), rate_hz, _sounds(done.stdout, utterance))


def _sounds(printed: str, utterance: Utterance) -> tuple[Sound, ...]:
    pairs = [item.rsplit(":", 1) for item in printed.split()]
    labels = [label for label, _ in pairs]
    if not labels or not _KNOWN.issuperset(labels):
        raise CannotSay(f"flite said unknown sounds for {utterance.text!r}: {printed[:200]}")
    owners, cost = align(labels, utterance.phones)
    if cost > MAX_COST:
        raise CannotSay(f"flite says {utterance.text!r} in another way (cost {cost:.2f}): {' '.join(labels)}")
    return tuple(Sound(label, float(end), owner) for (label, end), owner in zip(pairs, owners, strict=True))


def _spelled(utterance: Utterance) -> str:
    """Returns the text for flite; a mark in front would be no pause but a word to it."""
    words = list(utterance.words)
    while words[0].is_mark:
        words.pop(0)
    return "".join(word.text if word.is_mark else " " + word.text.replace("-", " ") for word in words).strip()


def _entries(utterance: Utterance) -> list[str]:
    """Returns a lexicon that says the words as our front end does."""
    entries: dict[str, tuple[str, ...]] = {}
    for word in utterance.words:
        spelled = word.text.lower()
        if not word.is_mark and spelled.removesuffix("'s").isalpha():
            # flite looks a possessive up without its ending.
            size = len(word.phones) - _ending_size(word) if spelled.endswith("'s") else len(word.phones)
            entries.setdefault(spelled.removesuffix("'s"), word.phones[:size])
    return [f'"{word}" n : {" ".join(map(_phone, phones))}\n' for word, phones in entries.items() if phones]


def _ending_size(word: Word) -> int:
    return 2 if word.phones[-2:] in (("AH0", "Z"), ("IH0", "Z")) and word.phones[-3][0] in "SZCJ" else 1


def _phone(phone: str) -> str:
    """Returns a phone as flite's lexicon wants it: weak or strong, no third degree."""
    bare = phone.rstrip("012").lower()
    if bare not in ENGLISH_VOWELS:
        return bare
    return "ax0" if phone == "AH0" else bare + ("1" if phone.endswith("1") else "0")
