"""Teaches the network with CTC on the loop that voice trainings run on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from evaluation.phone_recogniser.hearing import NUM_BANDS
from evaluation.phone_recogniser.labels import without_tones
from evaluation.phone_recogniser.network import BLANK, PhoneNetwork
from evaluation.phone_recogniser.recogniser import best_path
from evaluation.phone_recogniser.speech import Utterance
from tts.edit_distance import edit_distance
from tts.finetune.ema import WeightAverage
from tts.finetune.length_buckets import LengthBuckets
from tts.finetune.training_loop import BatchSource, Losses, Trainee, step_seed

PEAK_RATE, WEIGHT_DECAY, WARM_UP_SHARE = 2e-3, 1e-2, 0.05
MAX_GRADIENT = 5.0
# How training speech is disturbed: a small decoder's sound is blurred, noisy and oddly coloured.
MAX_BAND_STRETCH, MAX_TILT, MAX_BLUR = 0.12, 1.0, 0.3
NOISE_BELOW_MEAN = (1.0, 8.0)
NUM_MASKS, MAX_MASKED_BANDS, MAX_MASKED_FRAMES = 2, 6, 10


@dataclass(frozen=True, eq=False)
class Batch:
    """Padded lines: features (B, T, C), num_frames (B,), labels (B, L) from 1, num_labels (B,)."""

    features: Tensor
    num_frames: Tensor
    labels: Tensor
    num_labels: Tensor


class SpeechBatches(BatchSource):
    """Draws lines of like length and disturbs each anew every time."""

    def __init__(self, utterances: Sequence[Utterance], labels: Sequence[str]) -> None:
        self._utterances = utterances
        self._ids = {label: number for number, label in enumerate(labels, 1)}
        self._buckets = LengthBuckets([len(one.features) for one in utterances])

    def draw(self, step: int, batch_size: int, seed: int) -> Batch:
        """See `BatchSource.draw`."""
        chosen = [self._utterances[index] for index in self._buckets.indices(step, batch_size, seed)]
        generator = torch.Generator().manual_seed(step_seed(seed, step))
        heard = [disturbed(torch.from_numpy(one.features).float(), generator) for one in chosen]
        labels = [torch.tensor([self._ids[label] for label in one.labels]) for one in chosen]
        return Batch(
            torch.nn.utils.rnn.pad_sequence(heard, batch_first=True),
            torch.tensor([len(one) for one in heard]),
            torch.nn.utils.rnn.pad_sequence(labels, batch_first=True),
            torch.tensor([len(one) for one in labels]),
        )


def disturbed(features: Tensor, generator: torch.Generator) -> Tensor:
    """Returns features (T, C) of another throat, through another line, with noise, blur and gaps."""

    def draw(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=generator))

    banks, pitch = features[:, :NUM_BANDS], features[:, NUM_BANDS:]
    num_frames, num_bands = banks.shape
    places = torch.linspace(-1, 1, num_bands)
    scale = 1 + draw(-MAX_BAND_STRETCH, MAX_BAND_STRETCH)
    banks = _stretched(banks, ((places + 1) * scale - 1).clamp(max=1))
    noise_level = banks.mean() - draw(*NOISE_BELOW_MEAN)
    noise = noise_level + torch.randn(banks.shape, generator=generator)
    banks = torch.logaddexp(banks, noise)
    side = draw(0, MAX_BLUR)
    kernel = torch.tensor([side / 2, 1 - side, side / 2])[None, None]
    banks = F.conv1d(F.pad(banks[:, None], (1, 1), mode="replicate"), kernel)[:, 0]
    banks = banks + draw(-MAX_TILT, MAX_TILT) * places
    banks = banks - banks.mean(0)
    for axis, size, longest in ((1, num_bands, MAX_MASKED_BANDS), (0, num_frames, MAX_MASKED_FRAMES)):
        for _ in range(NUM_MASKS):
            length = int(draw(0, min(longest, size / 4)))
            banks.narrow(axis, int(draw(0, size - length)), length).zero_()
    return torch.cat([banks, pitch], dim=1)


def _stretched(banks: Tensor, places: Tensor) -> Tensor:
    """Returns the bands at places from -1 (lowest) to 1 (highest), between bands where they fall there."""
    steps = (places + 1) / 2 * (banks.shape[1] - 1)
    low = steps.floor().long().clamp(max=banks.shape[1] - 2)
    share = steps - low
    return banks[:, low] * (1 - share) + banks[:, low + 1] * share


class Student(Trainee):
    """The network, its optimiser and the average of its weights, which is what is kept.

    Args:
        network: to teach.
        labels: what its outputs mean.
        held_out: lines to test with.
        num_steps: of the whole run; the learning rate ends with it.
    """

    def __init__(
        self, network: PhoneNetwork, labels: Sequence[str], held_out: Sequence[Utterance], num_steps: int
    ) -> None:
        self._network, self._labels, self._held_out = network, labels, held_out
        self._optimizer = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=WEIGHT_DECAY)
        warm_up = max(1, round(WARM_UP_SHARE * num_steps))

        def rate(step: int) -> float:
            return min((step + 1) / warm_up, max(0.01, (num_steps - step) / (num_steps - warm_up + 1)))

        self._schedule = torch.optim.lr_scheduler.LambdaLR(self._optimizer, rate)
        self._average = WeightAverage(network)

    def train_step(self, batch: Batch, /) -> Losses:
        """See `Trainee.train_step`."""
        self._network.train()
        self._optimizer.zero_grad(set_to_none=True)
        chances, lengths = self._network(batch.features, batch.num_frames)
        loss = F.ctc_loss(
            chances.transpose(0, 1), batch.labels, lengths, batch.num_labels, BLANK, zero_infinity=True
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), MAX_GRADIENT)
        self._optimizer.step()
        self._schedule.step()
        self._average.update()
        return {"loss": loss.detach()}

    def evaluate(self) -> Mapping[str, float]:
        """Returns the phone error rate on the held-out lines, with tones and without."""
        toned = plain = total = 0
        with self.finished() as network, torch.inference_mode():
            for one in self._held_out:
                features = torch.from_numpy(one.features).float()
                chances = network(features[None], torch.tensor([len(features)]))[0][0]
                heard = best_path(chances, self._labels)
                toned += edit_distance(one.labels, heard)
                plain += edit_distance(without_tones(one.labels), without_tones(heard))
                total += len(one.labels)
        return {"toned_error": toned / total, "error": plain / total}

    @contextmanager
    def finished(self) -> Iterator[PhoneNetwork]:
        """Lends the network with the averaged weights, ready to listen."""
        with self._average.applied():
            yield self._network.eval()

    def state_dict(self) -> dict[str, Any]:
        """See `Trainee.state_dict`."""
        return {
            "network": self._network.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "schedule": self._schedule.state_dict(),
            "average": self._average.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """See `Trainee.load_state_dict`."""
        self._network.load_state_dict(state["network"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._schedule.load_state_dict(state["schedule"])
        self._average.load_state_dict(state["average"])
