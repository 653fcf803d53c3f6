"""From files to decoders: every version and both LoRA kinds, what they share, and what can be missing."""

import shutil
from pathlib import Path

import pytest

from demo.make_acoustic_checkpoint import write_acoustic_model
from demo.make_flow_checkpoint import write_flow_lora, write_flow_model, write_vocoder
from demo.make_semantic_checkpoint import make_semantic
from tts.checkpoint import BadCheckpoint
from tts.decoders.flow_decoder import FlowDecoder
from tts.decoders.loader import DecoderLoader
from tts.pretrained import MissingPart, PretrainedModels
from tts.versions import VERSIONS

FLOW = ("v3", "v4")


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of pretrained parts as upstream has them, with LoRA files and a v2 file beside."""
    folder = tmp_path_factory.mktemp("install")
    models = PretrainedModels(folder)
    for name in FLOW:
        base = models.place(f"acoustic-{name}")
        base.parent.mkdir(parents=True, exist_ok=True)
        write_flow_model(base, VERSIONS[name])
        write_flow_lora(folder / f"{name}_lora.pth", VERSIONS[name])
        write_vocoder(models.place(f"vocoder-{VERSIONS[name].vocoder}"), VERSIONS[name])
    write_acoustic_model(folder / "v2.pth", VERSIONS["v2"])
    return folder


def load(install: Path, name: str, **options):
    return DecoderLoader(PretrainedModels(install)).load(install / name, **options)


@pytest.mark.parametrize("name", FLOW)
def test_a_lora_file_finds_its_base_and_its_vocoder(install: Path, name: str) -> None:
    decoder = load(install, f"{name}_lora.pth", num_steps=4)
    assert isinstance(decoder, FlowDecoder)
    assert (decoder.version.name, decoder.num_steps) == (name, 4)
    assert decoder.vocoder.samples_per_frame * decoder.frames_per_sec == decoder.sample_rate


def test_the_other_family_is_loaded_as_ever(install: Path) -> None:
    assert load(install, "v2.pth").version.name == "v2"


def test_decoders_of_the_same_files_share_their_networks(install: Path) -> None:
    loader = DecoderLoader(PretrainedModels(install))
    one = loader.load(install / "v3_lora.pth", num_steps=4)
    two = loader.load(install / "v3_lora.pth", num_steps=32)
    base = loader.load(install / "s2Gv3.pth")
    assert all(a is b for a, b in zip(one.modules, two.modules, strict=True))
    assert base.modules[0] is not one.modules[0]
    assert base.modules[1] is one.modules[1], "the vocoder"


def test_a_base_may_lie_elsewhere(install: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "tuned_base.pth"
    write_flow_model(elsewhere, VERSIONS["v3"], seed=9)
    named = load(install, "v3_lora.pth", base=elsewhere)
    found = load(install, "v3_lora.pth")
    weights = (decoder.modules[0].state_dict()["estimator.proj_out.weight"] for decoder in (named, found))
    assert not next(weights).equal(next(weights))


def moved(install: Path, tmp_path: Path, gone: str) -> Path:
    """A copy of the install without one part."""
    copy = tmp_path / "copy"
    shutil.copytree(install, copy)
    part = copy / gone
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink()
    return copy


@pytest.mark.parametrize(
    ("name", "gone", "match"),
    [
        (
            "v3_lora.pth",
            "s2Gv3.pth",
            r"v3_lora\.pth is a LoRA file of rank 4.*s2Gv3\.pth.*tts\.fetch.*sovits_base",
        ),
        (
            "s2Gv3.pth",
            "models--nvidia--bigvgan_v2_24khz_100band_256x",
            r"s2Gv3\.pth is a v3 model.*bigvgan.*fetch",
        ),
        ("v4_lora.pth", "gsv-v4-pretrained/vocoder.pth", r"v4_lora\.pth is a v4 model.*vocoder\.pth.*fetch"),
    ],
)
def test_a_missing_part_is_named_with_its_place_and_remedy(
    install: Path, tmp_path: Path, name: str, gone: str, match: str
) -> None:
    with pytest.raises(MissingPart, match=match):
        load(moved(install, tmp_path, gone), name)


def test_a_base_of_the_other_version_is_named(install: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"s2Gv4\.pth: is a v4 file; .*needs the v3 base model"):
        load(install, "v3_lora.pth", base=install / "gsv-v4-pretrained/s2Gv4.pth")


def test_a_v3_model_called_v4_is_named(install: Path) -> None:
    with pytest.raises(
        BadCheckpoint, match=r"s2Gv3\.pth: it says itself that it is a v3 file.*take that away"
    ):
        load(install, "s2Gv3.pth", version="v4")


def test_a_semantic_model_in_its_place_is_named(install: Path, tmp_path: Path) -> None:
    make_semantic(tmp_path / "s1.ckpt")
    with pytest.raises(BadCheckpoint, match=r"s1\.ckpt: is a GPT \(s1\) file; sovits_model must name"):
        load(install, str(tmp_path / "s1.ckpt"))


@pytest.mark.parametrize("num_bytes", [10, 5000, 200_000])
def test_a_file_cut_short_is_named_and_others_still_load(
    install: Path, tmp_path: Path, num_bytes: int
) -> None:
    loader = DecoderLoader(PretrainedModels(install))
    short = tmp_path / "short.pth"
    short.write_bytes((install / "s2Gv3.pth").read_bytes()[:num_bytes])
    with pytest.raises(
        BadCheckpoint, match=r"short\.pth: is cut short or damaged .*; copy or download it again"
    ):
        loader.load(short)
    assert loader.load(install / "v2.pth").version.name == "v2"
