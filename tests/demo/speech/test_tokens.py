"""Tokens say which sound is when, and no sound is lost in them."""

from itertools import groupby

import numpy as np
import pytest

from demo.speech.labels import label_ids, labels, phones
from demo.speech.tokens import (
    MIXED_TONE_LOGIT,
    NUM_ROWS,
    ROW_SCALE,
    code_table,
    constant_feature,
    frame_features,
    label_parts,
    make_table,
    num_features,
)

PURE = [(label,) for label in labels()]


def frames(*names: str) -> np.ndarray:
    return np.array([label_ids()[name] for name in names])


def said(table, tokens) -> list[str]:
    return [phones()[phone] for phone, _ in groupby(table.decode(tokens)[0])]


def test_the_built_in_table_fits_the_codebook_and_leaves_room():
    assert len(labels()) < len(code_table()) < NUM_ROWS


def test_pure_tokens_carry_the_tone_and_mixed_ones_do_not():
    table = make_table([*PURE, ("~t", "~A")])
    tokens = table.encode(frames("~t", "~A3", "~A3", "~A3"))
    phone_ids, tones = table.decode(tokens)
    assert [phones()[phone] for phone in phone_ids] == ["~t", "~A", "~A", "~A"]
    assert tones.tolist() == [-1, -1, 3, 3]


def test_a_pair_without_token_keeps_the_sound_that_was_not_heard_yet():
    table = make_table(PURE)
    tokens = table.encode(frames("s", "s", "s", "iy", "t", "ae", "ae", "ae"))
    assert said(table, tokens) == ["s", "iy", "t", "ae"]


def test_no_sound_of_random_speech_is_lost_by_the_built_in_table():
    random = np.random.default_rng(0)
    labelled = np.repeat(random.integers(0, len(labels()), 300), random.integers(2, 6, 300))
    labelled = labelled[: len(labelled) // 2 * 2]
    wanted = [phones()[phone] for phone, _ in groupby(label_parts()[0][labelled])]
    assert said(code_table(), code_table().encode(labelled)) == wanted


def test_the_nearest_row_to_sure_logits_is_the_token():
    table = code_table()
    labelled = frames("t", "ah", "ah", "ah", "pau", "pau", "~ts.", "~ong4", "~ong4", "~ong4")
    phone_ids, tone_ids = label_parts()
    size = frame_features()
    features = np.full((len(labelled) // 2, num_features()), -9.0)
    for place, label in enumerate(labelled):
        row = features[place // 2]
        row[place % 2 * size + phone_ids[label]] = 0
        row[place % 2 * size + len(phones()) + tone_ids[label]] = 0
    features[:, -1] = constant_feature()
    book = table.codebook(num_features())
    nearest = ((features[:, None] - book[None]) ** 2).sum(2).argmin(1)
    assert nearest.tolist() == table.encode(labelled).tolist()


def test_all_rows_are_equally_long_so_that_none_is_nearer_by_itself():
    book = code_table().codebook(num_features() + 5)[: len(code_table())]
    assert np.ptp(np.square(book).sum(1)) < 1e-3
    mixed = book[len(code_table().pure)]
    assert mixed[2 * frame_features()] * constant_feature() == pytest.approx(2 * ROW_SCALE * MIXED_TONE_LOGIT)


def test_faulty_tables_are_refused():
    with pytest.raises(ValueError, match="code of its own"):
        make_table(PURE[1:])
    with pytest.raises(ValueError, match="1024 rows"):
        make_table([*PURE, *[("t", "ae")] * 900])
    with pytest.raises(ValueError, match="at least"):
        code_table().codebook(20)
