"""Rows in a batch: upstream's tokens, independence of neighbours, endings, budgets and errors."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from demo.make_semantic_checkpoint import make_semantic
from tts.checkpoint import read_checkpoint
from tts.errors import SentenceFailed
from tts.models.semantic import SemanticModel
from tts.sampling import SamplingParams
from tts.semantic_decoding import Row, SemanticBatch, SemanticRequest, generate

PARITY = Path(__file__).parents[1] / "data" / "parity"
INDEX = {row["name"]: row for row in json.loads((PARITY / "index.json").read_text("utf-8"))["goldens"]}
GREEDY = SamplingParams(top_k=1)
NO_PROMPT = np.zeros(0, np.int64)


def load(path: Path) -> SemanticModel:
    return SemanticModel.from_checkpoint(read_checkpoint(path))


@pytest.fixture(scope="module")
def kit() -> dict[str, SemanticModel]:
    return {name: load(PARITY / "weights" / f"s1_{name}.ckpt") for name in ("v1", "v2")}


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> SemanticModel:
    path = tmp_path_factory.mktemp("models") / "endless.ckpt"
    make_semantic(path, seed=1)
    return load(path)


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> SemanticModel:
    path = tmp_path_factory.mktemp("models") / "brief.ckpt"
    make_semantic(path, seed=2, eos="likely")
    return load(path)


def golden(name: str) -> dict[str, np.ndarray]:
    with np.load(PARITY / "golden" / f"{name}.npz") as arrays:
        return {key: arrays[key] for key in arrays.files}


def request(number: int, **changes: object) -> SemanticRequest:
    """Return the request of that number: each has its own text, prompt, seed and parameters."""
    dice = np.random.default_rng(number)
    num_phones = 8 + 5 * (number % 4)
    values: dict = {
        "phones": dice.integers(0, 700, num_phones),
        "bert": dice.standard_normal((96, num_phones)).astype(np.float32),
        "prompt": dice.integers(0, 1000, 7 * (number % 3)),
        "sampling": SamplingParams(
            top_k=5 + 10 * (number % 3), top_p=(1.0, 0.9)[number % 2], temperature=0.7 + 0.2 * (number % 3)
        ),
        "seed": 100 + number,
        "max_new_tokens": 30,
        "stops_loops": False,
    }
    return SemanticRequest(**{**values, **changes})


def finish(batch: SemanticBatch, rows: list[Row]) -> None:
    while growing := [row for row in rows if row.is_growing]:
        batch.step(growing)


# --- upstream's numbers


@pytest.mark.parametrize("suffix", ["", "_noprompt"])
@pytest.mark.parametrize("name", ["v1", "v2"])
def test_upstreams_logits_and_tokens_come_out(kit: dict, name: str, suffix: str) -> None:
    arrays = golden(f"s1_{name}{suffix}")
    outputs = INDEX[f"s1_{name}{suffix}"]["outputs"]
    logits: list[torch.Tensor] = []
    row = generate(
        kit[name],
        SemanticRequest(
            phones=arrays["in_phones"],
            bert=arrays["in_bert"],
            prompt=arrays.get("in_prompt", NO_PROMPT),
            sampling=SamplingParams(top_k=1, repetition_penalty=float(arrays["in_repetition_penalty"])),
            max_new_tokens=40 if suffix else 1500,
        ),
        on_logits=logits.append,
    )
    assert row.tokens == arrays["out_tokens"].tolist()
    assert row.finish_reason == ("length" if suffix else "stop")
    got = torch.stack(logits[:20]).numpy()
    assert np.abs(got - arrays["out_step_logits"]).max() <= outputs["out_step_logits"]["tol"]
    assert np.abs(got[0] - arrays["out_prefill_logits"]).max() <= outputs["out_prefill_logits"]["tol"]
    if not suffix:
        assert row.full_sequence == arrays["out_full_sequence"].tolist()


@pytest.mark.parametrize("batch_invariant", [False, True])
def test_upstreams_batch_of_three_comes_out(kit: dict, batch_invariant: bool) -> None:
    arrays = golden("s1_v2_batch3")
    batch = SemanticBatch(kit["v2"], max_rows=3, batch_invariant=batch_invariant)
    rows = [
        batch.add(
            SemanticRequest(
                phones=arrays[f"in_phones{i}"],
                bert=arrays[f"in_bert{i}"],
                prompt=arrays["in_prompt"],
                sampling=GREEDY,
                max_new_tokens=60,
            )
        )
        for i in range(3)
    ]
    finish(batch, rows)
    assert [row.tokens for row in rows] == [arrays[f"out_tokens{i}"].tolist() for i in range(3)]


# --- neighbours


def test_tokens_do_not_depend_on_who_else_is_there(endless: SemanticModel) -> None:
    solo = [generate(endless, request(i)).tokens for i in range(7)]
    assert all(len(tokens) == 30 for tokens in solo)
    assert len({tuple(tokens) for tokens in solo}) == 7
    batch = SemanticBatch(endless, max_rows=4)
    waiting = list(range(7))
    running: dict[int, Row] = {}
    tokens: dict[int, list[int]] = {}
    turn = 0
    while waiting or running:
        if waiting and batch.num_free and turn % 3 == 0:  # joins in the middle of others
            number = waiting.pop(0)
            running[number] = batch.add(request(number))
        resting = turn % 5  # and everybody has to rest at times
        batch.step([row for number, row in running.items() if number % 5 != resting])
        for number, row in list(running.items()):
            if not row.is_growing:
                tokens[number] = row.tokens
                batch.remove(running.pop(number))
        turn += 1
    assert [tokens[i] for i in range(7)] == solo


def test_batch_invariant_rows_have_the_bits_of_solo_rows(endless: SemanticModel) -> None:
    def listen(batch: SemanticBatch, numbers: range) -> list[torch.Tensor]:
        heard: dict[int, list[torch.Tensor]] = {i: [] for i in numbers}
        rows = [batch.add(request(i), heard[i].append) for i in numbers]
        finish(batch, rows)
        return [torch.stack(heard[i]) for i in numbers]

    together = listen(SemanticBatch(endless, max_rows=5, batch_invariant=True), range(5))
    for i in range(5):
        (alone,) = listen(SemanticBatch(endless, max_rows=1), range(i, i + 1))
        assert torch.equal(together[i], alone)


def test_the_seed_alone_decides(endless: SemanticModel) -> None:
    assert generate(endless, request(3)).tokens == generate(endless, request(3)).tokens
    assert generate(endless, request(3)).tokens != generate(endless, request(3, seed=4)).tokens
    greedy = [generate(endless, request(3, seed=seed, sampling=GREEDY)).tokens for seed in (1, -1)]
    assert greedy[0] == greedy[1]


def test_a_place_is_free_again_and_its_past_forgotten(endless: SemanticModel) -> None:
    wanted = generate(endless, request(2)).tokens
    batch = SemanticBatch(endless, max_rows=1)
    for number in (5, 6):
        row = batch.add(request(number))
        batch.step([row])
        with pytest.raises(RuntimeError, match="all 1 rows are taken"):
            batch.add(request(2))
        batch.remove(row)  # cancelled half-way
    row = batch.add(request(2))
    finish(batch, [row])
    assert row.tokens == wanted
    batch.remove(row)
    assert (batch.num_rows, batch.num_free) == (0, 1)


# --- endings


def test_no_end_among_the_first_eleven(brief: SemanticModel) -> None:
    lengths = []
    for seed in range(30):
        row = generate(brief, request(seed, max_new_tokens=200, sampling=SamplingParams()))
        assert brief.eos_id not in row.tokens
        assert row.finish_reason == "stop"
        lengths.append(len(row.tokens))
    assert min(lengths) >= 11
    assert min(lengths) < 20
    assert max(lengths) > 20


def test_an_end_that_is_the_best_token_counts_even_if_another_was_drawn(brief: SemanticModel) -> None:
    def generate_with_eos_logit(value: float, seed: int) -> Row:
        weight = brief.head.weight[brief.eos_id].clone()
        bias = brief.blocks[-1].norm2.bias
        brief.head.weight[brief.eos_id] = bias * (value / bias.dot(bias))
        hot = SamplingParams(temperature=10.0)
        row = generate(brief, request(0, seed=seed, max_new_tokens=40, sampling=hot))
        brief.head.weight[brief.eos_id] = weight
        return row

    # So hot that the end is drawn once in eight times; yet it is the best token, so it ends the row at once.
    for seed in range(4):
        assert len(generate_with_eos_logit(12.0, seed).tokens) == 11
    assert generate_with_eos_logit(-100.0, 0).finish_reason == "length"


def test_the_budget_is_kept_to_the_token(endless: SemanticModel) -> None:
    for number in (1, 2, 13):
        row = generate(endless, request(0, max_new_tokens=number))
        assert (len(row.tokens), row.finish_reason) == (number, "length")
    assert (
        generate(endless, request(0, max_new_tokens=13)).tokens == generate(endless, request(0)).tokens[:13]
    )


def test_loops_are_ended_and_cut(endless: SemanticModel) -> None:
    stuck = SamplingParams(top_k=1, repetition_penalty=0.1)  # rewards what has been said
    free = generate(endless, request(0, sampling=stuck, max_new_tokens=400))
    assert (free.finish_reason, len(free.tokens)) == ("length", 400)
    row = generate(endless, request(0, sampling=stuck, max_new_tokens=400, stops_loops=True))
    assert row.finish_reason == "loop"
    assert len(row.tokens) < 75
    assert row.tokens == free.tokens[: len(row.tokens)]


# --- errors


def test_values_that_are_not_numbers_end_one_row_only(endless: SemanticModel) -> None:
    wanted = generate(endless, request(2)).tokens
    batch = SemanticBatch(endless, max_rows=2)
    good, bad = batch.add(request(2)), batch.add(request(1))
    with torch.inference_mode():
        bad._cache._buffer[0, 1, :, 3] = torch.nan
    batch.step([good, bad])
    assert isinstance(bad.error, SentenceFailed)
    assert (bad.is_growing, bad.finish_reason, len(bad.tokens)) == (False, None, 1)
    with pytest.raises(ValueError, match="have not ended"):
        batch.step([good, bad])
    batch.remove(bad)
    finish(batch, [good])
    assert good.tokens == wanted


def test_values_that_are_not_numbers_in_the_text_take_no_place(endless: SemanticModel) -> None:
    batch = SemanticBatch(endless, max_rows=1)
    with pytest.raises(SentenceFailed, match="no numbers"):
        batch.add(request(1, bert=np.full((96, 13), np.nan, np.float32)))
    assert batch.num_free == 1
    with pytest.raises(SentenceFailed):
        generate(endless, request(1, bert=np.full((96, 13), np.inf, np.float32)))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phones": np.zeros(0, np.int64)}, "1 to 4000 phones, not 0"),
        ({"phones": np.zeros(4001, np.int64)}, "1 to 4000 phones"),
        ({"phones": np.array([732] * 13)}, "phones must be from 0 to 731"),
        ({"phones": np.array([-1] * 13)}, "phones must be from 0 to 731, not -1"),
        ({"phones": np.zeros(13)}, "phones must be a row of whole numbers, not float64"),
        ({"phones": np.zeros((1, 13), np.int64)}, r"phones must be a row"),
        ({"prompt": np.array([1025])}, "prompt must be from 0 to 1024"),
        ({"bert": np.zeros((96, 12), np.float32)}, r"bert must have the shape \(96, 13\), not \(96, 12\)"),
        ({"max_new_tokens": 0}, "max_new_tokens must be from 1 to 3993 behind a prompt of 7 tokens, not 0"),
        ({"max_new_tokens": 3994}, "max_new_tokens"),
    ],
)
def test_requests_that_do_not_fit_are_refused(endless: SemanticModel, changes: dict, words: str) -> None:
    batch = SemanticBatch(endless, max_rows=1)
    with pytest.raises(ValueError, match=words):
        batch.add(request(1, **changes))
    assert batch.num_free == 1


def test_only_growing_rows_of_the_batch_are_stepped_and_once(endless: SemanticModel) -> None:
    batch = SemanticBatch(endless, max_rows=2)
    row = batch.add(request(1))
    with pytest.raises(ValueError, match="one step at a time"):
        batch.step([row, row])
    batch.remove(row)
    with pytest.raises(ValueError, match="rows of this batch"):
        batch.step([row])
    with pytest.raises(ValueError, match="not in list"):
        batch.remove(row)
    batch.step([])
    with pytest.raises(ValueError, match="max_rows must be at least 1"):
        SemanticBatch(endless, max_rows=0)


def test_arrays_that_may_not_be_written_and_tensors_are_taken(endless: SemanticModel) -> None:
    given = request(1)
    for array in (given.phones, given.bert, given.prompt):
        array.setflags(write=False)
    tensors = {name: torch.tensor(getattr(given, name)) for name in ("phones", "bert", "prompt")}
    assert generate(endless, given).tokens == generate(endless, request(1, **tensors)).tokens
