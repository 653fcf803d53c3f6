"""The flow undoes what it does in training, and its condition matters."""

import torch

from tts.models.flow import Flow
from tts.models.sizes import Sizes


def make() -> Flow:
    torch.manual_seed(0)
    return Flow(channels=6, hidden=8, kernel_size=5, num_layers=3, num_couplings=4, condition=5).double()


def forward(flow: Flow, x: torch.Tensor, conditions: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The training direction, written here independently: couple, then flip, layer by layer."""
    for coupling, condition in zip(flow.couplings, conditions, strict=True):
        kept, moved = x.chunk(2, dim=1)
        moved = moved + coupling.post(coupling.enc(coupling.pre(kept), condition))
        x = torch.cat([kept, moved], dim=1).flip(1)
    return x


def test_inverse_undoes_the_training_direction() -> None:
    flow = make()
    x = torch.randn(1, 6, 20, dtype=torch.float64)
    conditions = flow.project_condition(torch.randn(1, 5, 1, dtype=torch.float64))
    moved = forward(flow, x, conditions)
    assert not torch.allclose(moved, x)
    assert torch.equal(flow(x, conditions), moved)
    assert torch.allclose(flow.invert(moved, conditions), x, atol=1e-12)


def test_each_voice_has_its_own_result() -> None:
    flow = make()
    x = torch.randn(1, 6, 20, dtype=torch.float64)
    one, two = (flow.invert(x, flow.project_condition(torch.full((1, 5, 1), v).double())) for v in (0.1, 2.0))
    assert not torch.allclose(one, two)


def test_flow_is_rebuilt_from_tensor_shapes() -> None:
    flow = make()
    weights = {"flow." + name: tensor for name, tensor in flow.state_dict().items()}
    again = Flow.from_sizes(Sizes(weights), "flow.")
    assert {n: t.shape for n, t in again.state_dict().items()} == {
        n: t.shape for n, t in flow.state_dict().items()
    }
