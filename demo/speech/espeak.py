"""espeak-ng as a teacher of Mandarin and English in one voice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np

from demo.speech.espeak_library import Phoneme, espeak_library
from demo.speech.espeak_spelling import Timed, name_english, name_mandarin, spell_english, spell_mandarin
from demo.speech.labels import PAUSE
from demo.speech.speech import Sound, Speech
from demo.speech.utterance import Utterance, Word
from demo.speech.word_lists import sound_list

VOICES = {"zh": "cmn-latn-pinyin", "en": "en-us"}
# Its words do not touch: silence shorter than this belongs to the sound that follows, more so before a stop.
MIN_PAUSE_SEC = 0.02
MIN_PAUSE_BEFORE_STOP_SEC = 0.07
STOPS = frozenset(sound_list("espeak-stops"))
# Where a mark stands between words of two languages: as long as espeak-ng pauses at a comma.
JOINT_PAUSE_SEC = 0.15


class Espeak:
    """A variant of espeak-ng.

    Args:
        name: of the teacher.
        variant: espeak-ng's, `f2`.
        settings: of the voice, see `EspeakLibrary.say`.
        languages: what it is to teach, its own language first.
    """

    def __init__(
        self,
        name: str,
        variant: str,
        settings: Mapping[str, int] | None = None,
        languages: tuple[str, ...] = ("zh", "en"),
    ) -> None:
        self.name = name
        self.languages = languages
        self._variant = variant
        self._settings = dict(settings or {})

    def say(self, utterance: Utterance) -> Speech:
        """See `Teacher`."""
        rate_hz = espeak_library().rate_hz
        parts: list[np.ndarray] = []
        sounds: list[Sound] = []
        offset_sec = 0.0
        is_after_mark = False
        for language, words in _runs(utterance.words):
            if is_after_mark:
                parts.append(np.zeros(round(JOINT_PAUSE_SEC * rate_hz), np.float32))
                offset_sec += JOINT_PAUSE_SEC
                sounds.append(Sound(PAUSE, offset_sec, words[0].start - 1))
            samples, own = self._say_run(language, words)
            sounds += (Sound(sound.label, offset_sec + sound.end_sec, sound.phone) for sound in own)
            parts.append(samples)
            offset_sec += len(samples) / rate_hz
            is_after_mark = words[-1].is_mark
        return Speech(np.concatenate(parts), rate_hz, tuple(sounds))

    def _say_run(self, language: str, words: Sequence[Word]) -> tuple[np.ndarray, list[Sound]]:
        library = espeak_library()
        spell, name = (spell_english, name_english) if language == "en" else (spell_mandarin, name_mandarin)
        voice = f"{VOICES[language]}+{self._variant}"
        samples, phonemes = library.say(voice, spell(words), self._settings)
        return samples, name(list(_with_ends(phonemes, len(samples) / library.rate_hz)), words)


def _runs(words: Sequence[Word]) -> Iterator[tuple[str, list[Word]]]:
    """Yields runs of words of one language; marks stay with the words before them."""
    language = next((word.language for word in words if not word.is_mark), words[0].language)
    keyed: list[tuple[str, Word]] = []
    for word in words:
        language = language if word.is_mark else word.language
        keyed.append((language, word))
    for language, group in groupby(keyed, key=lambda pair: pair[0]):
        yield language, [word for _, word in group]


def _with_ends(phonemes: Sequence[Phoneme], duration_sec: float) -> Iterator[Timed]:
    """Yields the phonemes with their ends; words are numbered anew, since some that begin say nothing."""
    start_sec = phonemes[0].start_sec if phonemes else duration_sec
    if start_sec >= MIN_PAUSE_SEC:
        yield Timed(None, 0, start_sec)
    starts = [*(phoneme.start_sec for phoneme in phonemes), duration_sec]
    number, word = 0, 0
    for is_pause, group in groupby(enumerate(phonemes), key=lambda pair: pair[1].name.startswith("_")):
        places = [place for place, _ in group]
        if is_pause:
            begin_sec, end_sec = starts[places[0]], starts[places[-1] + 1]
            follows = phonemes[places[-1] + 1].name if places[-1] + 1 < len(phonemes) else ""
            shortest_sec = MIN_PAUSE_BEFORE_STOP_SEC if follows in STOPS else MIN_PAUSE_SEC
            if end_sec - begin_sec >= shortest_sec:
                yield Timed(None, number, end_sec)
            continue
        for place in places:
            if phonemes[place].word != word:
                number, word = number + 1, phonemes[place].word
            yield Timed(phonemes[place].name, number, starts[place + 1])
