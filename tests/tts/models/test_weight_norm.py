"""Folding agrees with torch's own weight norm, for both ways of storing it."""

import torch
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from tts.models.weight_norm import fold_weight_norm, unfold_weight_norm


def test_folding_equals_torchs_weight_norm() -> None:
    torch.manual_seed(0)
    for layer in (nn.Conv1d(3, 5, 3), nn.ConvTranspose1d(4, 2, 6)):
        normed = weight_norm(layer)
        with torch.no_grad():
            normed.parametrizations.weight.original0.uniform_(0.5, 2)
        stored = {f"a.{name}": tensor for name, tensor in normed.state_dict().items()}
        folded = fold_weight_norm(stored)
        assert set(folded) == {"a.weight", "a.bias"}
        assert torch.allclose(folded["a.weight"], normed.weight, atol=1e-6)


def test_unfolding_and_folding_is_the_identity() -> None:
    weight = torch.randn(4, 2, 5)
    unfolded = unfold_weight_norm({"x.weight": weight, "x.bias": torch.zeros(4)}, ["x.weight"])
    assert {name: tuple(t.shape) for name, t in unfolded.items()} == {
        "x.bias": (4,),
        "x.weight_g": (4, 1, 1),
        "x.weight_v": (4, 2, 5),
    }
    assert torch.allclose(fold_weight_norm(unfolded)["x.weight"], weight, atol=1e-6)


def test_half_precision_is_multiplied_in_single() -> None:
    folded = fold_weight_norm({"x.weight_g": torch.ones(1, 1).half(), "x.weight_v": torch.ones(1, 9).half()})
    assert folded["x.weight"].dtype == torch.float32


def test_a_lone_half_keeps_its_name() -> None:
    assert set(fold_weight_norm({"x.weight_g": torch.ones(1, 1, 1)})) == {"x.weight_g"}
