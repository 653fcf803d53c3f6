from __future__ import annotations

import numpy as np
import pytest
import soundfile

from tts.audio import BadAudio
from tts.finetune.loudness import even_loudness, read_mono, training_waveform


def tone(level: float, rate: int = 16_000) -> np.ndarray:
    return level * np.sin(2 * np.pi * 220 * np.arange(rate) / rate)


def test_clips_come_closer_in_loudness_but_not_all_the_way() -> None:
    quiet, loud = even_loudness(tone(0.1)), even_loudness(tone(0.8))
    assert np.abs(quiet).max() == pytest.approx(0.525, abs=0.001), "0.95 / 2 + 0.1 / 2"
    assert np.abs(loud).max() == pytest.approx(0.875, abs=0.001)


def test_beyond_full_scale_is_brought_back_and_silence_stays() -> None:
    assert np.abs(even_loudness(tone(3.0))).max() == pytest.approx(0.975, abs=0.001)
    silence = np.zeros(100, dtype=np.float32)
    np.testing.assert_array_equal(even_loudness(silence), silence)
    assert np.isfinite(even_loudness(np.zeros(0))).all()


def test_training_hears_mono_at_32_khz(tmp_path) -> None:
    stereo = np.stack([tone(0.5), np.zeros(16_000)], axis=1)
    soundfile.write(tmp_path / "a.wav", stereo, 16_000)
    samples, rate = read_mono(tmp_path / "a.wav")
    assert (samples.shape, rate) == ((16_000,), 16_000)
    assert np.abs(samples).max() == pytest.approx(0.25, abs=0.001)
    waveform = training_waveform(samples, rate)
    assert waveform.dtype == np.float32
    assert abs(len(waveform) - 32_000) <= 1
    with pytest.raises(BadAudio, match="no such file"):
        read_mono(tmp_path / "b.wav")
