"""The oddities of the velocity network that its weights were trained with."""

import pytest
import torch

from tts.checkpoint import BadCheckpoint
from tts.models.dit import (
    HEAD_DIM,
    ResponseNorm,
    RotaryAttention,
    TextEmbedding,
    VelocityNetwork,
    modulated_norm,
)
from tts.models.rotary import RotaryAngles
from tts.models.sizes import Sizes

LENGTH = 9


def attend(attention: RotaryAttention, x: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode():
        return attention(x, RotaryAngles(HEAD_DIM)(LENGTH))


@pytest.mark.parametrize(("silenced_head", "knows_positions"), [(0, False), (1, True)])
def test_only_the_first_head_knows_positions(silenced_head: int, knows_positions: bool) -> None:
    torch.manual_seed(0)
    attention = RotaryAttention(2 * HEAD_DIM)
    with torch.no_grad():
        for layer in (attention.to_q, attention.to_k):
            layer.weight.mul_(8.0)
        rows = slice(silenced_head * HEAD_DIM, (silenced_head + 1) * HEAD_DIM)
        attention.to_v.weight[rows] = 0
        attention.to_v.bias[rows] = 0
    x, order = torch.randn(1, LENGTH, 2 * HEAD_DIM), torch.randperm(LENGTH)
    is_shuffled_alike = torch.allclose(
        attend(attention, x)[:, order], attend(attention, x[:, order]), atol=1e-4
    )
    assert is_shuffled_alike != knows_positions


def test_responses_are_measured_over_time() -> None:
    norm = ResponseNorm(2)
    with torch.no_grad():
        norm.gamma.fill_(1.0)
    x = torch.tensor([[[3.0, 0.0], [4.0, 1.0]]])  # norms over time 5 and 1, their mean 3
    expected = x + x * torch.tensor([5 / 3, 1 / 3])
    assert torch.allclose(norm(x), expected, atol=1e-5)


def test_equal_features_at_other_places_differ() -> None:
    torch.manual_seed(0)
    embedded = TextEmbedding(16, 32, 0)(torch.ones(1, 5, 16))[0]
    assert torch.allclose(embedded[0], torch.cat([torch.full((8,), 2.0), torch.ones(8)]))
    assert not torch.allclose(embedded[1], embedded[2])


@pytest.fixture(scope="module")
def network() -> VelocityNetwork:
    torch.manual_seed(0)
    return VelocityNetwork(10, 16, 128, 2, 256, 1, 32).eval()


def velocity(network: VelocityNetwork, **changed: torch.Tensor) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    inputs = {
        "noisy": torch.randn(1, LENGTH, 10, generator=generator),
        "reference": torch.randn(1, LENGTH, 10, generator=generator),
        "condition": torch.randn(1, LENGTH, 16, generator=generator),
        "time": torch.tensor([0.25]),
        "step": torch.tensor([0.125]),
    }
    with torch.inference_mode():
        return network(**(inputs | changed))


@pytest.mark.parametrize(
    "changed",
    [
        {"noisy": torch.zeros(1, LENGTH, 10)},
        {"reference": torch.zeros(1, LENGTH, 10)},
        {"condition": torch.zeros(1, LENGTH, 16)},
        {"time": torch.tensor([0.5])},
        {"step": torch.tensor([0.25])},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_everything_it_is_told_matters(network: VelocityNetwork, changed: dict[str, torch.Tensor]) -> None:
    plain = velocity(network)
    assert plain.shape == (1, LENGTH, 10)
    assert not torch.allclose(plain, velocity(network, **changed), atol=1e-5)


def test_sizes_come_from_the_tensors(network: VelocityNetwork) -> None:
    weights = {f"net.{name}": tensor for name, tensor in network.state_dict().items()}
    again = VelocityNetwork.from_sizes(Sizes(weights, "some.pth"), "net.")
    shapes = {name: tensor.shape for name, tensor in again.state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in network.state_dict().items()}
    thin = {**weights, "net.proj_out.weight": torch.ones(10, 100)}
    with pytest.raises(BadCheckpoint, match="100 wide, which is no multiple of 64"):
        VelocityNetwork.from_sizes(Sizes(thin, "some.pth"), "net.")
    with pytest.raises(BadCheckpoint, match=r"some\.pth.*missing tensor net\.proj_out\.weight"):
        VelocityNetwork.from_sizes(Sizes({}, "some.pth"), "net.")


def test_a_modulation_of_nothing_leaves_the_norm_as_it_is() -> None:
    x, nothing = torch.randn(2, 5, 8), torch.zeros(2, 1, 8)
    plain = torch.nn.functional.layer_norm(x, (8,), eps=1e-6)
    assert torch.allclose(modulated_norm(x, nothing, nothing), plain, atol=1e-6)
    assert torch.allclose(modulated_norm(x, nothing + 3, nothing + 1), 2 * plain + 3, atol=1e-5)
