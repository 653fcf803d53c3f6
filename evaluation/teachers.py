"""Programs that speak: flite for English, espeak-ng for English and Mandarin, both from Debian.

They say what a built-in voice should say (its teacher), and much else for the phone recogniser to learn from.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import soundfile

from tts.audio import to_mono
from tts.text.front_end import FrontEnd, Segment
from tts.text.mandarin.pinyin import DATA as MANDARIN_DATA

TEACHERS = Path(__file__).parent / "data" / "teachers.toml"
PROGRAMS = ("flite", "espeak-ng")
LANGUAGES = ("en", "zh")
TIMEOUT_SEC = 60
# What espeak-ng takes where it is told nothing: words a minute, and a place between 0 and 99.
ESPEAK_SPEED, ESPEAK_PITCH = 175, 50


class NoTeacher(RuntimeError):
    """There is no teacher's speech to be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Teacher:
    """A voice of a program.

    Attributes:
        program: `flite` or `espeak-ng`.
        voice: the program's name of it: `slt`, `en-us+f2`.
        language: `en` or `zh`. Mandarin is given to espeak-ng as pinyin, as our front end reads it: the
            program itself does not read characters well.
        options: further words of the command line: `("-p", "60")` lifts espeak-ng's pitch.
    """

    program: str
    voice: str
    language: str
    options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.program not in PROGRAMS:
            raise ValueError(f"unknown program {self.program!r}; valid: {', '.join(PROGRAMS)}")
        if self.language not in LANGUAGES or (self.program == "flite" and self.language != "en"):
            raise ValueError(
                f"{self.program} does not speak {self.language!r}; valid: flite en, espeak-ng en zh"
            )

    @property
    def name(self) -> str:
        """Program and voice, `flite:slt`; options do not make another voice."""
        return f"{self.program}:{self.voice}"

    def check(self) -> None:
        """Makes sure that the program is there.

        Raises:
            NoTeacher: It is not installed; says how to install it.
        """
        if shutil.which(self.program) is None:
            raise NoTeacher(f"{self.program} is not installed (Debian: apt-get install {self.program})")

    def varied(self, speed: float, pitch: float) -> Teacher:
        """Returns the voice so many times as fast and as high; some voices of flite keep their pitch."""
        if self.program == "flite":
            more = ("-s", f"duration_stretch={1 / speed:.3f}", "-s", f"f0_shift={pitch:.3f}")
        else:
            more = ("-s", str(round(ESPEAK_SPEED * speed)), "-p", str(min(99, round(ESPEAK_PITCH * pitch))))
        return replace(self, options=(*self.options, *more))

    def speak(self, text: str) -> tuple[np.ndarray, int]:
        """Returns mono samples (N,) and their rate in Hz.

        Raises:
            NoTeacher: The program is not installed, or failed.
        """
        return self.speak_pinyin(pinyin_of(text)) if self.language == "zh" else self._speak(text)

    def speak_pinyin(self, syllables: str) -> tuple[np.ndarray, int]:
        """The same for Mandarin that is in pinyin already: `ni2 hao3, shi4 jie4.`"""
        return self._speak(syllables.replace("v", "ü"))

    def _speak(self, text: str) -> tuple[np.ndarray, int]:
        self.check()
        with tempfile.TemporaryDirectory() as folder:
            said, sound = Path(folder) / "said.txt", Path(folder) / "sound.wav"
            said.write_text(text + "\n", encoding="utf-8")
            voice, out = ("-voice", "-o") if self.program == "flite" else ("-v", "-w")
            command = [self.program, voice, self.voice, *self.options, "-f", str(said), out, str(sound)]
            try:
                # One of two programs, and no shell: what the text says is not obeyed.
                subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_SEC, check=True)  # noqa: S603
            except subprocess.CalledProcessError as error:
                raise NoTeacher(f"{self.name} failed on {text!r}: {error.stderr.strip()[-200:]}") from error
            except subprocess.TimeoutExpired as error:
                raise NoTeacher(f"{self.name} did not finish {text!r} in {TIMEOUT_SEC} s") from error
            if not sound.is_file():
                raise NoTeacher(f"{self.name} made no sound of {text!r}")
            samples, rate_hz = soundfile.read(sound, dtype="float32")
        return to_mono(samples), rate_hz


def teachers_of(speaker: str, path: Path = TEACHERS) -> Mapping[str, Teacher]:
    """Returns the teacher a speaker learned each language from.

    Raises:
        NoTeacher: None is known for that speaker.
        ValueError: The file names a program or language that cannot be.
    """
    table: Mapping[str, Mapping[str, dict]] = tomllib.loads(path.read_text(encoding="utf-8"))
    if speaker not in table:
        raise NoTeacher(f"no teacher is known for {speaker} (known: {', '.join(table)}; see {path.name})")
    return {
        language: Teacher(row["program"], row["voice"], language, tuple(row.get("options", ())))
        for language, row in table[speaker].items()
    }


def pinyin_of(text: str) -> str:
    """Returns Mandarin as our front end reads it, in pinyin with tones and marks; all else is left out."""
    segments = _front_end().read(text, "zh").segments
    return " ".join(_segment_pinyin(segment) for segment in segments if segment.language == "zh")


def _segment_pinyin(segment: Segment) -> str:
    written, place = "", 0
    for char, count in zip(segment.norm_text, segment.word2ph or (), strict=True):
        if count == 2:
            written += " " + syllable_of(segment.phones[place], segment.phones[place + 1])
        else:
            written += char
        place += count
    return written.strip()


def syllable_of(initial: str, final: str) -> str:
    """Returns the pinyin of a syllable's two phones: `zhang3` for `zh` and `ang3`."""
    return _syllables()[initial, final[:-1]] + final[-1]


@cache
def _syllables() -> Mapping[tuple[str, str], str]:
    table = json.loads((MANDARIN_DATA / "pinyin_phones.json").read_text(encoding="utf-8"))
    # Where several spellings have the same phones, the first: `lue` stands after `lve`.
    phones: dict[tuple[str, str], str] = {}
    for syllable in sorted(table, key=lambda name: (len(name), name)):
        initial, final = table[syllable].split()
        phones.setdefault((initial, final), syllable)
    return phones


@cache
def _front_end() -> FrontEnd:
    return FrontEnd()
