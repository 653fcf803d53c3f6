"""What a step is trained on: all clips, joined as often as asked, corrupted inputs; bad clips are named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.tts.finetune.semantic_cases import SIZES, clip
from tts.finetune.errors import BadRecordings
from tts.finetune.semantic_batches import SemanticBatches
from tts.finetune.semantic_rows import Rows
from tts.finetune.semantic_settings import SemanticSettings

CLIPS = [clip(seed, 4 + seed % 5) for seed in range(24)]


def batches(speakers: Sequence[str] | None = None, num_steps: int = 100, **changes: Any) -> SemanticBatches:
    settings = SemanticSettings(**{"corrupted_share": 0.0, **changes})
    return SemanticBatches(CLIPS, SIZES, settings, num_steps, speakers)


def rows_of(rows: Rows) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Take the rows apart again."""
    flat = [*rows.phones.tolist(), *rows.tokens.tolist()]
    num_asked = np.bincount(rows.learned // rows.asked.shape[1], minlength=len(rows.places))
    found = []
    for place, num, asked in zip(rows.places.tolist(), rows.num_phones.tolist(), num_asked, strict=True):
        values = [flat[i] for i in place]
        found.append((tuple(values[:num]), tuple(values[num : num + asked - 1])))
    return found


def plain(index: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return tuple(CLIPS[index].phones.tolist()), tuple(CLIPS[index].tokens.tolist())


def test_single_rows_are_the_clips_all_of_them_in_a_round() -> None:
    source = batches(joined_share=0.0, early_joined_share=0.0)
    found = [row for step in range(3) for row in rows_of(source.draw(step, 8, 0))]
    assert sorted(found) == sorted(plain(i) for i in range(24))


def test_joined_rows_are_two_clips_of_one_speaker() -> None:
    speakers = ["a", "b"] * 12
    source = batches(speakers, joined_share=1.0, early_share=0.0)
    targets = []
    for step in range(6):
        rows = rows_of(source.draw(step, 8, 0))
        assert len(rows) == 4
        for phones, tokens in rows:
            (pair,) = [
                (i, k)
                for i in range(24)
                for k in range(24)
                if (plain(i)[0] + plain(k)[0], plain(i)[1] + plain(k)[1]) == (phones, tokens)
            ]
            assert speakers[pair[0]] == speakers[pair[1]]
            assert pair[0] != pair[1]
            targets.append(pair[1])
    assert sorted(targets) == list(range(24))


def test_references_grow_to_the_length_asked_for() -> None:
    source = batches(joined_share=1.0, early_share=0.0, reference_tokens=(60, 60))
    longest = max(len(c.tokens) for c in CLIPS)
    for _, tokens in rows_of(source.draw(0, 8, 0)):
        assert 60 + min(len(c.tokens) for c in CLIPS) <= len(tokens) <= 60 + 2 * longest


def test_an_only_clip_is_never_joined_with_itself() -> None:
    source = batches(["a"] * 23 + ["alone"], joined_share=1.0, early_share=0.0)
    rows = [row for step in range(6) for row in rows_of(source.draw(step, 8, 0))]
    assert plain(23) in rows


def test_shares_hold_early_and_late() -> None:
    source = batches(num_steps=600, joined_share=0.5, early_joined_share=0.1, early_share=0.5)
    is_joined = np.array([len(source.draw(step, 8, 0).num_phones) == 4 for step in range(600)])
    assert 0.06 < is_joined[:300].mean() < 0.14
    assert 0.43 < is_joined[300:].mean() < 0.57


def test_a_share_of_inputs_is_corrupted_and_no_target() -> None:
    clean = batches(joined_share=0.0, early_joined_share=0.0)
    source = batches(joined_share=0.0, early_joined_share=0.0, corrupted_share=0.2)
    num_changed = num = 0
    for step in range(60):
        rows, wanted = source.draw(step, 8, 0), clean.draw(step, 8, 0)
        assert rows.targets.equal(wanted.targets)
        assert rows.tokens.max() < SIZES.eos_id
        num_changed += int((rows.tokens != wanted.tokens).sum())
        num += len(rows.tokens)
    assert 0.17 < num_changed / num < 0.22


def test_same_step_same_rows_whatever_came_before() -> None:
    used, fresh = batches(corrupted_share=0.1), batches(corrupted_share=0.1)
    for step in range(40):
        used.draw(step, 8, 5)
    again = fresh.draw(39, 8, 5)
    assert used.draw(39, 8, 5).tokens.equal(again.tokens)
    assert not fresh.draw(39, 8, 6).tokens.equal(again.tokens)


def test_bad_clips_are_named_with_their_faults() -> None:
    good = clip(1, 4, has_bert=True)
    bad = [
        replace(good, name="high", phones=good.phones + 20),
        replace(good, name="end", tokens=np.full_like(good.tokens, 40)),
        replace(good, name="mute", tokens=good.tokens[:0], alignment=None),
        replace(good, name="wide", bert=np.zeros((7, 4), np.float32)),
        replace(good, name="short", alignment=good.alignment[1:] if good.alignment is not None else None),
        replace(good, name="long", tokens=np.zeros(1351, np.int64), alignment=None),
    ]
    with pytest.raises(BadRecordings) as caught:
        SemanticBatches([good, *bad], SIZES, SemanticSettings(), 10)
    lines = str(caught.value).splitlines()[1:]
    assert [line.split(":")[0] for line in lines] == ["high", "end", "mute", "wide", "short", "long"]
    assert "phones must be from 0 to 19" in lines[0]
    assert "tokens must be from 0 to 39, not 40 to 40" in lines[1]
    with pytest.raises(BadRecordings, match="no clip"):
        SemanticBatches([], SIZES, SemanticSettings(), 10)
    with pytest.raises(ValueError, match="2 speakers for 1 clips"):
        SemanticBatches([good], SIZES, SemanticSettings(), 10, ["a", "b"])


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="joined_share must be from 0 to 1, not 2"):
        SemanticSettings(joined_share=2)
    with pytest.raises(ValueError, match="reference_tokens"):
        SemanticSettings(reference_tokens=(5, 4))
    with pytest.raises(ValueError, match="corrupted_share"):
        SemanticSettings(corrupted_share=1.0)
