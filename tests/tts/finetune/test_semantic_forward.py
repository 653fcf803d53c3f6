"""The batched forward pass is the served one, and guidance teaches the heads it names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tts.finetune.semantic_cases import SIZES, clip
from tts.finetune.semantic_batches import utterances_of
from tts.finetune.semantic_forward import predict
from tts.finetune.semantic_guidance import Guide, guides_for
from tts.finetune.semantic_rows import UNKNOWN, Utterance, collate, join
from tts.models.semantic import SemanticModel


@pytest.fixture
def model() -> SemanticModel:
    torch.manual_seed(3)
    return SemanticModel(SIZES)


def served_logits(model: SemanticModel, utterance: Utterance) -> torch.Tensor:
    bert = utterance.bert
    if bert is None:
        bert = np.zeros((SIZES.bert_dim, len(utterance.phones)), np.float32)
    return model(*map(torch.from_numpy, (utterance.phones, bert, utterance.tokens)))


def utterances(has_bert: bool = True) -> list[Utterance]:
    lengths = [(1, 3), (2, 12), (3, 1), (4, 7)]
    made = utterances_of([clip(seed, num, has_bert=has_bert and seed != 2) for seed, num in lengths], SIZES)
    return [*made, join([made[1], made[0]]), join([made[3]])]


@pytest.mark.parametrize("has_bert", [True, False])
@pytest.mark.parametrize("num_layers", [1, 4])
def test_every_row_has_the_logits_it_has_alone(num_layers: int, has_bert: bool) -> None:
    torch.manual_seed(3)
    model = SemanticModel(replace(SIZES, num_layers=num_layers))
    rows = utterances(has_bert)
    with torch.no_grad():
        logits, attention = predict(model, collate(rows, SIZES.eos_id), guides_for(num_layers))
        wanted = [served_logits(model, row) for row in rows]
    assert torch.allclose(logits, torch.cat(wanted), atol=1e-5)
    assert attention is not None


def test_targets_are_the_tokens_and_the_end_and_what_is_given_is_left_out(model: SemanticModel) -> None:
    rows = utterances()
    whole = collate(rows, SIZES.eos_id)
    assert whole.targets.tolist() == [t for row in rows for t in (*row.tokens.tolist(), SIZES.eos_id)]
    num_given = [0, 5, 2, 0, 7, 1]
    parts = collate(rows, SIZES.eos_id, num_given=num_given)
    logits = predict(model, parts)[0]
    wanted = [served_logits(model, row)[n:] for row, n in zip(rows, num_given, strict=True)]
    assert torch.allclose(logits, torch.cat(wanted), atol=1e-5)
    assert len(parts.targets) == len(whole.targets) - sum(num_given)


def test_inputs_may_differ_from_targets(model: SemanticModel) -> None:
    rows = utterances()
    other = [(row.tokens + 1) % SIZES.eos_id for row in rows]
    mixed = collate(rows, SIZES.eos_id, other)
    wanted = [served_logits(model, replace(row, tokens=new)) for row, new in zip(rows, other, strict=True)]
    assert torch.allclose(predict(model, mixed)[0], torch.cat(wanted), atol=1e-5)
    assert mixed.targets.equal(collate(rows, SIZES.eos_id).targets)


def test_gradients_are_those_of_the_rows_alone(model: SemanticModel) -> None:
    rows = utterances()
    batch = collate(rows, SIZES.eos_id)
    cross_entropy = torch.nn.functional.cross_entropy
    cross_entropy(predict(model, batch)[0], batch.targets).backward()
    batched = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    cross_entropy(torch.cat([served_logits(model, row) for row in rows]), batch.targets).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None
        assert torch.allclose(batched[name], parameter.grad, atol=1e-5), name


def test_cues_name_the_phone_of_the_last_token_read() -> None:
    first, second = utterances_of([clip(1, 3), clip(2, 2)], SIZES)
    unknown = replace(second, alignment=None)
    cues = collate([first, join([first, second]), join([unknown, first]), unknown], SIZES.eos_id).cues
    assert cues is not None
    assert first.alignment is not None
    assert second.alignment is not None
    num = len(first.tokens)
    assert cues[0, : num + 1].tolist() == [UNKNOWN, *first.alignment]
    assert (cues[0, num + 1 :] == UNKNOWN).all()
    assert cues[1, : num + len(second.tokens) + 1].tolist() == [
        UNKNOWN,
        *first.alignment,
        *(second.alignment + 3),
    ]
    start = 1 + len(second.tokens)
    assert (cues[2, :start] == UNKNOWN).all()
    assert cues[2, start : start + num].tolist() == (first.alignment + 2).tolist()
    assert (cues[3] == UNKNOWN).all()
    assert collate([unknown], SIZES.eos_id).cues is None


def test_the_attention_loss_is_that_of_the_named_heads(model: SemanticModel) -> None:
    """Compare with attention weights computed plainly, for one row, from the first layer's input."""
    (row,) = utterances_of([clip(5, 6)], SIZES)
    batch = collate([row], SIZES.eos_id)
    text = model.phone_embedding(batch.phones) + model.bert_projection.bias + model.positions[:6]
    audio = model.token_embedding(batch.tokens) + model.positions[: len(row.tokens)]
    x = torch.cat([text, audio])
    query, key, _ = model.blocks[0].qkv(x).unflatten(1, (3, 4, 8)).permute(1, 2, 0, 3)
    scores = query @ key.transpose(1, 2) / 8**0.5
    causal = torch.ones(len(x), len(x)).triu(1).bool()
    causal[:, :6] = False
    weights = scores.masked_fill(causal, -torch.inf).softmax(-1)[:, 6:]
    assert row.alignment is not None
    places = torch.arange(len(row.tokens))
    for head, is_ahead in ((0, False), (2, True)):
        phone = torch.from_numpy(row.alignment)
        phone = (phone + 1).clamp(max=5) if is_ahead else phone
        wanted = -weights[head][places, phone].log().mean()
        got = predict(model, batch, [Guide(0, head, is_ahead)])[1]
        assert torch.allclose(got, wanted, atol=1e-5)  # type: ignore[arg-type]


def test_guided_heads_are_spread_over_the_layers() -> None:
    assert guides_for(4) == (Guide(1, 0, False), Guide(2, 0, False), Guide(2, 1, True), Guide(3, 1, True))
    assert {guide.layer for guide in guides_for(24)} == {6, 12, 18}
    assert guides_for(1) == (Guide(0, 0, False), Guide(0, 1, True))
