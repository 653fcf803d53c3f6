"""The sampler on a network whose field is known."""

import pytest
import torch
from torch import Tensor

from tts.models.flow_matching import EulerRun

NUM_MELS, KNOWN, NEW = 4, 3, 5
FEATURES = torch.ones(1, KNOWN + NEW, 2)
REFERENCE = torch.full((1, NUM_MELS, KNOWN), 7.0)


class Field:
    """Velocity 2 where it is told features, 1 where it is told none; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, float]] = []
        self.known: list[Tensor] = []
        self.moving: list[Tensor] = []

    def embed_condition(self, features: Tensor) -> Tensor:
        return features

    def __call__(self, noisy: Tensor, known: Tensor, condition: Tensor, time: Tensor, step: Tensor) -> Tensor:
        self.asked.append((time.item(), step.item()))
        self.known.append(known)
        self.moving.append(noisy.clone())
        return torch.full_like(noisy, 2.0 if condition.any() else 1.0)


def run(field: Field, noise: Tensor, num_steps: int = 4, guidance: float = 0.0) -> Tensor:
    euler = EulerRun(field, FEATURES, REFERENCE, noise, num_steps, guidance)  # type: ignore[arg-type]
    while not euler.is_done:
        euler.step()
    return euler.mel


def test_steps_follow_the_field_from_noise_to_mel() -> None:
    field, noise = Field(), torch.randn(1, NUM_MELS, NEW)
    assert torch.allclose(run(field, noise), noise + 2.0, atol=1e-6)
    assert field.asked == [(0.0, 0.25), (0.25, 0.25), (0.5, 0.25), (0.75, 0.25)]


def test_the_reference_is_told_but_never_moves() -> None:
    field = Field()
    run(field, torch.randn(1, NUM_MELS, NEW))
    for known, moving in zip(field.known, field.moving, strict=True):
        assert torch.equal(known[:, :KNOWN], REFERENCE.mT)
        assert not known[:, KNOWN:].any()
        assert not moving[:, :KNOWN].any()
        assert moving[:, KNOWN:].all()


def test_guidance_goes_beyond_the_velocity() -> None:
    field, noise = Field(), torch.zeros(1, NUM_MELS, NEW)
    assert torch.allclose(run(field, noise, guidance=0.5), noise + 2.0 + 0.5 * (2.0 - 1.0))
    assert len(field.asked) == 8
    assert not field.known[1].any(), "without reference"


def test_noise_must_fit() -> None:
    with pytest.raises(ValueError, match="noise of 4 frames; 5 are needed"):
        run(Field(), torch.zeros(1, NUM_MELS, 4))
