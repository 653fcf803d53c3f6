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

from evaluation.phone_recogniser.labels import language_of, without_tone
from evaluation.phone_recogniser.network import BLANK, PhoneNetwork, Sizes
from tts.audio import resample
from tts.dsp import KALDI_RATE_HZ, KALDI_SHIFT, KALDI_WINDOW, kaldi_fbank

FILE = Path(__file__).parent.parent / "data" / "phone_recogniser.safetensors"
FORMAT = "chat2audio phone recogniser 1"
# Silence of this level and length around each recording, as in training.
NOISE_LEVEL = 1e-4
MARGIN_SEC = 0.1
LEVEL = 0.05
# One frame of the network is two of the filter banks.
MIN_SAMPLES = KALDI_WINDOW + 4 * KALDI_SHIFT


class NoRecogniser(RuntimeError):
    """The recogniser's file is missing or damaged; the message names it."""


def features(samples: np.ndarray, rate_hz: int) -> Tensor:
    """Returns filter banks (T, 80) of mono samples (N,): one level, faint noise, free of their mean.

    The noise is the same for every recording and hides the difference between silence and digital silence.
    """
    speech = resample(samples, rate_hz, KALDI_RATE_HZ)
    speech = speech * (LEVEL / max(float(np.sqrt((speech**2).mean())) if len(speech) else 0.0, 1e-5))
    padded = np.pad(speech, round(MARGIN_SEC * KALDI_RATE_HZ))
    padded = np.pad(padded, (0, max(0, MIN_SAMPLES - len(padded))))
    noise = np.random.default_rng(0).standard_normal(len(padded)).astype(np.float32)
    banks = kaldi_fbank(torch.from_numpy(padded + NOISE_LEVEL * noise))
    return banks - banks.mean(0)


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
    def load(cls, path: Path = FILE) -> PhoneRecogniser:
        """Reads a recogniser.

        Raises:
            NoRecogniser: The file is not there, or no such file.
        """
        if not path.is_file():
            raise NoRecogniser(
                f"{path} is missing, so no phone error rate; python -m evaluation.phone_recogniser makes it"
            )
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
        banks = features(samples, rate_hz)
        is_possible = [True, *(language_of(label) in languages for label in self._labels)]
        with torch.inference_mode():
            chances = self._network(banks[None], torch.tensor([len(banks)]))[0][0].exp()
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
