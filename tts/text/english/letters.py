"""How an unknown word is probably said: a small recurrent net over its letters.

`demo/english_letters/train.py` makes the file. Every letter gets a label of none, one or two phones from two
layers of bidirectional GRU; numpy only, no state, the same answer every time.
"""

from functools import cache
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data" / "letters.npz"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NUM_LAYERS = 2


class LetterModel:
    """The net, unpacked from one `.npz` file."""

    def __init__(self, path: Path = DATA) -> None:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        self._labels = [tuple(label.split()) for label in arrays.pop("labels").tolist()]
        self._weights = {
            name: values.astype(np.float32) * arrays.get(f"{name}.scale", np.float32(1))
            for name, values in arrays.items()
            if not name.endswith(".scale")
        }
        self._has_primary = np.array([any("1" in phone for phone in label) for label in self._labels])
        self._vowels = np.array([any(phone[-1] in "012" for phone in label) for label in self._labels])

    def read(self, spelling: str) -> tuple[str, ...]:
        """Returns the phones of a word of the letters a-z, with one main stress if it has a vowel."""
        scores = self._scores(spelling)
        best = scores.argmax(axis=1)
        spoken = self._vowels[best]
        if spoken.any() and not self._has_primary[best].any():
            stressed = np.where(self._has_primary[None, :], scores, -np.inf)
            loss = scores.max(axis=1) - stressed.max(axis=1)
            place = int(np.where(spoken, loss, np.inf).argmin())
            best[place] = stressed[place].argmax()
        return tuple(phone for number in best for phone in self._labels[number])

    def _scores(self, spelling: str) -> np.ndarray:
        """Returns the scores of every label for every letter, (T, L)."""
        weights = self._weights
        hidden = weights["embedding.weight"][[LETTERS.index(letter) for letter in spelling]]
        for layer in range(_NUM_LAYERS):
            forward = self._gru(hidden, f"l{layer}")
            backward = self._gru(hidden[::-1], f"l{layer}_reverse")[::-1]
            hidden = np.concatenate([forward, backward], axis=1)
        return hidden @ weights["out.weight"].T + weights["out.bias"]

    def _gru(self, inputs: np.ndarray, name: str) -> np.ndarray:
        """Runs one direction of one layer over inputs (T, C); gates in the order reset, update, new."""
        weights = self._weights
        drive = inputs @ weights[f"gru.weight_ih_{name}"].T + weights[f"gru.bias_ih_{name}"]
        recurrent, bias = weights[f"gru.weight_hh_{name}"], weights[f"gru.bias_hh_{name}"]
        width = recurrent.shape[1]
        state = np.zeros(width, np.float32)
        states = np.empty((len(inputs), width), np.float32)
        for step, given in enumerate(drive):
            kept = recurrent @ state + bias
            gates = 1 / (1 + np.exp(-(given[: 2 * width] + kept[: 2 * width])))
            new = np.tanh(given[2 * width :] + gates[:width] * kept[2 * width :])
            state = (1 - gates[width:]) * new + gates[width:] * state
            states[step] = state
        return states


@cache
def letter_model() -> LetterModel:
    """Returns the model of the repository, read when the first unknown word comes."""
    return LetterModel()
