"""A teacher's speech made ready for training: 32 kHz, one loudness, whole tokens, a label for every frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from demo.speech.labels import PAUSE
from demo.speech.speech import CannotSay, Sound, Speech
from demo.speech.utterance import Utterance
from tts.audio import resample

RATE_HZ = 32_000
FRAMES_PER_TOKEN = 2
FRAME_SAMPLES = 640
TOKEN_SAMPLES = FRAMES_PER_TOKEN * FRAME_SAMPLES
# Silence before and behind the speech, whatever the teacher leaves: the first is heard as waiting.
LEAD_SEC = 0.08
TAIL_SEC = 0.16
LEVEL_RMS = 0.1  # of what is not pause
MAX_PEAK = 0.95
# Digital silence does not occur in recordings; this is 80 dB below full scale.
DITHER_STD = 1e-4
MAX_SEC = 16.0
MAX_SOUND_SEC = 1.0


@dataclass(frozen=True, slots=True)
class Run:
    """Frames of one sound.

    Attributes:
        label: one of `demo.speech.labels.labels()`.
        frames: how many, 50 a second.
        phone: index of the utterance's phone it belongs to.
    """

    label: str
    frames: int
    phone: int


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A clip.

    Attributes:
        samples: int16 (N,) at 32 kHz, N a multiple of a token's 1280 samples.
        runs: their frames add up to N / 640.
    """

    samples: np.ndarray
    runs: tuple[Run, ...]


def record(utterance: Utterance, speech: Speech, seed: int) -> Recording:
    """Returns speech cut, resampled, levelled and labelled.

    Args:
        utterance: what is said.
        speech: how it is said.
        seed: of the dither.

    Raises:
        CannotSay: nothing is heard, or it is longer than any sentence may be, or a sound of it is.
    """
    starts = [0.0, *(sound.end_sec for sound in speech.sounds[:-1])]
    spoken = [
        (start, sound.end_sec)
        for start, sound in zip(starts, speech.sounds, strict=True)
        if sound.label != PAUSE
    ]
    if not spoken:
        raise CannotSay(f"nothing is said: {utterance.text!r}")
    if max(end - start for start, end in spoken) > MAX_SOUND_SEC:
        raise CannotSay(f"a sound of this has no end: {utterance.text!r}")
    begin_sec, end_sec = spoken[0][0] - LEAD_SEC, spoken[-1][1] + TAIL_SEC
    num_tokens = round((end_sec - begin_sec) * RATE_HZ / TOKEN_SAMPLES)
    if num_tokens * TOKEN_SAMPLES > MAX_SEC * RATE_HZ:
        raise CannotSay(f"too long: {utterance.text!r}")
    samples = _cut(speech, begin_sec, num_tokens * TOKEN_SAMPLES)
    runs = _runs(speech.sounds, begin_sec, num_tokens * FRAMES_PER_TOKEN, utterance)
    loud = np.repeat([run.label != PAUSE for run in runs], [run.frames * FRAME_SAMPLES for run in runs])
    rms, peak = float(np.sqrt(np.mean(samples[loud] ** 2))), float(np.abs(samples).max())
    if rms == 0:
        raise CannotSay(f"nothing is heard: {utterance.text!r}")
    samples = samples * min(LEVEL_RMS / rms, MAX_PEAK / peak)
    samples = samples + np.random.default_rng(seed).normal(0, DITHER_STD, len(samples))
    return Recording(np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16), runs)


def _cut(speech: Speech, begin_sec: float, num_samples: int) -> np.ndarray:
    """Returns so many samples at 32 kHz from a time on; there is silence where there is no speech."""
    samples = resample(speech.samples, speech.rate_hz, RATE_HZ)
    begin = round(begin_sec * RATE_HZ)
    samples = np.concatenate([np.zeros(max(-begin, 0), np.float32), samples[max(begin, 0) :]])[:num_samples]
    return np.concatenate([samples, np.zeros(num_samples - len(samples), np.float32)])


def _runs(
    sounds: Sequence[Sound], begin_sec: float, num_frames: int, utterance: Utterance
) -> tuple[Run, ...]:
    """Returns the sound in the middle of each frame, equal neighbours joined."""
    middles_sec = begin_sec + (np.arange(num_frames) + 0.5) * FRAME_SAMPLES / RATE_HZ
    places = np.searchsorted([sound.end_sec for sound in sounds], middles_sec, side="right")
    runs: list[Run] = []
    for place, size in zip(*np.unique(places, return_counts=True), strict=True):
        if place == len(sounds):
            runs.append(Run(PAUSE, int(size), len(utterance.phones) - 1))
            continue
        sound = sounds[place]
        # The silence in front of the speech is in no teacher's list if it begins to speak at once.
        is_lead = middles_sec[0] < 0 and place == 0 and sound.label != PAUSE
        lead = int(np.sum(middles_sec < 0)) if is_lead else 0
        runs += [Run(PAUSE, lead, 0)] * (lead > 0)
        runs.append(Run(sound.label, int(size) - lead, sound.phone))
    return tuple(runs)
