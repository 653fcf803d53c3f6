"""Tokens are the nearest codebook rows."""

import torch

from tts.models.quantizer import SemanticQuantizer


def make() -> SemanticQuantizer:
    torch.manual_seed(0)
    quantizer = SemanticQuantizer(ssl_dim=8, num_codes=50, stride=2)
    quantizer.codebook.normal_()
    return quantizer.requires_grad_(False)


def test_codebook_rows_are_their_own_tokens() -> None:
    quantizer = make()
    tokens = torch.tensor([3, 0, 49, 3])
    assert torch.equal(quantizer.encode(quantizer.decode(tokens)), tokens)


def test_nearest_row_wins() -> None:
    quantizer = make()
    points = torch.randn(1, 8, 30)
    distances = (points[0].T[:, None] - quantizer.codebook[None]).norm(dim=2)
    assert torch.equal(quantizer.encode(points), distances.argmin(1))


def test_an_odd_last_frame_is_dropped() -> None:
    assert make().project(torch.randn(1, 7, 8)).shape == (1, 8, 3)
