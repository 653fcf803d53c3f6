"""Cutting sentences into pieces, and what each piece goes on from."""

from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tts.decoders.mel_stream import Continuation, MelStream, plan_pieces, plan_upstream_pieces

NUM_MELS, WIDTH, REFERENCE = 3, 2, 6


@given(num_frames=st.integers(1, 3000), longest=st.integers(1, 700), first_min=st.integers(1, 120))
def test_pieces_are_as_few_as_possible_and_the_short_one_is_first(
    num_frames: int, longest: int, first_min: int
) -> None:
    lengths = plan_pieces(num_frames, longest, first_min)
    upstream = plan_upstream_pieces(num_frames, longest)
    assert sum(lengths) == sum(upstream) == num_frames
    assert 1 <= min(lengths) <= max(lengths) <= longest
    assert len(lengths) == len(upstream)
    if len(lengths) > 1:
        assert lengths[0] >= min(first_min, longest)
        assert lengths[0] <= max(upstream[-1], min(first_min, longest))


@pytest.mark.parametrize(
    ("num_frames", "lengths"), [(466, [466]), (467, [94, 373]), (566, [100, 466]), (1100, [168, 466, 466])]
)
def test_pieces_of_a_v3_voice(num_frames: int, lengths: list[int]) -> None:
    assert plan_pieces(num_frames, longest=466, first_min=94) == lengths


def test_pieces_as_upstream_has_them() -> None:
    assert plan_upstream_pieces(566, 466) == [466, 100]
    assert plan_upstream_pieces(466, 466) == [466]


class Network:
    """Moves everything by 1; keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[SimpleNamespace] = []

    def embed_condition(self, features: Tensor) -> Tensor:
        return features

    def __call__(self, noisy: Tensor, known: Tensor, condition: Tensor, time: Tensor, step: Tensor) -> Tensor:
        self.told.append(SimpleNamespace(features=condition.mT, mel=known.mT, time=time.item()))
        return torch.ones_like(noisy)


def speak(lengths: list[int], *, fills_reference: bool) -> tuple[Network, list[Tensor | None]]:
    num_frames = sum(lengths)
    features = torch.arange(1.0, num_frames + 1).expand(1, WIDTH, -1)
    reference = Continuation(
        torch.full((1, WIDTH, REFERENCE), -1.0), torch.full((1, NUM_MELS, REFERENCE), -5.0)
    )
    noise = 100 + torch.arange(1.0, num_frames + 1).expand(1, NUM_MELS, -1)
    network = Network()
    stream = MelStream(
        network,  # type: ignore[arg-type]
        features,
        reference,
        noise,
        lengths,
        num_steps=2,
        fills_reference=fills_reference,
    )
    given = []
    while not stream.is_done:
        given.append(stream.step())
    return network, given


@pytest.mark.parametrize("fills_reference", [True, False])
def test_a_piece_comes_every_few_steps_and_all_of_them_are_the_sentence(fills_reference: bool) -> None:
    _, given = speak([4, 9, 2], fills_reference=fills_reference)
    assert [piece is None for piece in given] == [True, False] * 3
    mel = torch.cat([piece for piece in given if piece is not None], dim=2)
    assert torch.allclose(mel[0, 0], 101 + torch.arange(1.0, 16))


@pytest.mark.parametrize(
    ("fills_reference", "heard"),
    [(True, [-1, -1, 1, 2, 3, 4]), (False, [1, 2, 3, 4])],
    ids=["as much as the first one", "as upstream"],
)
def test_after_a_short_piece(fills_reference: bool, heard: list[int]) -> None:
    network, _ = speak([4, 9], fills_reference=fills_reference)
    second = network.told[2]
    assert second.features[0, 0].tolist() == [*heard, *range(5, 14)]
    known = second.mel[0, 0, : len(heard)].tolist()
    assert known == [value + 101 if value > 0 else -5 for value in heard]
    assert not second.mel[0, 0, len(heard) :].any()


def test_after_a_long_piece_its_end_is_heard() -> None:
    for fills_reference in (True, False):
        network, _ = speak([9, 4], fills_reference=fills_reference)
        assert network.told[2].features[0, 0].tolist() == [*range(4, 10), *range(10, 14)]
