from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.finetune.errors import BadRecordings
from tts.finetune.slicing import SlicingSettings, slice_speech

RATE = 8_000
USUAL = SlicingSettings()


def sound(*parts: tuple[float, float]) -> np.ndarray:
    """Noise of (seconds, loudness) parts, one after the other."""
    rng = np.random.default_rng(0)
    return np.concatenate([rng.uniform(-1, 1, round(sec * RATE)) * level for sec, level in parts])


def seconds(spans: list[tuple[int, int]]) -> list[tuple[float, float]]:
    return [(round(start / RATE, 2), round(end / RATE, 2)) for start, end in spans]


def test_pauses_are_cut_at_once_a_clip_is_long_enough() -> None:
    samples = sound((2, 0.5), (0.4, 0), (2.5, 0.5), (0.4, 0), (4.2, 0.5), (0.2, 0), (1, 0.5))
    (first, second) = seconds(slice_speech(samples, RATE, USUAL))
    assert first[0] == 0
    assert 4.9 <= first[1] <= 5.3
    assert second == (first[1], 10.7), "0.2 s is no pause"


def test_long_pauses_leave_half_a_second_on_each_side() -> None:
    samples = sound((2, 0.001), (5, 0.5), (3, 0.0), (5, 0.5), (4, 0.0))
    spans = seconds(slice_speech(samples, RATE, USUAL))
    np.testing.assert_allclose(spans, [(1.5, 7.5), (9.5, 15.5)], atol=0.05)


def test_a_talker_without_pauses_is_cut_at_the_quietest_place() -> None:
    samples = sound((8, 0.5), (0.1, 0.1), (9, 0.5), (0.1, 0.1), (4.5, 0.5))
    spans = seconds(slice_speech(samples, RATE, USUAL))
    assert len(spans) == 3
    np.testing.assert_allclose([span[0] for span in spans], [0, 8.05, 17.15], atol=0.06)


@pytest.mark.parametrize("level", [0.0, 1e-5])
def test_silence_gives_no_clips(level: float) -> None:
    assert slice_speech(sound((30, level)), RATE, USUAL) == []
    assert slice_speech(np.zeros(0), RATE, USUAL) == []


def test_short_and_quiet_recordings_are_kept_whole() -> None:
    assert seconds(slice_speech(sound((1, 0.5)), RATE, USUAL)) == [(0, 1)]
    assert seconds(slice_speech(sound((0.02, 0.5)), RATE, USUAL)) == [(0, 0.02)]
    quiet = sound((5, 0.004), (1.2, 0), (5, 0.004))
    assert len(slice_speech(quiet, RATE, USUAL)) == 2, "quieter than -34 dB of full scale, yet speech"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.01, 20), st.sampled_from([0.0, 0.0, 0.003, 0.3, 1.0])), max_size=8),
    st.floats(4, 15),
)
def test_no_sound_is_lost_and_no_clip_is_too_long(parts, max_length_sec) -> None:
    samples = sound(*parts, (0.5, 0.9))
    spans = slice_speech(samples, RATE, SlicingSettings(max_length_sec=max_length_sec))
    is_kept = np.zeros(len(samples), dtype=bool)
    previous_end = 0
    for start, end in spans:
        assert previous_end <= start < end <= len(samples)
        assert end - start <= max_length_sec * RATE
        is_kept[start:end] = True
        previous_end = end
    assert np.abs(samples[~is_kept]).max(initial=0) < 0.1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"max_length_sec": 3.0}, "max length >= min length"),
        ({"hop_sec": 0.5}, "hop"),
        ({"max_silence_kept_sec": 0.0}, "max silence kept"),
        ({"threshold_db": 3.0}, "below 0 dB"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(wrong, message) -> None:
    with pytest.raises(BadRecordings, match=message):
        SlicingSettings(**wrong)
