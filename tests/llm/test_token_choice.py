"""The choice of a token: transformers' filters, and noise that belongs to the row alone."""

from __future__ import annotations

import pytest
import torch
from transformers import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from llm.sampling import SamplingParams
from llm.token_choice import Choice, choose_tokens

NUM_VOCAB = 100
SEEN = torch.tensor([3, 5, 3, 7])
MIXED = [
    SamplingParams(),
    SamplingParams(temperature=0),
    SamplingParams(top_k=0, top_p=1.0),
    SamplingParams(top_k=1),
    SamplingParams(temperature=1.5, top_k=50, top_p=0.3, repetition_penalty=1.0),
    SamplingParams(temperature=2.0, top_k=3, top_p=1.0, repetition_penalty=2.0),
]


def logits(num_rows: int, seed: int = 0) -> torch.Tensor:
    values = torch.randn(num_rows, NUM_VOCAB, generator=torch.Generator().manual_seed(seed)) * 1.5
    # What the penalty is to change: one likely token, one unlikely one, and one that is said twice.
    values[:, SEEN] = torch.tensor([3.5, -0.5, 3.5, 2.0])
    return values


def draw(row: torch.Tensor, sampling: SamplingParams, seed: int, step: int = 0) -> int:
    return int(choose_tokens(row.clone().unsqueeze(0), [Choice(sampling, seed, step, SEEN)]))


@pytest.mark.parametrize("sampling", MIXED)
def test_frequencies_follow_transformers_filters(sampling) -> None:
    row = logits(1)
    filters = LogitsProcessorList([RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty)])
    if sampling.is_greedy:
        expected = filters(SEEN.unsqueeze(0), row.clone()).argmax(dim=-1)
        assert draw(row[0], sampling, seed=1) == int(expected)
        return
    filters.append(TemperatureLogitsWarper(sampling.temperature))
    filters.append(TopKLogitsWarper(sampling.top_k or NUM_VOCAB))
    filters.append(TopPLogitsWarper(sampling.top_p))
    expected = filters(SEEN.unsqueeze(0), row.clone()).softmax(dim=-1)[0]
    num_draws = 4000
    choices = [Choice(sampling, seed, 0, SEEN) for seed in range(num_draws)]
    drawn = choose_tokens(row.repeat(num_draws, 1), choices)
    measured = torch.bincount(drawn, minlength=NUM_VOCAB) / num_draws
    assert (measured[expected == 0] == 0).all(), "a token that was filtered out has been drawn"
    assert (measured[expected > 0.005] > 0).all(), "a token that should stay has been filtered out"
    # Five standard deviations of a binomial share.
    assert ((measured - expected).abs() <= 5 * (expected * (1 - expected) / num_draws).sqrt() + 1e-9).all()


def test_a_row_chooses_the_same_alone_and_in_any_batch() -> None:
    rows = logits(len(MIXED))
    for step in range(20):
        choices = [Choice(params, 17 * n, step, SEEN) for n, params in enumerate(MIXED)]
        together = choose_tokens(rows.clone(), choices).tolist()
        assert together == [draw(rows[n], MIXED[n], 17 * n, step) for n in range(len(MIXED))]
        backwards = choose_tokens(rows.flip(0), choices[::-1]).tolist()
        assert backwards == together[::-1]


def test_noise_depends_on_seed_and_step() -> None:
    row, free = torch.zeros(NUM_VOCAB), SamplingParams(temperature=1, top_k=0, top_p=1, repetition_penalty=1)
    by_step = [draw(row, free, seed=1, step=step) for step in range(50)]
    by_seed = [draw(row, free, seed=seed) for seed in range(50)]
    assert len(set(by_step)) > 25
    assert len(set(by_seed)) > 25
    assert by_step == [draw(row, free, seed=1, step=step) for step in range(50)]
    assert draw(row, free, seed=2**80 + 3) in range(NUM_VOCAB), "any whole number is a seed"
    assert draw(row, free, seed=-5) in range(NUM_VOCAB)
