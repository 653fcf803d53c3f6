"""Discriminators: upstream's names and shapes at its widths, and verdicts that can be learned from."""

import pytest
import torch

from tts.finetune.acoustic_losses import discriminator_loss
from tts.finetune.discriminators import (
    SMALL_SIZES,
    UPSTREAM_PRO_SIZES,
    UPSTREAM_SIZES,
    Discriminators,
    DiscriminatorSizes,
    PeriodDiscriminator,
    ScaleDiscriminator,
)

TINY = DiscriminatorSizes(
    periods=(2, 3, 7), period_channels=(4, 8, 8), scale_channels=(4, 8, 8), fft_sizes=(256,)
)


def test_names_and_shapes_are_upstreams() -> None:
    with torch.device("meta"):
        shapes = {n: tuple(t.shape) for n, t in Discriminators(UPSTREAM_SIZES).state_dict().items()}
    scale, period = "discriminators.0.", "discriminators.5."
    assert len(shapes) == 2 * (7 + 5 * 6)
    assert [shapes[f"{scale}convs.{i}.weight"] for i in range(6)] == [
        (16, 1, 15),
        (64, 4, 41),
        (256, 4, 41),
        (1024, 4, 41),
        (1024, 4, 41),
        (1024, 1024, 5),
    ]
    assert shapes[scale + "conv_post.weight"] == (1, 1024, 3)
    assert [shapes[f"{period}convs.{i}.weight"] for i in range(5)] == [
        (32, 1, 5, 1),
        (128, 32, 5, 1),
        (512, 128, 5, 1),
        (1024, 512, 5, 1),
        (1024, 1024, 5, 1),
    ]
    assert shapes[period + "conv_post.weight"] == (1, 1024, 3, 1)
    assert UPSTREAM_PRO_SIZES.periods == (*UPSTREAM_SIZES.periods, 17, 23)


@pytest.mark.parametrize("num_samples", [1280, 1283])
def test_every_discriminator_judges_any_length_and_shows_its_features(num_samples: int) -> None:
    torch.manual_seed(0)
    judges = Discriminators(TINY)
    verdicts = judges(torch.randn(2, 1, num_samples))
    assert len(verdicts) == 5
    for verdict in verdicts:
        assert verdict.scores.shape[0] == 2
        assert len(verdict.features) == 4
        assert torch.equal(verdict.features[-1], verdict.scores)
        assert verdict.scores.numel() > 2  # pieces of the sound are judged, not the whole


def test_a_period_discriminator_compares_samples_a_period_apart_only() -> None:
    torch.manual_seed(0)
    judge = PeriodDiscriminator(5, (4, 4))
    waveform = torch.randn(1, 1, 100)
    changed = waveform.clone()
    changed[..., 42] += 1
    columns = (judge(changed).scores - judge(waveform).scores)[0, 0].abs().sum(0)
    assert columns.nonzero()[:, 0].tolist() == [42 % 5]


def test_narrow_scale_discriminators_have_groups_that_divide_them() -> None:
    judge = ScaleDiscriminator((8, 16, 24, 24, 24, 24))
    assert [conv.groups for conv in judge.convs] == [1, 4, 8, 8, 8, 1]


def test_discriminators_learn_to_tell_a_tone_from_noise() -> None:
    torch.manual_seed(0)
    judges = Discriminators(TINY)
    optimizer = torch.optim.Adam(judges.parameters(), 1e-2)
    tone = torch.sin(torch.arange(640) * 0.1).expand(2, 1, -1)
    for _ in range(20):
        optimizer.zero_grad()
        discriminator_loss(judges(tone), judges(torch.randn(2, 1, 640))).backward()
        optimizer.step()
    with torch.no_grad():
        for recorded, made in zip(judges(tone), judges(torch.randn(2, 1, 640)), strict=True):
            assert float(recorded.scores.mean()) > 0.7
            assert float(made.scores.mean()) < 0.3


def test_small_discriminators_are_small() -> None:
    assert sum(p.numel() for p in Discriminators(SMALL_SIZES).parameters()) < 1_000_000
