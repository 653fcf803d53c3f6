"""Goldens of stage 1: logits, greedy tokens, the filter chain of sampling, similarity to the mute token."""

import re

import numpy as np
import torch

from evaluation.parity.kit import Golden, Kit
from tts.models.semantic import SemanticModel
from tts.sampling import SamplingParams, SamplingTable
from tts.semantic_decoding import SemanticBatch, SemanticRequest, generate


def greedy_request(
    phones: np.ndarray, bert: np.ndarray, prompt: np.ndarray, repetition_penalty: float
) -> SemanticRequest:
    """A request as the goldens were recorded: always the best token, to the model's own end."""
    sampling = SamplingParams(top_k=1, repetition_penalty=repetition_penalty)
    return SemanticRequest(phones, bert, prompt, sampling=sampling, stops_loops=False)


def run_greedy(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`s1_*`: logits of the first steps and the tokens up to the end, with or without a prompt."""
    arrays = kit.arrays(golden.name)
    model = kit.semantic_model(golden.model)
    prompt = arrays.get("in_prompt", np.zeros(0, np.int64))
    logits: list[torch.Tensor] = []
    request = greedy_request(
        arrays["in_phones"], arrays["in_bert"], prompt, float(arrays["in_repetition_penalty"])
    )
    row = generate(model, request, on_logits=logits.append)
    num_logits = golden.outputs["out_step_logits"]["shape"][0]
    return {
        "out_prefill_logits": logits[0].numpy(),
        "out_step_logits": torch.stack(logits[:num_logits]).numpy(),
        "out_tokens": np.array(row.tokens[: _token_limit(golden)], np.int64),
        "out_n_tokens": np.array(len(row.tokens), np.int64),
        "out_full_sequence": np.array(row.full_sequence, np.int64),
    }


def run_batch(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`s1_*_batchN`: several texts grown together behind one prompt."""
    arrays = kit.arrays(golden.name)
    model: SemanticModel = kit.semantic_model(golden.model)
    num_texts = sum(name.startswith("in_phones") for name in arrays)
    batch = SemanticBatch(model, max_rows=num_texts)
    penalty = SamplingParams().repetition_penalty
    rows = [
        batch.add(
            greedy_request(arrays[f"in_phones{i}"], arrays[f"in_bert{i}"], arrays["in_prompt"], penalty)
        )
        for i in range(num_texts)
    ]
    while growing := [row for row in rows if row.is_growing]:
        batch.step(growing)
    limit = _token_limit(golden)
    return {f"out_tokens{i}": np.array(row.tokens[:limit], np.int64) for i, row in enumerate(rows)}


def _token_limit(golden: Golden) -> int | None:
    """How many tokens were recorded, where the index says that it kept only the first ones."""
    limit = re.search(r"up to\)? (\d+)", golden.description)
    return int(limit[1]) if limit else None


def run_sampling(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`s1_sampling`: logits and previous tokens -> the probabilities a token is drawn from, row by row."""
    arrays = kit.arrays(golden.name)
    rows = zip(arrays["in_logits"], arrays["in_previous"], arrays["in_params"], strict=True)
    return {"out_probs": np.stack([_probabilities(*row) for row in rows])}


def _probabilities(logits: np.ndarray, previous: np.ndarray, params: np.ndarray) -> np.ndarray:
    top_k, top_p, temperature, repetition_penalty = params.tolist()
    table = SamplingTable([SamplingParams(int(top_k), top_p, temperature, repetition_penalty)])
    seen = torch.zeros(1, len(logits), dtype=torch.bool)
    seen[0, torch.from_numpy(previous)] = True
    return table.probabilities(table.penalise(torch.from_numpy(logits)[None], seen))[0].numpy()


def run_mute_similarity(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`s1_mute_similarity`: cosine of every token's embedding with the mute token's."""
    with torch.inference_mode():
        return {"out_sim": kit.semantic_model(golden.model).mute_similarity().numpy()}
