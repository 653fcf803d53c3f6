"""The filter chain: upstream's numbers, its quirks by hand, and independence of rows."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tts.sampling import SamplingParams, SamplingTable, draw

GOLDEN = Path(__file__).parents[1] / "data" / "parity" / "golden" / "s1_sampling.npz"
OFF = SamplingParams(top_k=1_000_000, top_p=1.0, temperature=1.0, repetition_penalty=1.0)


def seen_mask(previous: torch.Tensor, num_tokens: int) -> torch.Tensor:
    return torch.zeros(len(previous), num_tokens, dtype=torch.bool).scatter(1, previous, True)


def golden() -> tuple[torch.Tensor, torch.Tensor, list[SamplingParams], torch.Tensor]:
    with np.load(GOLDEN) as arrays:
        logits = torch.from_numpy(arrays["in_logits"])
        seen = seen_mask(torch.from_numpy(arrays["in_previous"]), logits.shape[1])
        params = [SamplingParams(int(k), p, t, r) for k, p, t, r in arrays["in_params"].tolist()]
        return logits, seen, params, torch.from_numpy(arrays["out_probs"])


def chain(
    logits: torch.Tensor, params: list[SamplingParams], seen: torch.Tensor | None = None
) -> torch.Tensor:
    table = SamplingTable(params)
    seen = torch.zeros_like(logits, dtype=torch.bool) if seen is None else seen
    return table.probabilities(table.penalise(logits, seen))


def test_upstreams_probabilities_come_out() -> None:
    logits, seen, params, wanted = golden()
    got = chain(logits, params, seen)
    assert (got - wanted).abs().max() <= 2e-6
    assert torch.equal(got > 0, wanted > 0)


def test_a_row_does_not_depend_on_the_rows_beside_it() -> None:
    logits, seen, params, _ = golden()
    together = chain(logits, params, seen)
    for i in range(len(params)):
        alone = chain(logits[i : i + 1], params[i : i + 1], seen[i : i + 1])
        assert torch.equal(alone[0], together[i]), params[i]


def test_the_penalty_pushes_both_signs_down_and_counts_once() -> None:
    logits = torch.tensor([[2.0, -2.0, 1.0, -1.0]])
    seen = seen_mask(torch.tensor([[0, 1, 0, 0, 1]]), 4)
    table = SamplingTable([SamplingParams(repetition_penalty=2.0)])
    assert table.penalise(logits, seen).tolist() == [[1.0, -4.0, 1.0, -1.0]]


def test_the_token_that_crosses_p_is_dropped_but_never_the_best() -> None:
    probabilities = torch.tensor([[0.5, 0.3, 0.15, 0.05]])
    kept = {0.81: 2, 0.79: 1, 0.4: 1, 1e-9: 1, 0.96: 3, 1.0: 4}
    for top_p, count in kept.items():
        params = SamplingParams(top_k=100, top_p=top_p, repetition_penalty=1.0)
        assert int((chain(probabilities.log(), [params]) > 0).sum()) == count, top_p


def test_top_p_looks_at_probabilities_before_the_temperature() -> None:
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log()
    hot = SamplingParams(top_k=100, top_p=0.81, temperature=5.0, repetition_penalty=1.0)
    assert int((chain(logits, [hot]) > 0).sum()) == 2  # after a temperature of 5 three would be left


def test_top_k_is_capped_keeps_ties_and_one_is_greedy() -> None:
    logits = torch.tensor([[3.0, 1.0, 1.0, 0.0]]).expand(3, 4)
    params = [SamplingParams(top_k=k, repetition_penalty=1.0) for k in (1, 2, 99)]
    assert (chain(logits, params) > 0).sum(1).tolist() == [1, 3, 4]


def test_temperature_zero_is_greedy_and_finite() -> None:
    logits = torch.tensor([[3.0, 2.999, -1.0]])
    probabilities = chain(logits, [SamplingParams(temperature=0.0, repetition_penalty=1.0)])
    assert probabilities[0, 0] == 1.0
    assert probabilities[0, 1] < 1e-40


def test_excluded_tokens_stay_excluded() -> None:
    logits = torch.tensor([[1.0, 2.0, -math.inf]])
    for params in (OFF, SamplingParams(top_p=0.9), SamplingParams(temperature=9.0), SamplingParams(top_k=3)):
        assert chain(logits, [params])[0, 2] == 0


def test_draws_follow_the_probabilities() -> None:
    probabilities = torch.tensor([[0.7, 0.2, 0.1, 0.0]])
    generator = torch.Generator().manual_seed(1)
    counts = torch.zeros(4)
    for _ in range(4000):
        counts[draw(probabilities, [generator])[0]] += 1
    assert (counts / 4000 - probabilities[0]).abs().max() < 0.03
    assert counts[3] == 0


def test_draws_of_a_row_depend_on_its_seed_and_turn_alone() -> None:
    probabilities = torch.softmax(torch.randn(3, 1025, generator=torch.Generator().manual_seed(0)), -1)
    solo = []
    for i in range(3):
        generator = torch.Generator().manual_seed(i)
        solo.append([int(draw(probabilities[i : i + 1], [generator])[0]) for _ in range(5)])
    generators = [torch.Generator().manual_seed(i) for i in range(3)]
    together = torch.stack([draw(probabilities, generators) for _ in range(5)]).T.tolist()
    assert together == solo


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"top_k": 0}, "top_k must be a whole number from 1"),
        ({"top_k": 1.5}, "top_k"),
        ({"top_k": True}, "top_k"),
        ({"top_p": 0.0}, "top_p must be a number above 0 to 1"),
        ({"top_p": 1.01}, "top_p"),
        ({"top_p": math.nan}, "top_p"),
        ({"temperature": -0.1}, "temperature must be a number from 0 to 10"),
        ({"temperature": math.inf}, "temperature"),
        ({"temperature": "1"}, "temperature"),
        ({"repetition_penalty": 0.0}, "repetition_penalty must be a number above 0"),
        ({"repetition_penalty": math.nan}, "repetition_penalty"),
    ],
)
def test_senseless_parameters_are_refused_with_the_valid_range(values: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SamplingParams(**values)
