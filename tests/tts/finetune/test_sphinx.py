"""pocketsphinx listens to English only, and to each recording as if it were the first."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tts.audio import resample
from tts.finetune import sphinx
from tts.finetune.errors import NoTranscriber
from tts.finetune.sphinx import SphinxTranscriber, find_sphinx
from tts.finetune.transcription import RATE_HZ

BRAM = Path(__file__).parents[3] / "models/demo/voices/Bram/reference.wav"
needs_sphinx = pytest.mark.skipif(importlib.util.find_spec(sphinx.PACKAGE) is None, reason="an extra")


def test_a_missing_package_is_told_with_the_way_to_get_it(monkeypatch) -> None:
    monkeypatch.setattr(sphinx, "PACKAGE", "no_such_package")
    assert find_sphinx({"en"}) is None
    with pytest.raises(NoTranscriber, match=r"requirements-evaluation\.txt"):
        SphinxTranscriber()


@needs_sphinx
def test_it_judges_voices_that_speak_english_alone() -> None:
    assert isinstance(find_sphinx({"en"}), SphinxTranscriber)
    assert find_sphinx({"en", "zh"}) is None
    assert find_sphinx({"zh"}) is None


@needs_sphinx
def test_it_hears_nothing_in_noise_and_survives_short_sounds() -> None:
    transcriber = SphinxTranscriber()
    assert transcriber.transcribe(np.zeros(0, np.float32)).text == ""
    assert transcriber.transcribe(np.zeros(100, np.float32)).text == ""
    noise = np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.01
    first = transcriber.transcribe(noise)
    assert len(first.text.split()) <= 2
    assert transcriber.transcribe(noise) == first


@needs_sphinx
def test_what_was_heard_before_changes_nothing() -> None:
    stored, rate = soundfile.read(BRAM, dtype="float32")
    speech = resample(stored, rate, RATE_HZ)
    transcriber = SphinxTranscriber()
    first = transcriber.transcribe(speech)
    assert first.text.endswith("the lanterns")
    transcriber.transcribe(speech[::-1].copy())
    assert transcriber.transcribe(speech) == first
