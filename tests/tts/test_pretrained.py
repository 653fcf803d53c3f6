"""Finding the pretrained parts: the three layouts users have, incomplete folders, and what the errors say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts.pretrained import BERT, G2PW, SPEAKER_NET, SSL, MissingPart, PretrainedModels, parts, parts_for
from tts.versions import VERSIONS


def put(root: Path, name: str) -> Path:
    """Lays down a part with empty files, and returns its place."""
    part = parts()[name]
    names = [f"{part.path}/{choice[0]}" for choice in part.files] or [part.path]
    for file_name in names:
        file = root / file_name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    return root / part.path


@pytest.mark.parametrize("inner", ["", "pretrained_models", "GPT_SoVITS/pretrained_models"])
@pytest.mark.parametrize("name", sorted(parts()))
def test_every_part_is_found_in_every_layout(tmp_path, inner, name) -> None:
    place = put(tmp_path / inner, name)
    assert PretrainedModels(tmp_path).require(name) == place


def test_the_paths_are_those_of_an_upstream_install(tmp_path) -> None:
    models = PretrainedModels(tmp_path)
    assert models.place(SSL) == tmp_path / "chinese-hubert-base"
    assert models.place(BERT) == tmp_path / "chinese-roberta-wwm-ext-large"
    assert models.place(SPEAKER_NET) == tmp_path / "sv/pretrained_eres2netv2w24s4ep4.ckpt"
    assert models.place("semantic-v4") == models.place("semantic-v2Pro") == tmp_path / "s1v3.ckpt"
    assert models.place("acoustic-v1") == tmp_path / "s2G488k.pth"


def test_every_version_has_its_bases_and_its_vocoder(tmp_path) -> None:
    models = PretrainedModels(tmp_path)
    for version in VERSIONS.values():
        acoustic, semantic = (put(tmp_path, f"{kind}-{version.name}") for kind in ("acoustic", "semantic"))
        assert models.acoustic_base(version.name) == acoustic
        assert models.semantic_base(version.name) == semantic
        if version.vocoder:
            vocoder = put(tmp_path, f"vocoder-{version.vocoder}")
            assert models.vocoder(version.vocoder) == vocoder


def test_upstream_keeps_g2pw_beside_the_text_code(tmp_path) -> None:
    (tmp_path / "GPT_SoVITS/pretrained_models").mkdir(parents=True)
    folder = tmp_path / "GPT_SoVITS/text/G2PWModel"
    folder.mkdir(parents=True)
    for name in ("g2pW.onnx", "POLYPHONIC_CHARS.txt"):
        (folder / name).touch()
    found = PretrainedModels(tmp_path).find(G2PW)
    assert found is not None
    assert found.resolve() == folder.resolve()


def test_either_form_of_the_weights_will_do(tmp_path) -> None:
    folder = tmp_path / "chinese-hubert-base"
    folder.mkdir()
    (folder / "config.json").touch()
    models = PretrainedModels(tmp_path)
    assert models.find(SSL) is None
    (folder / "pytorch_model.bin").touch()
    assert models.find(SSL) == folder


def test_the_place_that_was_chosen_is_the_only_one(tmp_path) -> None:
    put(tmp_path, SSL)
    models = PretrainedModels(tmp_path, {SSL: tmp_path / "mine", BERT: None})
    assert models.place(SSL) == tmp_path / "mine"
    assert models.find(SSL) == tmp_path / "mine", "that it is empty is for its reader to say"
    assert models.lacking(SSL) == ("config.json", "model.safetensors or pytorch_model.bin")
    with pytest.raises(MissingPart, match="mine"):
        models.require(SSL)
    assert models.place(BERT) == tmp_path / "chinese-roberta-wwm-ext-large"


def test_what_is_missing_is_said_with_the_place_and_the_remedy(tmp_path) -> None:
    folder = tmp_path / "models--nvidia--bigvgan_v2_24khz_100band_256x"
    folder.mkdir()
    (folder / "config.json").touch()
    with pytest.raises(MissingPart) as caught:
        PretrainedModels(tmp_path).vocoder("bigvgan")
    message = str(caught.value)
    assert message.startswith(f"{folder}: it lacks bigvgan_generator.pt")
    assert "vocoder of v3" in message
    assert "config.json" not in message
    assert "python -m tts.fetch" in message
    with pytest.raises(MissingPart, match="no such file"):
        PretrainedModels(tmp_path).acoustic_base("v4")
    assert issubclass(MissingPart, ValueError), "what is wrong with a speaker is a ValueError for its loader"


def test_a_complete_copy_wins_over_a_broken_one(tmp_path) -> None:
    install = tmp_path / "GPT_SoVITS/pretrained_models"
    (install / "chinese-hubert-base").mkdir(parents=True)
    complete = put(tmp_path, SSL)
    assert PretrainedModels(tmp_path).find(SSL) == complete


def test_what_a_file_takes_besides_it() -> None:
    named = {name: parts_for(version) for name, version in VERSIONS.items()}
    assert named == {
        "v1": (),
        "v2": (),
        "v2Pro": (SPEAKER_NET,),
        "v2ProPlus": (SPEAKER_NET,),
        "v3": ("vocoder-bigvgan",),
        "v4": ("vocoder-hifigan",),
    }
    assert parts_for(VERSIONS["v4"], is_lora=True) == ("acoustic-v4", "vocoder-hifigan")
    assert all(name in parts() for version in VERSIONS.values() for name in parts_for(version, is_lora=True))
