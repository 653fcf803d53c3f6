"""The waveform network: pieces equal the whole, and the lookahead is exactly what the layers need."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.checkpoint import BadCheckpoint
from tts.models.hifigan import HifiGan, ResidualBlock
from tts.models.hifigan_stream import HifiGanStream
from tts.models.sizes import Sizes

SHAPES = {
    "usual": {"rates": (5, 4, 2), "upsample_kernels": (11, 8, 2), "kernels": (3, 7, 11)},
    "wide_overlap": {"rates": (2, 2), "upsample_kernels": (8, 6), "kernels": (3, 5)},
    "no_overlap": {"rates": (3, 2), "upsample_kernels": (3, 2), "kernels": (3,)},
    "type_2": {"rates": (5, 4), "upsample_kernels": (11, 8), "kernels": (3, 7), "is_type_2": True},
}


def make(name: str) -> HifiGan:
    torch.manual_seed(3)
    shape = SHAPES[name]
    widths = [4, *(16 >> i for i in range(len(shape["rates"]) + 1))]
    model = HifiGan(
        widths,
        shape["rates"],
        shape["upsample_kernels"],
        shape["kernels"],
        [(1, 3, 5)] * len(shape["kernels"]),
        condition_channels=6,
        is_type_2=shape.get("is_type_2", False),
    )
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model.double().requires_grad_(False)


def stream(model: HifiGan, frames: torch.Tensor, cuts: list[int], condition: torch.Tensor) -> torch.Tensor:
    edges = [0, *sorted(cuts), frames.shape[2]]
    waveform = HifiGanStream(model, condition)
    pairs = list(pairwise(edges))
    pieces = [
        waveform.push(frames[..., start:end], is_last=i == len(pairs) - 1)
        for i, (start, end) in enumerate(pairs)
    ]
    return torch.cat(pieces, dim=2)


@pytest.mark.parametrize("name", SHAPES)
@settings(max_examples=15, deadline=None)
@given(num_frames=st.integers(1, 40), data=st.data())
def test_pieces_equal_the_whole_however_they_are_cut(name: str, num_frames: int, data: st.DataObject) -> None:
    model = make(name)
    cuts = data.draw(st.lists(st.integers(0, num_frames), max_size=8))
    frames = torch.randn(1, 4, num_frames, dtype=torch.float64)
    condition = model.project_condition(torch.randn(1, 6, 1, dtype=torch.float64))
    whole = model(frames, condition)
    joined = stream(model, frames, cuts, condition)
    assert whole.shape == (1, 1, num_frames * model.samples_per_frame)
    assert joined.shape == whole.shape
    assert float((joined - whole).abs().max()) < 1e-12


@pytest.mark.parametrize("name", SHAPES)
def test_lookahead_is_enough_and_not_more(name: str) -> None:
    model = make(name)
    frames = torch.randn(1, 4, 120, dtype=torch.float64)
    at = 60
    changed = frames.clone()
    changed[..., at] += 1
    difference = (model(changed) - model(frames))[0, 0].abs().view(120, -1).amax(1)
    first = int((difference > 0).nonzero()[0])
    last = int((difference > 0).nonzero()[-1])
    assert at - first == model.lookahead_frames
    assert last - at <= model.lookahead_frames


def test_all_samples_within_the_lookahead_are_given_out() -> None:
    model = make("usual")
    waveform = HifiGanStream(model)
    num_samples = waveform.push(torch.randn(1, 4, 30, dtype=torch.float64), is_last=False).shape[2]
    assert num_samples >= (30 - model.lookahead_frames) * model.samples_per_frame


def test_a_vocoder_has_no_condition_but_a_final_bias() -> None:
    model = HifiGan((4, 8, 4), (2,), (4,), (3,), [(1,)], has_final_bias=True)
    assert not hasattr(model, "cond")
    assert model(torch.randn(1, 4, 5)).shape == (1, 1, 10)
    assert model.conv_post.bias is not None


def test_type_2_blocks_are_half_of_type_1() -> None:
    torch.manual_seed(1)
    block = ResidualBlock(4, 3, (1, 3), is_type_2=True)
    assert {name.split(".")[0] for name in block.state_dict()} == {"convs"}
    x = torch.randn(1, 4, 20)
    expected = x
    for conv in block.convs:
        expected = expected + conv(torch.nn.functional.leaky_relu(expected, 0.1))
    assert torch.equal(block(x), expected)


@pytest.mark.parametrize("name", ["usual", "type_2"])
def test_network_is_rebuilt_from_tensor_shapes(name: str) -> None:
    model = make(name)
    weights = {"dec." + name: tensor for name, tensor in model.state_dict().items()}
    dilations = [(1, 3, 5)] * len(SHAPES[name]["kernels"])
    again = HifiGan.from_sizes(Sizes(weights), "dec.", SHAPES[name]["rates"], dilations)
    assert {name: t.shape for name, t in again.state_dict().items()} == {
        name: t.shape for name, t in model.state_dict().items()
    }


@pytest.mark.parametrize("rates", [(5, 4), (5, 4, 3), (20, 4, 2)])
def test_rates_that_do_not_fit_are_named(rates: tuple[int, ...]) -> None:
    weights = {"dec." + name: tensor for name, tensor in make("usual").state_dict().items()}
    with pytest.raises(BadCheckpoint, match="upsample_rates"):
        HifiGan.from_sizes(Sizes(weights), "dec.", rates, [(1, 3, 5)] * 3)
