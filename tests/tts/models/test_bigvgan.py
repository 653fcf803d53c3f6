"""BigVGAN: pieces are the whole, activations are what their definition says, sizes come from the files."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from demo.make_flow_checkpoint import BIGVGAN_RATES, HIFIGAN_DILATIONS
from tts.checkpoint import BadCheckpoint
from tts.models.bigvgan import Activation, BigVgan, SnakeBeta
from tts.models.bigvgan_stream import BigVganStream, _StreamedActivation
from tts.models.sizes import Sizes

KERNELS = (8, 8, 4, 4, 4, 4)
SETTINGS = {
    "upsample_rates": list(BIGVGAN_RATES),
    "resblock_dilation_sizes": [list(row) for row in HIFIGAN_DILATIONS],
}


@torch.no_grad()
def make(**options: bool) -> BigVgan:
    torch.manual_seed(0)
    widths = (6, 64, 32, 16, 8, 4, 2, 2)
    model = BigVgan(widths, BIGVGAN_RATES, KERNELS, (3, 5), HIFIGAN_DILATIONS[:2], **options)
    for name, tensor in model.state_dict().items():
        if name.endswith("filter"):
            tensor.copy_(torch.hann_window(14)[1:-1] / 6.5)
        elif name.endswith(("alpha", "beta")):
            tensor.normal_(std=0.3)
    return model.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def model() -> BigVgan:
    return make()


def whole(model: BigVgan, mel: Tensor) -> Tensor:
    return BigVganStream(model).push(mel, is_last=True)


@settings(max_examples=6, deadline=None)
@given(sizes=st.lists(st.integers(1, 30), min_size=1, max_size=4))
def test_pieces_are_the_whole(model: BigVgan, sizes: list[int]) -> None:
    mel = torch.randn(1, 6, sum(sizes), generator=torch.Generator().manual_seed(1))
    stream, pieces = BigVganStream(model), mel.split(sizes, dim=2)
    joined = [stream.push(piece, is_last=i == len(sizes) - 1) for i, piece in enumerate(pieces)]
    samples = torch.cat(joined, dim=2)
    assert samples.shape == (1, 1, 256 * sum(sizes))
    assert torch.allclose(samples, whole(model, mel), atol=1e-5)
    assert samples.std() > 1e-3


def test_activations_at_twice_the_rate(model: BigVgan) -> None:
    """Against the definition: pad, transposed convolution, crop, snake, pad, strided convolution."""
    activation = model.resblocks[0].activations[1]
    assert isinstance(activation, Activation)
    channels = activation.act.alpha.shape[0]
    x = torch.randn(1, channels, 19)
    up, down = activation.upsample.filter, activation.downsample["lowpass"].filter
    padded = F.pad(x, (5, 5), mode="replicate")
    doubled = 2 * F.conv_transpose1d(padded, up.expand(channels, 1, 12), stride=2, groups=channels)
    shaped = F.pad(activation.act(doubled[..., 15:-15]), (5, 6), mode="replicate")
    expected = F.conv1d(shaped, down.expand(channels, 1, 12), stride=2, groups=channels)
    streamed = _StreamedActivation(activation)
    parts = [streamed.push(part, index == 2) for index, part in enumerate(x.split([8, 1, 10], dim=2))]
    assert torch.allclose(torch.cat(parts, dim=2), expected, atol=1e-5)


@pytest.mark.parametrize(("has_beta", "is_log"), [(True, True), (True, False), (False, True)])
def test_the_snake(has_beta: bool, is_log: bool) -> None:
    snake = SnakeBeta(1, has_beta=has_beta, is_log=is_log)
    with torch.no_grad():
        snake.alpha.fill_(0.5)
        if snake.beta is not None:
            snake.beta.fill_(0.25)
    x = torch.tensor(0.7)
    a, b = torch.tensor(0.5), torch.tensor(0.25 if has_beta else 0.5)
    if is_log:
        a, b = a.exp(), b.exp()
    assert torch.allclose(snake(x.view(1, 1, 1)).squeeze(), x + torch.sin(a * x) ** 2 / b)


def test_the_end_is_bent_or_cut() -> None:
    loud = torch.randn(1, 6, 8) * 50
    for has_tanh in (True, False):
        model = make(has_final_tanh=has_tanh)
        model.conv_post.weight.mul_(1000)
        samples = whole(model, loud)
        assert samples.abs().max() <= 1
        assert (samples.abs() > 0.999).any()
    assert (samples.abs() < 0.999).any(), "cut, not everything at the limit"


def test_sizes_come_from_the_files(model: BigVgan) -> None:
    config = {**SETTINGS, "resblock_dilation_sizes": SETTINGS["resblock_dilation_sizes"][:2]}
    again = BigVgan.from_sizes(Sizes(model.state_dict(), "gen.pt", config))
    again.load_state_dict(model.state_dict())
    mel = torch.randn(1, 6, 5)
    assert torch.equal(whole(again.eval(), mel), whole(model, mel))
    assert not BigVgan.from_sizes(
        Sizes(model.state_dict(), "gen.pt", {**config, "use_tanh_at_final": False})
    ).has_final_tanh


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"upsample_rates": [4, 4]}, r"gen\.pt.*upsample_rates \[4, 4\] do not fit"),
        ({"upsample_rates": [4, 4, 2, 2, 2, 1]}, "do not fit transposed"),
        ({"upsample_rates": "4"}, "list of whole numbers"),
        ({"resblock_dilation_sizes": [1, 3]}, "list of whole numbers"),
        ({"resblock": "2"}, '"resblock": "1"'),
    ],
)
def test_settings_that_do_not_fit_are_named(model: BigVgan, changed: dict, match: str) -> None:
    with pytest.raises(BadCheckpoint, match=match):
        BigVgan.from_sizes(Sizes(model.state_dict(), "gen.pt", {**SETTINGS, **changed}))
