import numpy as np
import pytest

from tts.finetune.speech_part import loudness_dbfs, speech_part

RATE_HZ = 16_000


def test_loudness_is_that_of_the_speech():
    tone = np.sin(np.linspace(0, 2000, RATE_HZ)) * 0.1
    level = loudness_dbfs(tone, RATE_HZ)
    assert level == pytest.approx(-23, abs=0.1)
    assert loudness_dbfs(np.pad(tone, RATE_HZ), RATE_HZ) == pytest.approx(level)
    assert loudness_dbfs(np.zeros(8000), RATE_HZ) is None


def test_the_speech_part_keeps_pauses_inside():
    tone = np.sin(np.linspace(0, 500, 4000)) * 0.1
    samples = np.concatenate([np.zeros(5000), tone, np.zeros(8000), tone, np.zeros(9000)])
    part = speech_part(samples, RATE_HZ)
    assert len(part) == pytest.approx(16_000, abs=160)
    assert len(speech_part(np.zeros(8000), RATE_HZ)) == 0
