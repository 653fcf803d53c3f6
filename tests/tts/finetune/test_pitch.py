import numpy as np
import pytest

from tests.tts.finetune.recordings import RATE, hum
from tts.finetune.pitch import track_pitch, typical_pitch_hz

RATE_HZ = 16_000


def buzz(hz: np.ndarray) -> np.ndarray:
    """A sound of many harmonics whose pitch follows `hz`, one value a sample."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    return 0.1 * np.sum([np.sin(number * phase) / number for number in range(1, 12)], axis=0)


@pytest.mark.parametrize("hz", [70, 110, 220, 440])
def test_the_pitch_of_a_steady_buzz(hz):
    pitch = track_pitch(buzz(np.full(RATE_HZ, hz)))
    assert len(pitch.hz) == 100
    assert pitch.is_voiced[5:-5].all()
    np.testing.assert_allclose(pitch.hz[5:-5], hz, rtol=0.01)


def test_a_glide_is_followed_without_delay():
    hz = np.linspace(120, 240, RATE_HZ)
    pitch = track_pitch(buzz(hz))
    middles = hz[np.arange(100) * 160 + 80]
    np.testing.assert_allclose(pitch.hz[5:-5], middles[5:-5], rtol=0.02)


def test_noise_and_silence_have_no_voice():
    noise = np.random.default_rng(0).standard_normal(RATE_HZ) * 0.1
    assert track_pitch(noise).is_voiced.mean() < 0.05
    assert not track_pitch(np.zeros(RATE_HZ)).is_voiced.any()
    assert len(track_pitch(np.zeros(0)).hz) == 0


def test_voice_is_told_from_the_noise_beside_it():
    half = RATE_HZ // 2
    noise = np.random.default_rng(0).standard_normal(half) * 0.05
    is_voiced = track_pitch(np.concatenate([buzz(np.full(half, 150)), noise])).is_voiced
    assert is_voiced[5:45].mean() > 0.95
    assert is_voiced[55:].mean() < 0.1


@pytest.mark.parametrize("hz", [80, 130, 240, 400])
def test_the_typical_pitch_of_a_clip(hz) -> None:
    assert typical_pitch_hz(hum(2, pitch_hz=hz), RATE) == pytest.approx(hz, rel=0.07)
    assert typical_pitch_hz(np.random.default_rng(0).standard_normal(RATE), RATE) is None
    assert typical_pitch_hz(np.zeros(10), RATE) is None
