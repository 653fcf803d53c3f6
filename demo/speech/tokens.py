"""Semantic tokens of the built-in voices: each names the sound of its first 20 ms and that of its second.

Nothing here is learned. A token is one label twice (with the tone of a Mandarin vowel), or two different
phones, without their tones: the tokens around it tell them. Its row in the codebook has ones where these
stand among a frame's logits, so the nearest row to two frames is the token that scores best. One table serves
all built-in voices and both languages: `data/codes.txt`, chosen by `demo.speech.choose_codes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from demo.speech.labels import NO_TONE, TONES, label_ids, labels, phones, split_tone
from demo.speech.word_lists import data_lines

NUM_ROWS = 1024  # of the codebook, as in all GPT-SoVITS models
ROW_SCALE = 8.0
FAR = 1e3  # what unused rows hold, so that they are never the nearest
TONE_CLASSES = (NO_TONE, *TONES)
# What a mixed token counts in place of two tones' logits: a little less than two sure tones.
MIXED_TONE_LOGIT = -0.5
_NONE = -1


@dataclass(frozen=True, slots=True, eq=False)
class CodeTable:
    """The sounds that have a token.

    Attributes:
        pure: int64 (num_pure,), label ids; these tokens come first.
        mixed: int64 (num_mixed, 2), phone ids.
        of_label: int64 (L,), the pure token of each label.
        of_phones: int64 (P, P), the mixed token of each pair of phones, or -1.
    """

    pure: np.ndarray
    mixed: np.ndarray
    of_label: np.ndarray
    of_phones: np.ndarray

    def __len__(self) -> int:
        return len(self.pure) + len(self.mixed)

    def encode(self, frames: np.ndarray) -> np.ndarray:
        """Labels of frames (2 * T,) -> tokens int64 (T,).

        Where two sounds have no token of their own, one of them takes its place: the second if the first was
        heard already, else the first, so that none is lost.
        """
        first, second = frames[0::2], frames[1::2]
        was_heard = np.concatenate([[_NONE], second[:-1]]) == first
        alone = self.of_label[np.where(was_heard, second, first)]
        phone_of = label_parts()[0]
        mixed = self.of_phones[phone_of[first], phone_of[second]]
        return np.where((first == second) | (mixed == _NONE), alone, mixed)

    def decode(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Tokens (T,) -> phones of frames and their tone classes, -1 where unknown: int64 (2 * T,) each.

        Tokens of no code count as a pause.
        """
        phone_of, tone_of = label_parts()
        tokens = np.where(tokens < len(self), tokens, self.of_label[0])
        phone_rows = np.concatenate([np.repeat(phone_of[self.pure][:, None], 2, axis=1), self.mixed])
        tone_rows = np.full_like(phone_rows, _NONE)
        tone_rows[: len(self.pure)] = tone_of[self.pure][:, None]
        return phone_rows[tokens].reshape(-1), tone_rows[tokens].reshape(-1)

    def codebook(self, dim: int) -> np.ndarray:
        """Returns float32 (1024, dim), for features as of `num_features`; all rows are equally long.

        Raises:
            ValueError: dim is too small.
        """
        if dim < num_features():
            raise ValueError(f"{dim} dimensions do not hold two frames' logits; at least {num_features()}")
        rows = np.zeros((len(self), dim), dtype=np.float32)
        phone_of, tone_of = label_parts()
        size = frame_features()
        places = np.arange(len(self))
        pure, mixed = places[: len(self.pure)], places[len(self.pure) :]
        for frame in range(2):
            rows[pure, frame * size + phone_of[self.pure]] = 1
            rows[pure, frame * size + len(phones()) + tone_of[self.pure]] = 1
            rows[mixed, frame * size + self.mixed[:, frame]] = 1
        rows[mixed, 2 * size] = np.sqrt(2)
        book = np.full((NUM_ROWS, dim), FAR, dtype=np.float32)
        book[: len(self)] = ROW_SCALE * rows
        return book


def frame_features() -> int:
    """Returns how many logits a frame has: one for each phone and for each tone class."""
    return len(phones()) + len(TONE_CLASSES)


def num_features() -> int:
    """Returns the width of a token's features: the logits of two frames, and `constant_feature`."""
    return 2 * frame_features() + 1


def constant_feature() -> float:
    """Returns the last feature, the same for all tokens: mixed codes count `MIXED_TONE_LOGIT` twice."""
    return float(np.sqrt(2)) * MIXED_TONE_LOGIT


@cache
def label_parts() -> tuple[np.ndarray, np.ndarray]:
    """Returns int64 (L,) each: the phone of every label, and its tone class (0 for none)."""
    parts = [split_tone(label) for label in labels()]
    phone_ids = [phones().index(phone) for phone, _ in parts]
    return np.array(phone_ids), np.array([TONE_CLASSES.index(tone) for _, tone in parts])


@cache
def code_table() -> CodeTable:
    """Returns the table of the built-in voices."""
    return make_table([tuple(line.split()) for line in data_lines("codes.txt")])


def make_table(codes: Sequence[tuple[str, ...]]) -> CodeTable:
    """Returns the table of these codes: one label, or two phones.

    Raises:
        ValueError: too many for the codebook, or a label without a code of its own.
    """
    pure = [label_ids()[code[0]] for code in codes if len(code) == 1]
    mixed = [[phones().index(phone) for phone in code] for code in codes if len(code) == 2]
    if len(codes) > NUM_ROWS:
        raise ValueError(f"{len(codes)} codes; the codebook has {NUM_ROWS} rows")
    if sorted(pure) != list(range(len(labels()))):
        raise ValueError("every label needs one code of its own")
    of_label = np.empty(len(labels()), dtype=np.int64)
    of_label[pure] = np.arange(len(pure))
    of_phones = np.full((len(phones()), len(phones())), _NONE, dtype=np.int64)
    mixed_ids = np.array(mixed, dtype=np.int64).reshape(-1, 2)
    of_phones[mixed_ids[:, 0], mixed_ids[:, 1]] = len(pure) + np.arange(len(mixed))
    return CodeTable(np.array(pure, dtype=np.int64), mixed_ids, of_label, of_phones)
