"""Trainings get labelled clips with tokens and their phones, and never a held-out sentence."""

import numpy as np
import pytest

from demo.speech.features import held_out_features, training_features
from demo.speech.recording import Recording, Run
from demo.speech.shards import ShardWriter
from demo.speech.tokens import code_table
from tts.finetune.features import SAMPLES_PER_TOKEN

RUNS = (Run("pau", 3, 0), Run("m", 5, 0), Run("iy", 6, 1), Run("pau", 4, 2))
NUM_TOKENS = 9


def write(folder, rows) -> None:
    for number, (kind, language) in enumerate(rows):
        writer = ShardWriter(folder, number)
        samples = np.full(NUM_TOKENS * SAMPLES_PER_TOKEN, 16384, np.int16)
        writer.add(kind, "Me.", language, np.array([5, 6, 7]), Recording(samples, RUNS))
        writer.write()


@pytest.fixture
def sources(tmp_path):
    write(tmp_path / "one", [("held-out", "en"), ("reply", "en"), ("random", "en")])
    write(tmp_path / "two", [("held-out", "zh"), ("random", "zh"), ("random", "en")])
    return {tmp_path / "one": ("en",), tmp_path / "two": ("zh",)}


def test_a_clip_has_tokens_and_the_phone_said_at_the_end_of_each(sources):
    clip = training_features(sources)[0]
    assert clip.alignment is not None
    assert clip.alignment.tolist() == [0, 0, 0, 0, 1, 1, 1, 2, 2]
    labels = np.repeat([0, 22, 19, 0], [3, 5, 6, 4])
    assert clip.tokens.shape == (NUM_TOKENS,)
    assert len(labels) == 2 * NUM_TOKENS
    assert clip.tokens[0] == clip.tokens[-1] == code_table().of_label[0]
    assert len(set(clip.tokens[4:7].tolist())) == 1
    np.testing.assert_array_equal(clip.waveform, np.full(NUM_TOKENS * SAMPLES_PER_TOKEN, 0.5, np.float32))


def test_held_out_and_training_clips_are_apart_and_named_apart(sources):
    training, held_out = training_features(sources), held_out_features(sources)
    names = [clip.name for clip in (*training, *held_out)]
    assert len(set(names)) == len(names) == 5
    assert {clip.kind for clip in held_out.clips} == {"held-out"}
    assert "held-out" not in {clip.kind for clip in training.clips}


def test_only_the_languages_asked_for_come(sources):
    assert {(clip.samples_path.parent.name, clip.language) for clip in training_features(sources).clips} == {
        ("one", "en"),
        ("two", "zh"),
    }


def test_semantic_models_need_no_sound(sources):
    assert len(training_features(sources, has_sound=False)[0].waveform) == 0


def test_a_slice_is_a_view_of_the_same_kind(sources):
    assert [clip.name for clip in training_features(sources)[1:]] == [
        clip.name for clip in list(training_features(sources))[1:]
    ]
