from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from demo.make_acoustic_checkpoint import PRESETS, write_acoustic_model, write_hubert, write_speaker_net
from tests.tts.finetune.recordings import hum, record
from tts.checkpoint import BadCheckpoint
from tts.finetune.clips import Clip
from tts.finetune.feature_maker import FeatureMaker
from tts.finetune.feature_stage import load_features, save_features, store_features, stored_features
from tts.finetune.features import ClipFeatures
from tts.finetune.reading import ClipReader
from tts.versions import VERSIONS

TEXT = "The little boat came home."


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_hubert(folder / "ssl")
    for name in ("v2", "v2Pro"):
        write_acoustic_model(folder / f"{name}.pth", VERSIONS[name])
    write_speaker_net(folder / "speaker.ckpt")
    return folder


class CountingMaker:
    def __init__(self) -> None:
        self.made: list[str] = []
        self.num_loads = 0

    def load(self) -> CountingMaker:
        self.num_loads += 1
        return self

    def make(self, name: str, clip: Clip) -> ClipFeatures:
        self.made.append(clip.path.stem)
        tokens = np.arange(len(clip.text))
        return ClipFeatures(name, np.arange(3), None, tokens, np.linspace(-1, 1, 9, dtype=np.float32))


@pytest.mark.parametrize("version", ["v2", "v2Pro"])
def test_features_of_a_clip_fit_together(models, tmp_path, version) -> None:
    speaker_net = models / "speaker.ckpt" if version == "v2Pro" else None
    maker = FeatureMaker(models / f"{version}.pth", models / "ssl", speaker_net=speaker_net)
    clip = Clip(record(tmp_path / "a.wav", hum(2.01)), "x", "en", TEXT)
    features = maker.make("a", clip)
    assert features.tokens.shape == (50,)
    assert features.tokens.dtype == np.int64
    assert len(set(features.tokens.tolist())) > 1
    assert len(features.waveform) == pytest.approx(2.01 * 32_000, abs=2)
    assert len(features.waveform) >= 1280 * len(features.tokens) - 1280
    np.testing.assert_array_equal(features.phones, ClipReader("v2").phones(TEXT, "en").ids)
    assert features.bert is None
    if version == "v2Pro":
        assert features.speaker_embedding is not None
        assert features.speaker_embedding.shape == (320 * PRESETS["small"].speaker_width,)
    else:
        assert features.speaker_embedding is None


def test_models_that_do_not_fit_are_named(models, tmp_path) -> None:
    with pytest.raises(BadCheckpoint, match="v2Pro model needs the speaker net"):
        FeatureMaker(models / "v2Pro.pth", models / "ssl")
    write_hubert(tmp_path / "wide", replace(PRESETS["small"], ssl_dim=32))
    with pytest.raises(BadCheckpoint, match=r"32 wide; v2\.pth was made with 64"):
        FeatureMaker(models / "v2.pth", tmp_path / "wide")


def test_all_that_is_saved_is_loaded_again(tmp_path) -> None:
    features = ClipFeatures(
        name="名字",
        phones=np.arange(4),
        bert=np.ones((2, 4), np.float32),
        tokens=np.arange(5),
        waveform=np.linspace(-1, 1, 100, dtype=np.float32),
        ssl=np.ones((10, 3), np.float32),
        speaker_embedding=np.arange(6, dtype=np.float32),
        alignment=np.zeros(5, np.int64),
    )
    save_features(tmp_path / "a.npz", features)
    loaded = load_features(tmp_path / "a.npz")
    for field in fields(ClipFeatures):
        want, got = getattr(features, field.name), getattr(loaded, field.name)
        if field.name == "name":
            assert got == want
        else:
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, atol=1e-4 if field.name == "waveform" else 0)
    bare = replace(features, bert=None, ssl=None, speaker_embedding=None, alignment=None)
    save_features(tmp_path / "a.npz", bare)
    assert load_features(tmp_path / "a.npz").bert is None


def test_only_what_changed_is_computed_again(tmp_path) -> None:
    clips = [Clip(record(tmp_path / f"{i}.wav", hum(1, seed=i)), "x", "en", f"text {i}") for i in range(3)]
    store, maker = tmp_path / "store", CountingMaker()

    def go(clips: list[Clip], models: str = "m") -> list[str]:
        maker.made.clear()
        store_features(clips, maker.load, tmp_path, store, models=models)
        assert len(list(store.iterdir())) == len(clips), "nothing is left over"
        return maker.made

    assert go(clips) == ["0", "1", "2"]
    assert go(clips) == []
    assert maker.num_loads == 1, "models are not even loaded"
    clips[1] = replace(clips[1], text="other text")
    assert go(clips) == ["1"]
    record(clips[2].path, hum(1, seed=9))
    assert go(clips[1:]) == ["2"]
    assert go(clips[1:], models="n") == ["1", "2"]
    stored = stored_features(tmp_path, store)
    assert [features.name.split("-")[0] for features in stored] == ["1", "2"]
    assert stored[0].name != stored[1].name
    assert len(stored[0].tokens) == len("other text")
    assert [features.name for features in stored[1:]] == [stored[-1].name]


def test_an_interrupted_store_keeps_what_is_done(tmp_path) -> None:
    clips = [Clip(record(tmp_path / f"{i}.wav", hum(1, seed=i)), "x", "en", "text") for i in range(3)]
    maker = CountingMaker()

    def stop(num_done: int, num: int) -> None:
        if num_done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store_features(clips, maker.load, tmp_path, tmp_path / "store", models="m", told=stop)
    store_features(clips, maker.load, tmp_path, tmp_path / "store", models="m")
    assert maker.made == ["0", "1", "2"]
