"""Speech becomes clips of whole tokens, equally loud, with a label for every frame."""

import numpy as np
import pytest

from demo.speech.recording import FRAME_SAMPLES, LEVEL_RMS, TOKEN_SAMPLES, record
from demo.speech.speech import CannotSay, Sound, Speech
from demo.speech.utterance import Utterance, Word

RATE_HZ = 16_000
SPOKEN = Utterance("Me.", "en", ("M", "IY1", "."), np.array([1, 2, 3]), (Word("en", "Me", ("M", "IY1"), 0),))


def tone(start_sec: float, end_sec: float, total_sec: float, level: float = 0.02) -> np.ndarray:
    time_sec = np.arange(round(total_sec * RATE_HZ)) / RATE_HZ
    wave = level * np.sin(2 * np.pi * 300 * time_sec)
    return np.where((time_sec >= start_sec) & (time_sec < end_sec), wave, 0).astype(np.float32)


def speech(lead_sec: float = 0.5, tail_sec: float = 0.5) -> Speech:
    end_sec = lead_sec + 0.6
    sounds = [Sound("pau", lead_sec, 0)] if lead_sec else []
    sounds += [Sound("m", lead_sec + 0.2, 0), Sound("iy", end_sec, 1), Sound("pau", end_sec + tail_sec, 2)]
    return Speech(tone(lead_sec, end_sec, end_sec + tail_sec), RATE_HZ, tuple(sounds))


def frame_labels(recording) -> list[str]:
    return [run.label for run in recording.runs for _ in range(run.frames)]


@pytest.mark.parametrize(("lead_sec", "tail_sec"), [(0.5, 0.5), (0.0, 0.0), (0.03, 2.0)])
def test_silence_around_speech_is_always_the_same(lead_sec, tail_sec):
    recording = record(SPOKEN, speech(lead_sec, tail_sec), seed=0)
    names = frame_labels(recording)
    assert len(recording.samples) % TOKEN_SAMPLES == 0
    assert len(names) * FRAME_SAMPLES == len(recording.samples)
    assert names[:4] == ["pau"] * 4
    assert names[4:14] == ["m"] * 10
    assert names[14:34] == ["iy"] * 20
    assert set(names[34:]) == {"pau"}
    assert 7 <= len(names[34:]) <= 9


def test_labels_lie_on_the_sound_and_it_is_levelled():
    recording = record(SPOKEN, speech(), seed=0)
    frames = recording.samples.reshape(-1, FRAME_SAMPLES) / 32768
    rms = np.sqrt((frames**2).mean(1))
    is_loud = np.array(frame_labels(recording)) != "pau"
    assert rms[is_loud].min() > 0.8 * LEVEL_RMS
    assert np.sqrt((frames[is_loud] ** 2).mean()) == pytest.approx(LEVEL_RMS, rel=0.02)
    assert rms[~is_loud].max() < 0.01


def test_owners_never_fall_and_end_with_the_final_mark():
    owners = [run.phone for run in record(SPOKEN, speech(0.0, 0.0), seed=0).runs]
    assert owners == sorted(owners)
    assert owners[-1] == 2


def test_same_seed_same_samples():
    first, again, other = (record(SPOKEN, speech(), seed).samples for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_useless_speech_is_refused():
    silent = Speech(np.zeros(RATE_HZ, np.float32), RATE_HZ, speech().sounds)
    with pytest.raises(CannotSay, match="nothing is heard"):
        record(SPOKEN, silent, 0)
    with pytest.raises(CannotSay, match="nothing is said"):
        record(SPOKEN, Speech(silent.samples, RATE_HZ, (Sound("pau", 1.0, 0),)), 0)
    with pytest.raises(CannotSay, match="no end"):
        record(SPOKEN, Speech(silent.samples, RATE_HZ, (Sound("m", 1.5, 0),)), 0)
