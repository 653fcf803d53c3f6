"""A tiny semantic model's sizes, and clips in which every phone has tokens of its own."""

from __future__ import annotations

import numpy as np

from tts.finetune.features import ClipFeatures
from tts.models.semantic_layout import SemanticSizes

SIZES = SemanticSizes(
    dim=32,
    num_layers=4,
    num_heads=4,
    ff_dim=64,
    bert_dim=6,
    num_phonemes=20,
    num_tokens=41,
    eos_id=40,
)


def clip(seed: int, num_phones: int = 8, *, has_bert: bool = False, is_aligned: bool = True) -> ClipFeatures:
    """Phone p is spoken as token 2p, then 2p + 1, one to two times each."""
    random = np.random.default_rng(seed)
    phones = random.integers(0, 20, num_phones)
    repeats = random.integers(1, 3, 2 * num_phones)
    return ClipFeatures(
        name=f"clip{seed}",
        phones=phones,
        bert=random.standard_normal((6, num_phones)).astype(np.float32) if has_bert else None,
        tokens=np.repeat(np.stack([2 * phones, 2 * phones + 1], axis=1).ravel(), repeats),
        waveform=np.zeros(0, np.float32),
        alignment=np.repeat(np.repeat(np.arange(num_phones), 2), repeats) if is_aligned else None,
    )


def read_tokens(tokens: np.ndarray) -> list[int]:
    """Return the phones in tokens; a phone is heard when its first half begins."""
    starts = np.flatnonzero((tokens % 2 == 0) & (np.diff(tokens, prepend=-1) != 0))
    return (tokens[starts] // 2).tolist()
