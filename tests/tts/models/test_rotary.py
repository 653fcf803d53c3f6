"""Rotary positions: only distances count, and only for the channels that are rotated."""

import math

import torch

from tts.models.rotary import RotaryAngles, rotate


def test_products_depend_on_the_distance_only() -> None:
    angles = RotaryAngles(8)(20)
    query, key = torch.randn(1, 1, 8), torch.randn(1, 1, 8)
    queries, keys = (rotate(vector.expand(1, 20, 8), angles)[0] for vector in (query, key))
    products = queries @ keys.T
    assert torch.allclose(products[3, 7], products[11, 15], atol=1e-5)
    assert not torch.allclose(products[3, 7], products[3, 8], atol=1e-3)
    assert torch.allclose(products[5, 5], (query * key).sum(), atol=1e-5)


def test_neighbouring_channels_are_a_pair_and_others_stay() -> None:
    angles = RotaryAngles(4)(3)
    x = torch.zeros(1, 3, 6)
    x[..., 0] = 1.0
    x[..., 4:] = torch.tensor([5.0, 6.0])
    turned = rotate(x, angles)[0]
    assert torch.allclose(turned[2, :2], torch.tensor([math.cos(2.0), math.sin(2.0)]))
    assert torch.equal(turned[:, 2:], x[0, :, 2:])


def test_stored_frequencies_are_used_as_they_are() -> None:
    rotary = RotaryAngles(4)
    assert list(rotary.state_dict()) == ["inv_freq"]
    rotary.inv_freq.copy_(torch.tensor([0.5, 0.25]))
    assert torch.equal(rotary(3)[2], torch.tensor([1.0, 1.0, 0.5, 0.5]))
