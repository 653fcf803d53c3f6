from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from demo.make_acoustic_checkpoint import (
    write_acoustic_model,
    write_hubert,
    write_reference,
    write_speaker_net,
)
from demo.make_semantic_checkpoint import make_semantic
from tests.tts.finetune.recordings import RATE, hum, record
from tts.finetune.clips import Clip
from tts.finetune.comparison import Pair, SimilarityJudge, VoiceJudge
from tts.finetune.reading import ClipReader
from tts.finetune.transcription import Transcript
from tts.models.speaker_encoder import SpeakerEncoder
from tts.versions import VERSIONS
from tts.voice import VoiceLoader

TEXT = "The little boat came home."


class Listener:
    """Hears the first half of the words, always."""

    def transcribe(self, samples: np.ndarray, language: str) -> Transcript:
        return Transcript("The little", language)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("voice")
    write_hubert(folder / "ssl")
    write_acoustic_model(folder / "s2.pth", VERSIONS["v2"])
    make_semantic(folder / "s1.ckpt", eos="likely")
    write_reference(folder / "ref.wav")
    write_speaker_net(folder / "speaker.ckpt")
    return folder


def test_a_pair_speaks_and_is_measured_beside_the_recordings(folder, tmp_path) -> None:
    recordings = [hum(3, seed=i) for i in range(2)]
    clips = [Clip(record(tmp_path / f"{i}.wav", r), "x", "en", TEXT) for i, r in enumerate(recordings)]
    keys = {
        "ref_audio": str(folder / "ref.wav"),
        "ref_text": TEXT,
        "ref_language": "en",
        "target_language": "en",
    }
    encoder = SpeakerEncoder.from_file(folder / "speaker.ckpt")
    judge = VoiceJudge(
        clips,
        keys,
        VoiceLoader(ssl_model=folder / "ssl"),
        ClipReader(),
        similarity=SimilarityJudge(encoder, [(r, RATE) for r in recordings]),
        transcriber=Listener(),
    )
    best = judge.recordings()
    assert (best.mel_distance_db, best.duration_ratio) == (pytest.approx(0, abs=1e-3), pytest.approx(1))
    assert best.similarity is not None
    assert 0.5 < best.similarity <= 1.0001
    assert best.error_rate is not None
    assert 0.3 < best.error_rate < 0.8
    figures = judge.judge(Pair("base", folder / "s1.ckpt", folder / "s2.pth"))
    assert figures.num_failed == 0
    assert figures.mel_distance_db is not None
    assert figures.mel_distance_db > 1
    assert figures.duration_ratio != 1


def test_silence_is_a_failed_sentence_and_similarity_knows_its_speaker(folder, tmp_path) -> None:
    clip = Clip(record(tmp_path / "a.wav", hum(3)), "x", "en", TEXT)
    judge = VoiceJudge([clip], {}, VoiceLoader(ssl_model=folder / "ssl"), ClipReader())
    figures = judge._figures([(np.zeros(RATE), RATE)])
    assert (figures.num_failed, figures.mel_distance_db, figures.similarity) == (1, None, None)
    encoder = SpeakerEncoder.from_file(folder / "speaker.ckpt")
    like = SimilarityJudge(encoder, [(hum(3, seed=1), RATE)])
    assert like.similarity(hum(3, seed=1), RATE) == pytest.approx(1, abs=1e-4)
    assert like.similarity(np.random.default_rng(0).standard_normal(RATE), RATE) < 0.999
