"""Utterances -> the tensors of one training step of the semantic model.

A row is text, then tokens, with nothing in between; what is missing to the longest row comes behind both,
where nothing that counts can see it. So a row is computed exactly as if it were alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch

UNKNOWN = -1  # a place whose phone is not known


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """What the semantic model learns from one clip.

    Attributes:
        phones: int64 (T,).
        bert: float32 (bert_dim, T), or None for zeros.
        tokens: int64 (P,), at least one.
        alignment: int64 (P,), index into `phones` of each token, or None.
    """

    phones: np.ndarray
    bert: np.ndarray | None
    tokens: np.ndarray
    alignment: np.ndarray | None

    def __len__(self) -> int:
        return len(self.phones) + len(self.tokens)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """B rows; phones and tokens of all rows lie one after another, so that only what exists is embedded.

    Attributes:
        phones: int64 (sum of T,).
        phone_positions: int64 (sum of T,), counted from 0 in each row.
        bert: float32 (sum of T, bert_dim), or None for zeros.
        tokens: int64 (sum of P,), inputs.
        token_positions: int64 (sum of P,), counted from 0 in each row.
        places: int64 (B, N), where each position of the padded rows is in phones and tokens put together.
        num_phones: int64 (B,).
        asked: int64 (B, Q), the positions whose next token is asked for: the last phone, then all tokens.
        learned: int64 (M,), which of the flattened `asked` are neither padding nor given; M is the sum of
            P + 1 where nothing is given.
        targets: int64 (M,), what is to be predicted there: the row's tokens, then the end token.
        cues: int64 (B, Q), the position of the phone that each asked one belongs to, or `UNKNOWN`; None if
            nothing is known.
        rejected: the same rows with slips, which shall become less likely; None where nothing is compared.
    """

    phones: torch.Tensor
    phone_positions: torch.Tensor
    bert: torch.Tensor | None
    tokens: torch.Tensor
    token_positions: torch.Tensor
    places: torch.Tensor
    num_phones: torch.Tensor
    asked: torch.Tensor
    learned: torch.Tensor
    targets: torch.Tensor
    cues: torch.Tensor | None
    rejected: Rows | None = None

    def to(self, device: torch.device) -> Rows:
        """Return the same on a device."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        moved = {name: value.to(device) for name, value in values.items() if value is not None}
        return replace(self, **moved)


def join(utterances: Sequence[Utterance]) -> Utterance:
    """Return one utterance made of several: all text, then all tokens, as the engine joins a reference."""
    if len(utterances) == 1:
        return utterances[0]
    return Utterance(
        np.concatenate([u.phones for u in utterances]),
        _joined_bert(utterances),
        np.concatenate([u.tokens for u in utterances]),
        _joined_alignment(utterances),
    )


def collate(
    utterances: Sequence[Utterance],
    eos_id: int,
    inputs: Sequence[np.ndarray] | None = None,
    num_given: Sequence[int] | None = None,
) -> Rows:
    """Lay rows out for one pass.

    Args:
        utterances: one per row.
        eos_id: the target after a row's last token.
        inputs: per row int64 (P,), the tokens to be read if they are others than those to be predicted.
        num_given: per row, how many tokens at its start are no targets; 0 where not said.
    """
    num_phones = np.array([len(u.phones) for u in utterances])
    num_tokens = np.array([len(u.tokens) for u in utterances])
    first_phone = np.cumsum(num_phones) - num_phones
    first_token = num_phones.sum() + np.cumsum(num_tokens) - num_tokens
    column = np.arange((num_phones + num_tokens).max())
    places = np.where(
        column < num_phones[:, None],
        first_phone[:, None] + column,
        first_token[:, None] + column - num_phones[:, None],
    )
    places[column >= (num_phones + num_tokens)[:, None]] = 0
    asked_column = np.arange(num_tokens.max() + 1)
    is_real = asked_column <= num_tokens[:, None]
    asked = np.where(is_real, num_phones[:, None] - 1 + asked_column, 0)
    given = np.zeros(len(utterances), np.int64) if num_given is None else np.asarray(num_given)
    bert, cues = _joined_bert(utterances), _cues(utterances, asked.shape)
    tokens = [u.tokens for u in utterances] if inputs is None else list(inputs)
    targets = [part for u, n in zip(utterances, given, strict=True) for part in (u.tokens[n:], [eos_id])]
    return Rows(
        phones=torch.from_numpy(np.concatenate([u.phones for u in utterances])),
        phone_positions=torch.from_numpy(np.concatenate([np.arange(n) for n in num_phones])),
        bert=None if bert is None else torch.from_numpy(bert).t().float(),
        tokens=torch.from_numpy(np.concatenate(tokens)),
        token_positions=torch.from_numpy(np.concatenate([np.arange(n) for n in num_tokens])),
        places=torch.from_numpy(places),
        num_phones=torch.from_numpy(num_phones),
        asked=torch.from_numpy(asked),
        learned=torch.from_numpy(np.flatnonzero(is_real & (asked_column >= given[:, None]))),
        targets=torch.from_numpy(np.concatenate(targets)),
        cues=None if cues is None else torch.from_numpy(cues),
    )


def _joined_bert(utterances: Sequence[Utterance]) -> np.ndarray | None:
    dims = [len(u.bert) for u in utterances if u.bert is not None]
    if not dims:
        return None
    parts = [np.zeros((dims[0], len(u.phones)), np.float32) if u.bert is None else u.bert for u in utterances]
    return np.concatenate(parts, axis=1)


def _joined_alignment(utterances: Sequence[Utterance]) -> np.ndarray | None:
    """Count each part's phones from where they stand in the whole."""
    if all(u.alignment is None for u in utterances):
        return None
    parts, start = [], 0
    for u in utterances:
        unknown = np.full(len(u.tokens), UNKNOWN)
        parts.append(
            unknown if u.alignment is None else np.where(u.alignment >= 0, u.alignment + start, UNKNOWN)
        )
        start += len(u.phones)
    return np.concatenate(parts)


def _cues(utterances: Sequence[Utterance], shape: tuple[int, ...]) -> np.ndarray | None:
    """The first asked position is the text's last: no token has been read there, so nothing is known."""
    if all(u.alignment is None for u in utterances):
        return None
    cues = np.full(shape, UNKNOWN)
    for row, u in enumerate(utterances):
        if u.alignment is not None:
            cues[row, 1 : len(u.tokens) + 1] = u.alignment
    return cues
