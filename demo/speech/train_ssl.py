"""`python -m demo.speech.train_ssl`: teaches the SSL encoder of the built-in voices to name each 20 ms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import torch
import torch.nn.functional as F

from demo.speech.features import HELD_OUT
from demo.speech.shards import ShardClip, read_shards
from demo.speech.ssl_batches import SslBatch, SslBatches
from demo.speech.ssl_evaluation import measure
from demo.speech.ssl_model import SslModel, make_quantizer
from tts.finetune.training_loop import LoopSettings, Trainee, train

LEARNING_RATE = 1e-3
WARMUP_STEPS = 50
CONSTANT_SHARE = 0.4  # of the steps; after them the rate falls in a line
TONE_WEIGHT = 0.5
# Keeps logits near log-probabilities, so that tokens with and without tones can be compared.
NORM_WEIGHT = 0.01
MAX_NORM = 1.0
NUM_MEASURED = 12  # held-out clips of each teacher and language


class SslTrainee(Trainee):
    """The encoder in training.

    Args:
        num_steps: in all, for the learning rate.
        held_out: name -> clips to measure on.
    """

    def __init__(self, num_steps: int, held_out: Mapping[str, Sequence[ShardClip]], seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.model = SslModel()
        self._num_steps = num_steps
        self._held_out = held_out
        self._step = 0
        self._optimiser = torch.optim.AdamW(self.model.parameters(), LEARNING_RATE, weight_decay=0.01)

    def train_step(self, batch: SslBatch) -> Mapping[str, torch.Tensor]:
        """See `Trainee`."""
        for group in self._optimiser.param_groups:
            group["lr"] = LEARNING_RATE * self._rate()
        self.model.train()
        phone_logits, tone_logits = (logits.flatten(0, 1) for logits in self.model(batch.samples))
        phone_loss = F.cross_entropy(phone_logits, batch.phones.flatten())
        tone_loss = F.cross_entropy(tone_logits, batch.tones.flatten())
        norms = phone_logits.logsumexp(1).square().mean() + tone_logits.logsumexp(1).square().mean()
        self._optimiser.zero_grad()
        (phone_loss + TONE_WEIGHT * tone_loss + NORM_WEIGHT * norms).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), MAX_NORM)
        self._optimiser.step()
        self._step += 1
        right = (phone_logits.argmax(1) == batch.phones.flatten()).float().mean()
        return {"phone": phone_loss.detach(), "tone": tone_loss.detach(), "right": right}

    def evaluate(self) -> Mapping[str, float]:
        """See `Trainee`."""
        self.model.eval()
        quantizer = make_quantizer(self.model.head)
        figures: dict[str, float] = {}
        for name, clips in self._held_out.items():
            measured = measure(
                lambda samples: self.model.encoder(samples[None]).last_hidden_state, quantizer, clips
            )
            figures |= {f"{name}.{figure}": value for figure, value in measured.items()}
        return figures

    def state_dict(self) -> dict[str, Any]:
        """See `Trainee`."""
        return {
            "model": self.model.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "step": self._step,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """See `Trainee`."""
        self.model.load_state_dict(state["model"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._step = state["step"]

    def _rate(self) -> float:
        """Returns the learning rate's share of its highest value at this step."""
        falling = self._num_steps * CONSTANT_SHARE
        left = (self._num_steps - self._step) / (self._num_steps - falling)
        return min(1.0, (self._step + 1) / WARMUP_STEPS, max(left, 0.0) + 0.01)


def grouped(folders: Sequence[Path]) -> tuple[list[list[ShardClip]], dict[str, list[ShardClip]]]:
    """Returns the training clips by teacher and language, and held-out ones by name of the two."""
    training: dict[str, list[ShardClip]] = {}
    held_out: dict[str, list[ShardClip]] = {}
    for folder in folders:
        for clip in read_shards(folder):
            name = f"{folder.name}-{clip.language}"
            (held_out if clip.kind == HELD_OUT else training).setdefault(name, []).append(clip)
    return list(training.values()), {name: clips[:NUM_MEASURED] for name, clips in held_out.items()}


@click.command()
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--steps", "num_steps", default=4000, show_default=True)
@click.option("--batch-size", default=8, show_default=True, help="Windows of 2.4 s.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/demo-speech/ssl"),
    show_default=True,
)
def main(folders: tuple[Path, ...], num_steps: int, batch_size: int, out: Path) -> None:
    """Trains on the teachers' FOLDERS; started again it goes on where it was."""
    training, held_out = grouped(folders)
    trainee = SslTrainee(num_steps, held_out)
    settings = LoopSettings(num_steps, batch_size, save_every=200, eval_every=500, log_every=10)
    result = train(trainee, SslBatches(training), settings, out / "run", note={"num_steps": num_steps})
    for name, value in sorted(result.evaluation.items()):
        click.echo(f"{name}: {value:.3f}")
    if result.is_finished:
        trainee.model.eval().save(out / "model")
        click.echo(f"written: {out / 'model'}")


if __name__ == "__main__":
    main()
