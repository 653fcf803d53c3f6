"""Start values of the semantic model's embeddings, put together from what phones and tokens stand for.

A token is two sounds, and the alignment tells which sounds a phone of the front end is said as. Told this
from the start, the model need not find it out, and reaches the same loss in about two thirds of the steps.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from demo.speech.labels import labels, phones
from demo.speech.recording import FRAMES_PER_TOKEN
from demo.speech.shards import ShardClip
from demo.speech.tokens import TONE_CLASSES, code_table, label_parts
from tts.finetune.semantic_training import StartValues
from tts.models.semantic_layout import SemanticSizes

SOUND_STD = 0.5
TONE_STD = 0.3  # tones tell less than phones
EMBEDDING_SCALE = 0.7
TEXT_NOISE_STD = 0.1  # keeps apart what is said alike, like the stresses of a vowel
HEAD_SCALE = 0.08  # the first predictions are then about even


def start_values(clips: Iterable[ShardClip], sizes: SemanticSizes, seed: int = 0) -> StartValues:
    """Draws a vector for every sound as first and as second half of a token, and adds them up.

    Args:
        clips: whose alignments tell what each phone of the front end sounds like.
        sizes: of the model.
        seed: of all random numbers.
    """
    random = np.random.default_rng(seed)

    def drawn(num_rows: int, std: float) -> np.ndarray:
        return random.normal(0, std, (num_rows, sizes.dim))

    halves = [(drawn(len(phones()), SOUND_STD), drawn(len(TONE_CLASSES), TONE_STD)) for _ in range(2)]
    tokens = _token_vectors(halves, drawn(sizes.num_tokens, SOUND_STD))
    text = drawn(sizes.num_phonemes, SOUND_STD)
    counts = sounds_of_phones(clips, sizes.num_phonemes)
    phone_of, tone_of = label_parts()
    sounds = sum(sound[phone_of] + tone[tone_of] for sound, tone in halves)  # (L, dim)
    is_known = counts.any(axis=1)
    mixtures = counts[is_known] @ sounds
    # Whatever is mixed from several sounds is as long as a single one.
    lengths = np.linalg.norm(mixtures, axis=1, keepdims=True)
    text[is_known] = mixtures / lengths * SOUND_STD * np.sqrt(2 * sizes.dim)
    noise = drawn(sizes.num_phonemes, TEXT_NOISE_STD)
    return StartValues(
        phones=torch.from_numpy(EMBEDDING_SCALE * text + noise).float(),
        tokens=torch.from_numpy(EMBEDDING_SCALE * tokens).float(),
        head=torch.from_numpy(HEAD_SCALE * tokens).float(),
    )


def sounds_of_phones(clips: Iterable[ShardClip], num_phonemes: int) -> np.ndarray:
    """Counts the labels of the frames that belong to each phone: float64 (num_phonemes, L)."""
    counts = np.zeros((num_phonemes, len(labels())))
    for clip in clips:
        np.add.at(counts, (clip.phones[clip.owners], clip.labels), 1)
    return counts


def _token_vectors(halves: list[tuple[np.ndarray, np.ndarray]], rows: np.ndarray) -> np.ndarray:
    """Returns (num_tokens, dim); `rows` stay where a token, like the end token, stands for no sound."""
    table = code_table()
    frames, tones = table.decode(np.arange(len(table)))
    frames, tones = (part.reshape(-1, FRAMES_PER_TOKEN) for part in (frames, tones))
    rows = rows.copy()
    rows[: len(table)] = sum(
        sound[frames[:, half]] + np.where(tones[:, half, None] >= 0, tone[tones[:, half]], 0)
        for half, (sound, tone) in enumerate(halves)
    )
    return rows
