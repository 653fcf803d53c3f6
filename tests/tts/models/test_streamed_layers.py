"""Streamed layers give what one call gives, however the signal is cut."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts.models.streamed_layers import EdgeWindow, SampleQueue, StreamedConv, StreamedUpsampling

SIGNAL = torch.randn(1, 3, 23, generator=torch.Generator().manual_seed(0))
CUTS = ([23], [1] * 23, [5, 0, 11, 7], [2, 20, 1])


def pushed(layer: StreamedConv | StreamedUpsampling, sizes: list[int]) -> Tensor:
    pieces = SIGNAL.split(sizes, dim=2)
    with torch.inference_mode():
        return torch.cat([layer.push(x, i == len(sizes) - 1) for i, x in enumerate(pieces)], dim=2)


@pytest.mark.parametrize("sizes", CUTS)
@pytest.mark.parametrize(("kernel", "dilation"), [(1, 1), (7, 1), (3, 5)])
def test_convolutions(sizes: list[int], kernel: int, dilation: int) -> None:
    conv = nn.Conv1d(3, 4, kernel, dilation=dilation, padding=dilation * (kernel // 2))
    assert torch.allclose(pushed(StreamedConv(conv), sizes), conv(SIGNAL), atol=1e-5)


@pytest.mark.parametrize("sizes", CUTS)
@pytest.mark.parametrize(("rate", "kernel"), [(2, 2), (4, 8), (10, 20)])
def test_transposed_convolutions(sizes: list[int], rate: int, kernel: int) -> None:
    conv = nn.ConvTranspose1d(3, 2, kernel, rate, padding=(kernel - rate) // 2)
    assert torch.allclose(pushed(StreamedUpsampling(conv), sizes), conv(SIGNAL), atol=1e-5)


@pytest.mark.parametrize("sizes", CUTS)
def test_edges_go_on_for_ever(sizes: list[int]) -> None:
    window = EdgeWindow(2, 3)
    filtered = []
    for index, piece in enumerate(SIGNAL.split(sizes, dim=2)):
        seen = window.push(piece, index == len(sizes) - 1)
        if seen.shape[2] > 5:
            filtered.append(seen.unfold(2, 6, 1).sum(3))
    whole = F.pad(SIGNAL, (2, 3), mode="replicate").unfold(2, 6, 1).sum(3)
    assert torch.allclose(torch.cat(filtered, dim=2), whole, atol=1e-5)


def test_a_queue_gives_what_it_got_in_order() -> None:
    queue = SampleQueue()
    with pytest.raises(RuntimeError, match="nothing was pushed"):
        queue.take(1)
    assert queue.push(SIGNAL[..., :4]) == 4
    first = queue.take(3)
    assert queue.push(SIGNAL[..., 4:]) == 20
    assert torch.equal(torch.cat([first, queue.take(20)], dim=2), SIGNAL)
