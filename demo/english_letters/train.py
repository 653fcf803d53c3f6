"""Trains the letter-to-sound model of the English reader from the CMU dictionary.

Two layers of bidirectional GRU over the letters, one label (none, one or two phones) per letter. About ten
minutes on one core; the same seed gives the same file on the same machine. Writes
`tts/text/english/data/letters.npz`, weights as int8 with one scale per row.

    python -m demo.english_letters.train
"""

import random
import re
import zlib
from collections import Counter
from pathlib import Path

import click
import numpy as np
import torch
from torch import nn

from demo.english_letters.align import Phones, align, learn_chances
from tts.text.english.dictionary import load_dictionary
from tts.text.english.letters import LETTERS, LetterModel

TARGET = Path("tts/text/english/data/letters.npz")
_WORD = re.compile(r"[a-z]{2,}")
_MIN_LABEL_COUNT = 8
_HELD_OUT_OF = 20
_BATCH = 128


class Tagger(nn.Module):
    """Letters (B, T) -> logits of the labels (B, T, L)."""

    def __init__(self, num_labels: int, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(LETTERS), 32)
        self.gru = nn.GRU(32, width, num_layers=2, bidirectional=True, batch_first=True, dropout=0.25)
        self.dropout = nn.Dropout(0.25)
        self.out = nn.Linear(2 * width, num_labels)

    def forward(self, letters: torch.Tensor) -> torch.Tensor:
        hidden, _ = self.gru(self.embedding(letters))
        return self.out(self.dropout(hidden))


def split_words() -> tuple[list[tuple[str, Phones]], list[tuple[str, Phones]]]:
    """Returns the words to train on and every twentieth, by a hash, to test with."""
    words = [
        (word, tuple(reading.split())) for word, reading in load_dictionary().items() if _WORD.fullmatch(word)
    ]
    is_held_out = [zlib.crc32(word.encode()) % _HELD_OUT_OF == 0 for word, _ in words]
    train = [word for word, held_out in zip(words, is_held_out, strict=True) if not held_out]
    return train, [word for word, held_out in zip(words, is_held_out, strict=True) if held_out]


def label_words(words: list[tuple[str, Phones]]) -> tuple[list[tuple[str, list[Phones]]], list[Phones]]:
    """Returns the aligned words and their labels, most frequent first, without words with a rare label."""
    chances = learn_chances(words[::5], num_rounds=5)
    aligned = [(spelling, align(spelling, phones, chances)) for spelling, phones in words]
    counts = Counter(part for _, parts in aligned for part in parts or ())
    labels = [label for label, count in counts.most_common() if count >= _MIN_LABEL_COUNT]
    known = set(labels)
    return [(spelling, parts) for spelling, parts in aligned if parts and known.issuperset(parts)], labels


def make_batches(
    words: list[tuple[str, list[Phones]]], labels: list[Phones], rng: random.Random
) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Returns shuffled batches of (letters, labels), each of words of one length: nothing is padded."""
    label_ids = {label: number for number, label in enumerate(labels)}
    by_length: dict[int, list[tuple[str, list[Phones]]]] = {}
    for word in words:
        by_length.setdefault(len(word[0]), []).append(word)
    batches = []
    for group in by_length.values():
        rng.shuffle(group)
        for start in range(0, len(group), _BATCH):
            part = group[start : start + _BATCH]
            letters = torch.tensor([[LETTERS.index(letter) for letter in spelling] for spelling, _ in part])
            targets = torch.tensor([[label_ids[label] for label in parts] for _, parts in part])
            batches.append((letters, targets))
    rng.shuffle(batches)
    return batches


def quantise(model: Tagger, labels: list[Phones]) -> dict[str, np.ndarray]:
    """Returns the arrays of the file: matrices as int8 with a float32 scale per row, the rest as float32."""
    arrays: dict[str, np.ndarray] = {"labels": np.array([" ".join(label) for label in labels])}
    for name, tensor in model.state_dict().items():
        values = tensor.numpy().astype(np.float32)
        if values.ndim == 2:
            scale = np.abs(values).max(axis=1, keepdims=True) / 127
            arrays[f"{name}.scale"] = scale
            values = np.round(values / scale).astype(np.int8)
        arrays[name] = values
    return arrays


def error_rates(model: LetterModel, words: list[tuple[str, Phones]]) -> tuple[float, float, float]:
    """Returns phone error rate, the same without stress marks, and the share of words that are not exact."""
    edits = plain_edits = total = wrong = 0
    for spelling, phones in words:
        guess = model.read(spelling)
        edits += distance(guess, phones)
        plain_edits += distance([phone.rstrip("012") for phone in guess], [p.rstrip("012") for p in phones])
        wrong += guess != phones
        total += len(phones)
    return edits / total, plain_edits / total, wrong / len(words)


def distance(left: Phones | list[str], right: Phones | list[str]) -> int:
    """Returns the least number of insertions, deletions and replacements between two sequences."""
    row = list(range(len(right) + 1))
    for number, one in enumerate(left, 1):
        last, row[0] = row[0], number
        for place, other in enumerate(right, 1):
            last, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, last + (one != other))
    return row[-1]


@click.command()
@click.option("--epochs", default=9, show_default=True)
@click.option("--width", default=80, show_default=True)
@click.option("--target", default=TARGET, show_default=True, type=click.Path(path_type=Path))
def main(epochs: int, width: int, target: Path) -> None:
    """Trains, writes the file and says the error rates on words it never saw."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    train, held_out = split_words()
    aligned, labels = label_words(train)
    click.echo(
        f"{len(aligned)} of {len(train)} words aligned, {len(labels)} labels, {len(held_out)} held out"
    )
    model = Tagger(len(labels), width)
    batches = make_batches(aligned, labels, random.Random(0))
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 5e-3, total_steps=epochs * len(batches))
    for epoch in range(epochs):
        losses = []
        random.Random(epoch).shuffle(batches)
        for letters, targets in batches:
            loss = nn.functional.cross_entropy(
                model(letters).flatten(0, 1), targets.flatten(), label_smoothing=0.05
            )
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        click.echo(f"epoch {epoch + 1}: loss {np.mean(losses):.4f}")
        np.savez_compressed(target, **quantise(model, labels))  # pyright: ignore[reportArgumentType]
    rates = error_rates(LetterModel(target), held_out)
    click.echo(
        "held out: phone error rate {:.4f}, without stress {:.4f}, word error rate {:.4f}".format(*rates)
    )


if __name__ == "__main__":
    main()
