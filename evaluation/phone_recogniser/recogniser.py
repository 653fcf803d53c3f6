"""Speech -> phones, with a network from a file."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from evaluation.phone_recogniser.hearing import features
from evaluation.phone_recogniser.labels import language_of, without_tone
from evaluation.phone_recogniser.network import BLANK, PhoneNetwork, Sizes

FOLDER = Path(__file__).parent.parent / "data" / "phone_recognisers"
FORMAT = "chat2audio phone recogniser 2"


class NoRecogniser(RuntimeError):
    """There is no recogniser, or its file is damaged; the message names the place."""


class PhoneRecogniser:
    """Hears phones.

    Args:
        network: in evaluation mode.
        labels: what its outputs mean, without the blank.
        voices: names of the voices it learned from.
    """

    def __init__(self, network: PhoneNetwork, labels: Sequence[str], voices: Sequence[str]) -> None:
        self._network = network.eval()
        self._labels = tuple(labels)
        self.voices = tuple(voices)
        self._plain = tuple(sorted({without_tone(label) for label in self._labels}))
        self._to_plain = torch.tensor([self._plain.index(without_tone(label)) for label in self._labels])

    @classmethod
    def find(cls, voices: Collection[str], folder: Path = FOLDER) -> PhoneRecogniser:
        """Returns the first recogniser of a folder that did not learn from some voices.

        If all did, it is the first of all: whoever asks has to see that in its `voices`.

        Raises:
            NoRecogniser: There is none in the folder, or one cannot be read.
        """
        found = [cls.load(path) for path in sorted(folder.glob("*.safetensors"))]
        if not found:
            raise NoRecogniser(
                f"{folder} is empty, so no phone error rate; python -m evaluation.phone_recogniser fills it"
            )
        return next((one for one in found if not set(voices) & set(one.voices)), found[0])

    @classmethod
    def load(cls, path: Path) -> PhoneRecogniser:
        """Reads a recogniser.

        Raises:
            NoRecogniser: The file is damaged, or another.
        """
        try:
            with safe_open(path, "pt") as file:
                notes = file.metadata() or {}
                weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - no dict
        except SafetensorError as error:
            raise NoRecogniser(f"{path} cannot be read: {error}") from error
        if notes.get("format") != FORMAT:
            raise NoRecogniser(f"{path} is no phone recogniser of this kind ({FORMAT})")
        network = PhoneNetwork(Sizes(**json.loads(notes["sizes"])))
        network.load_state_dict(weights)
        return cls(network, json.loads(notes["labels"]), json.loads(notes["voices"]))

    def save(self, path: Path) -> None:
        """Writes the file that `load` reads, in half precision, whole or not at all."""
        weights = {name: tensor.half().contiguous() for name, tensor in self._network.state_dict().items()}
        notes = {
            "format": FORMAT,
            "sizes": json.dumps(self._network.sizes.as_dict()),
            "labels": json.dumps(self._labels),
            "voices": json.dumps(self.voices),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        save_file(weights, unfinished, notes)
        unfinished.replace(path)

    def recognise(
        self, samples: np.ndarray, rate_hz: int, languages: Collection[str]
    ) -> tuple[list[str], list[str]]:
        """Returns the phones of mono samples (N,), with tones and without.

        The two are found apart: what is surely an `a` of an unsure tone is heard as `a`.

        Args:
            languages: of `en`, `zh`; only their phones can be heard.
        """
        heard = features(samples, rate_hz)
        is_possible = [True, *(language_of(label) in languages for label in self._labels)]
        with torch.inference_mode():
            chances = self._network(heard[None], torch.tensor([len(heard)]))[0][0].exp()
        chances = chances * torch.tensor(is_possible)
        plain = torch.zeros(len(chances), len(self._plain) + 1)
        plain[:, BLANK] = chances[:, BLANK]
        plain.index_add_(1, self._to_plain + 1, chances[:, 1:])
        return best_path(chances, self._labels), best_path(plain, self._plain)


def best_path(chances: Tensor, labels: Sequence[str]) -> list[str]:
    """Returns the most likely label of every frame (T, L + 1), repeats and blanks taken out."""
    return [labels[number - 1] for number in collapse(chances.argmax(-1).tolist())]


def collapse(path: Iterable[int]) -> list[int]:
    """Returns a CTC path's numbers: a run of one number is one, blanks only part runs."""
    found, last = [], BLANK
    for number in path:
        if number not in (last, BLANK):
            found.append(number)
        last = number
    return found
