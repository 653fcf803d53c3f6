import numpy as np
import pytest

from tests.tts.finetune.recordings import RATE, hum
from tts.finetune.cepstra import HOP, NUM_CEPSTRA, mel_cepstra, mel_cepstral_distances, mel_distance, warp


def noise(num_samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(num_samples).astype(np.float32) * 0.1


def test_cepstra_have_a_frame_every_10_ms_and_do_not_depend_on_loudness():
    samples = noise(16_000)
    cepstra = mel_cepstra(samples)
    assert cepstra.shape == (16_000 // HOP, NUM_CEPSTRA)
    np.testing.assert_allclose(mel_cepstra(samples * 0.01), cepstra, atol=1e-4)


def test_a_slope_of_the_spectrum_has_the_distance_that_the_difference_of_the_spectra_has():
    """The first cosine over the bands, 6 dB high, is 6 / sqrt(2) dB in the root mean square."""
    bend = np.zeros((1, NUM_CEPSTRA))
    bend[0, 0] = 6 / 20 * np.log(10)
    assert mel_cepstral_distances(bend, np.zeros((1, NUM_CEPSTRA)))[0, 0] == pytest.approx(6 / np.sqrt(2))


def test_the_cepstrum_of_a_filter_is_that_of_its_response():
    """White noise through y[n] = x[n] + 0.9 x[n - 1] is louder below than above: its first term > 0."""
    white = noise(64_000)
    dull = mel_cepstra(white[1:] + 0.9 * white[:-1]).mean(0)
    bright = mel_cepstra(white[1:] - 0.9 * white[:-1]).mean(0)
    assert dull[0] > 0.3
    assert bright[0] < -0.3


def test_warping_finds_a_known_detour():
    left = np.array([0.0, 1, 2, 3, 4])
    right = np.array([0.0, 1, 1, 1, 2, 4])
    path = warp(np.abs(left[:, None] - right))
    assert path.tolist() == [[0, 0], [1, 1], [1, 2], [1, 3], [2, 4], [3, 4], [4, 5]]


def test_warping_costs_no_more_than_any_other_way():
    distances = np.random.default_rng(1).random((13, 9))
    best = np.full((14, 10), np.inf)
    best[0, 0] = 0
    for i in range(13):
        for j in range(9):
            best[i + 1, j + 1] = distances[i, j] + min(best[i, j], best[i, j + 1], best[i + 1, j])
    path = warp(distances)
    assert distances[path[:, 0], path[:, 1]].sum() == pytest.approx(best[-1, -1])
    steps = np.diff(path, axis=0)
    assert path[0].tolist() == [0, 0]
    assert path[-1].tolist() == [12, 8]
    assert set(map(tuple, steps.tolist())) <= {(0, 1), (1, 0), (1, 1)}


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
def test_warping_of_single_frames(shape):
    assert len(warp(np.ones(shape))) == max(shape)


def test_mel_distance_is_of_the_sound_not_of_loudness_pace_or_silence_around() -> None:
    sound, other = hum(3, seed=1), hum(3, seed=1, pitch_hz=220)
    slower = np.interp(np.arange(0, len(sound), 0.8), np.arange(len(sound)), sound)
    distance = mel_distance(sound, RATE, other, RATE)
    assert distance is not None
    assert mel_distance(sound, RATE, 0.3 * sound, RATE) == pytest.approx(0, abs=0.01)
    padded = np.concatenate([np.zeros(RATE), sound, np.zeros(RATE)])
    assert mel_distance(sound, RATE, padded, RATE) == pytest.approx(0, abs=0.2)
    stretched = mel_distance(sound, RATE, slower, RATE)
    assert stretched is not None
    assert stretched < distance
    assert mel_distance(sound, RATE, np.zeros(RATE), RATE) is None
