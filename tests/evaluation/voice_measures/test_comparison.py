import numpy as np
import pytest

from evaluation.voice_measures.comparison import Closeness, closeness, compare

RATE_HZ = 16_000


def vowel(hz: np.ndarray, formant_hz: float) -> np.ndarray:
    """Harmonics of a pitch, the louder the nearer to one frequency."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE_HZ
    harmonics = (np.sin(k * phase) / (1 + ((k * hz - formant_hz) / 150) ** 2) for k in range(1, 40))
    return (0.1 * sum(harmonics)).astype(np.float32)


def word(*, pitch: float = 1.0, formants: float = 1.0, num_samples: int = 8000) -> np.ndarray:
    """Two vowels; the pitch rises and falls."""
    shape = 1 + 0.2 * np.sin(np.linspace(0, 2 * np.pi, num_samples))
    hz = 150 * pitch * shape
    first, second = (
        vowel(hz[: num_samples // 2], 500 * formants),
        vowel(hz[num_samples // 2 :], 1000 * formants),
    )
    return np.concatenate([first, second])


def close(left: np.ndarray, right: np.ndarray) -> Closeness:
    comparison = compare(left, RATE_HZ, right, RATE_HZ)
    assert comparison is not None
    return closeness([comparison])


def test_a_voice_is_nearest_to_itself():
    same = close(word(), word())
    assert same.mcd == pytest.approx(0, abs=1e-6)
    assert same.duration_ratio == same.voiced_agreement == 1.0
    assert same.pitch_correlation == pytest.approx(1)
    assert same.pitch_spread_ratio == pytest.approx(1)


def test_distortion_grows_with_the_difference():
    mcds = [close(word(formants=formants), word()).mcd or 0 for formants in (1.0, 1.1, 1.3, 1.7)]
    assert mcds == sorted(mcds)
    assert mcds[0] + 0.5 < mcds[1] < mcds[3] - 0.5


def test_neither_silence_around_nor_loudness_nor_tempo_is_distortion():
    quiet = np.pad(word() * 0.1, (3000, 9000))
    found = close(quiet, word())
    assert (found.mcd or 9) < 0.6
    assert found.duration_ratio == pytest.approx(1, abs=0.1)
    slow = close(word(num_samples=12_000), word())
    assert slow.duration_ratio == pytest.approx(1.5, abs=0.1)
    assert (slow.mcd or 9) < 1.5


def test_pitch_is_compared_by_shape_and_spread():
    higher = close(word(pitch=1.3), word())
    assert (higher.pitch_correlation or 0) > 0.9
    assert higher.pitch_spread_ratio == pytest.approx(1, abs=0.1)
    flat = np.concatenate([vowel(np.full(4000, 150.0), 500), vowel(np.full(4000, 150.0), 1000)])
    assert (close(flat, word()).pitch_spread_ratio or 9) < 0.3


def test_whispering_disagrees_in_voicing():
    whisper = np.random.default_rng(0).standard_normal(8000).astype(np.float32) * 0.1
    found = close(whisper, word())
    assert (found.voiced_agreement or 1) < 0.3
    assert found.pitch_correlation is None


def test_silence_cannot_be_compared():
    assert compare(np.zeros(8000, np.float32), RATE_HZ, word(), RATE_HZ) is None
    assert compare(word()[:100], RATE_HZ, word(), RATE_HZ) is None
    assert closeness([]) == Closeness()
