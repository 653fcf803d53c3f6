"""libespeak-ng by ctypes: text -> samples and the times of its phonemes.

The program itself prints phonemes without times; the library tells them as events. One process can hold the
library once, and one thread at a time may speak.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import cache

import numpy as np

from demo.speech.speech import NoTeacher

_LIBRARY = "libespeak-ng.so.1"
_SYNCHRONOUS = 2
_PHONEME_EVENTS = 1
_UTF8_WITH_PHONEMES = 0x101  # text is UTF-8, [[...]] in it are phonemes
_WORD_EVENT, _PHONEME_EVENT = 1, 7
_SETTINGS = {"rate": 1, "pitch": 3, "range": 4}


class _Id(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


@dataclass(frozen=True, slots=True)
class Phoneme:
    """A phoneme as it begins.

    Attributes:
        name: espeak-ng's mnemonic; pauses begin with an underscore.
        start_sec: where it begins.
        word: how many words had begun before or with it.
    """

    name: str
    start_sec: float
    word: int


class EspeakLibrary:
    """The loaded library. Use `espeak_library()`.

    Raises:
        NoTeacher: it is not installed or cannot find its data.
    """

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL(_LIBRARY)
        except OSError as error:
            raise NoTeacher("libespeak-ng is not installed (Debian: apt-get install espeak-ng)") from error
        self.rate_hz: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _PHONEME_EVENTS)
        if self.rate_hz <= 0:
            raise NoTeacher("libespeak-ng cannot find its data (Debian: apt-get install espeak-ng-data)")
        self._samples: list[np.ndarray] = []
        self._phonemes: list[Phoneme] = []
        self._word = 0
        self._callback = _Callback(self._receive)  # must live as long as the library may call it
        self._library.espeak_SetSynthCallback(self._callback)

    def say(self, voice: str, text: str, settings: dict[str, int]) -> tuple[np.ndarray, list[Phoneme]]:
        """Speaks.

        Args:
            voice: language and variant, `en-us+f2`.
            text: parts in double square brackets are phoneme mnemonics.
            settings: `rate` in words a minute, `pitch` and `range` from 0 to 100.

        Returns:
            float32 samples (N,) at `rate_hz`, and what is said when.

        Raises:
            NoTeacher: the voice is not there.
        """
        self._samples, self._phonemes, self._word = [], [], 0
        if self._library.espeak_SetVoiceByName(voice.encode()):
            raise NoTeacher(f"espeak-ng has no voice {voice!r}")
        for name, value in settings.items():
            self._library.espeak_SetParameter(_SETTINGS[name], value, 0)
        data = text.encode()
        self._library.espeak_Synth(data, len(data) + 1, 0, 1, 0, _UTF8_WITH_PHONEMES, None, None)
        self._library.espeak_Synchronize()
        samples = np.concatenate(self._samples) if self._samples else np.zeros(0, np.float32)
        return samples, self._phonemes

    def _receive(self, samples, count: int, events) -> int:
        if samples and count:
            self._samples.append(np.ctypeslib.as_array(samples, (count,)).astype(np.float32) / 32768)
        place = 0
        while events[place].type:
            event = events[place]
            if event.type == _WORD_EVENT:
                self._word += 1
            elif event.type == _PHONEME_EVENT:
                name = bytes(event.id.string).decode()
                self._phonemes.append(Phoneme(name, event.sample / self.rate_hz, self._word))
            place += 1
        return 0


@cache
def espeak_library() -> EspeakLibrary:
    """Returns the library, loaded once.

    Raises:
        NoTeacher: it is not installed.
    """
    return EspeakLibrary()
