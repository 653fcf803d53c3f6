"""Counting wrong phones, and measuring held-out clips."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.tts.finetune.semantic_cases import SIZES, clip, read_tokens
from tts.finetune.semantic_check import PhoneCheck
from tts.finetune.semantic_held_out import HeldOut
from tts.models.semantic import SemanticModel
from tts.sampling import SamplingParams
from tts.semantic_decoding import SemanticRequest, generate

CLIPS = [clip(seed, 3 + seed) for seed in range(5)]


@pytest.fixture(scope="module")
def model() -> SemanticModel:
    torch.manual_seed(0)
    return SemanticModel(SIZES).requires_grad_(False)


def test_the_rate_is_errors_per_wanted_phone(model: SemanticModel, monkeypatch: pytest.MonkeyPatch) -> None:
    said = [c.tokens for c in CLIPS]
    said[1] = said[1][:0]  # 4 phones are lost
    said[2] = np.concatenate(
        [said[2], np.array([38 if CLIPS[2].phones[-1] != 19 else 36])]
    )  # and one is added
    monkeypatch.setattr(PhoneCheck, "generate", lambda _self, _model: said)
    heard = [len(read_tokens(c.tokens)) for c in CLIPS]
    assert PhoneCheck(CLIPS, read_tokens)(model) == pytest.approx((heard[1] + 1) / sum(heard))
    wanted = [["x"] * 10 for _ in CLIPS]
    assert PhoneCheck(CLIPS, read_tokens, wanted=wanted)(model) >= 1.0
    with pytest.raises(ValueError, match="no clip"):
        PhoneCheck([], read_tokens)


@pytest.mark.parametrize("has_references", [False, True])
def test_sentences_are_spoken_as_the_server_would(model: SemanticModel, has_references: bool) -> None:
    references = [CLIPS[-1], *CLIPS[:-1]] if has_references else None
    sampling = SamplingParams(top_k=5)
    check = PhoneCheck(CLIPS, read_tokens, references=references, sampling=sampling, seed=7, num_rows=2)
    for index, (tokens, sentence) in enumerate(zip(check.generate(model), CLIPS, strict=True)):
        phones, prompt = sentence.phones, sentence.tokens[:0]
        if references is not None:
            phones = np.concatenate([references[index].phones, phones])
            prompt = references[index].tokens
        request = SemanticRequest(
            phones,
            np.zeros((SIZES.bert_dim, len(phones)), np.float32),
            prompt,
            sampling,
            seed=7 + index,
            max_new_tokens=round(2.5 * len(sentence.tokens)),
        )
        assert tokens.tolist() == generate(model, request).tokens


def test_held_out_clips_are_measured_alone_and_behind_another_of_their_speaker(model: SemanticModel) -> None:
    speakers = ["a", "b", "a", "alone", "b"]
    found = HeldOut(CLIPS, SIZES, speakers, batch_size=2).measure(model)

    def plain(pairs: list[tuple[int | None, int]]) -> tuple[float, float]:
        losses, hits = [], []
        for before, i in pairs:
            parts = [CLIPS[i]] if before is None else [CLIPS[before], CLIPS[i]]
            phones, tokens = (
                torch.from_numpy(np.concatenate([getattr(c, name) for c in parts]))
                for name in ("phones", "tokens")
            )
            logits = model(phones, torch.zeros(SIZES.bert_dim, len(phones)), tokens)
            targets = torch.tensor([*CLIPS[i].tokens.tolist(), SIZES.eos_id])
            logits = logits[-len(targets) :]
            losses.append(F.cross_entropy(logits, targets, reduction="none"))
            hits.append(logits.argmax(1) == targets)
        return float(torch.cat(losses).mean()), float(torch.cat(hits).float().mean())

    alone = plain([(None, i) for i in range(5)])
    joined = plain([(2, 0), (4, 1), (0, 2), (1, 4)])
    assert (found["nll"], found["top1"]) == pytest.approx(alone, abs=1e-5)
    assert (found["nll_joined"], found["top1_joined"]) == pytest.approx(joined, abs=1e-5)
    assert HeldOut([], SIZES).measure(model) == {}
    assert HeldOut(CLIPS[:1], SIZES).measure(model).keys() == {"nll", "top1"}
