"""Bases that do not say what they are: a Pro model of unusual width, without a mark, is told by `version`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tts.finetune.acoustic_cases import TINY_DISCRIMINATORS, hum, tiny_networks
from tts.checkpoint import BadCheckpoint
from tts.finetune import epochs, training_stages
from tts.finetune.acoustic_networks import AcousticNetworks
from tts.finetune.acoustic_settings import ADVERSARIAL, FINE_TUNING, SMALL_FINE_TUNING
from tts.finetune.bases import find_bases
from tts.finetune.discriminators import NO_DISCRIMINATORS, UPSTREAM_PRO_SIZES
from tts.finetune.epochs import EpochPlan, kept_epochs

SEMANTIC = Path(__file__).parents[2] / "data" / "parity" / "weights" / "s1_v2.ckpt"


@pytest.fixture
def unmarked(tmp_path: Path) -> Path:
    path = tmp_path / "base.pth"
    networks = tiny_networks("v2ProPlus")
    networks.config = {**networks.config, "model": {**networks.config["model"], "version": "custom"}}
    networks.export(path, is_base=True)
    path.write_bytes(b"PK" + path.read_bytes()[2:])
    return path


def test_a_base_that_does_not_say_its_version_is_an_error_that_names_the_choices(unmarked: Path) -> None:
    wanted = r"fit v2Pro and v2ProPlus alike .* give version = one of v2Pro, v2ProPlus"
    with pytest.raises(BadCheckpoint, match=wanted):
        AcousticNetworks.from_base(unmarked, discriminator_sizes=TINY_DISCRIMINATORS)
    with pytest.raises(BadCheckpoint, match=wanted):
        find_bases(SEMANTIC, unmarked)
    with pytest.raises(BadCheckpoint, match="not of v2"):
        find_bases(SEMANTIC, unmarked, version="v2")


@pytest.mark.parametrize(("version", "mark"), [("v2Pro", b"05"), ("v2ProPlus", b"06")])
def test_told_its_version_it_is_trained_and_comes_out_marked(
    tmp_path: Path, unmarked: Path, version: str, mark: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    bases = find_bases(SEMANTIC, unmarked, version=version)
    assert bases.version.name == version
    monkeypatch.setattr(epochs, "MIN_CLIPS_PER_EPOCH", 1)
    short = replace(SMALL_FINE_TUNING, window_tokens=12, segment_frames=8)
    monkeypatch.setattr(training_stages, "SMALL_FINE_TUNING", short)
    plan = EpochPlan(num_epochs=1, keep_every=1, batch_size=2)
    clips = [hum(seed=seed) for seed in range(2)]
    given = training_stages.VoiceTraining(clips, [], bases, plan, tmp_path, "cpu")
    training_stages.train_acoustic_stage(given)
    assert kept_epochs(tmp_path)[1].read_bytes()[:2] == mark


def test_bases_of_other_phone_tables_are_refused_as_a_pair(unmarked: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"s1_v1\.ckpt: knows 512 phones .*of 732 phones"):
        find_bases(SEMANTIC.with_name("s1_v1.ckpt"), unmarked, version="v2Pro")


def test_a_small_base_without_discriminators_is_not_given_fresh_ones_to_please(
    unmarked: Path,
) -> None:
    small = find_bases(SEMANTIC, unmarked, version="v2Pro")
    assert small.is_small
    assert not training_stages.acoustic_settings(small).is_adversarial
    assert training_stages.discriminator_sizes(small) == NO_DISCRIMINATORS
    with_judges = replace(small, discriminators=Path("s2D.pth"))
    assert training_stages.acoustic_settings(with_judges) is ADVERSARIAL
    assert training_stages.discriminator_sizes(with_judges) == UPSTREAM_PRO_SIZES
    published = replace(small, decoder_width=512)
    assert training_stages.acoustic_settings(published) is FINE_TUNING
