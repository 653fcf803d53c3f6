"""How well the words of clips agree with their sound: how likely the semantic base finds their tokens."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from pathlib import Path

import torch

from tts.checkpoint import read_checkpoint
from tts.finetune.features import ClipFeatures
from tts.finetune.semantic_batches import utterances_of
from tts.finetune.semantic_forward import predict
from tts.finetune.semantic_preference import log_likelihoods
from tts.finetune.semantic_rows import collate
from tts.models.semantic import SemanticModel

AGREEMENT_FILE = "agreement.json"
# Clips of which there are fewer, of one language, have nothing to be compared with.
MIN_CLIPS = 5
# Median absolute deviations in a standard deviation; and the least spread that is believed, in nats a token.
DEVIATIONS, MIN_SPREAD = 1.4826, 0.05


def write_agreement(
    clips: Sequence[ClipFeatures], base: Path, folder: Path, *, device: torch.device | str
) -> None:
    """Asks a semantic base about clips and keeps what it says.

    Raises:
        BadRecordings: clips do not fit the base; all are named.
    """
    model = SemanticModel.from_checkpoint(read_checkpoint(base)).to(device)
    (folder / AGREEMENT_FILE).write_text(json.dumps(token_losses(clips, model)), encoding="utf-8")


def read_agreement(folder: Path) -> list[float]:
    """Returns what `write_agreement` kept: of each clip its loss in nats a token."""
    return json.loads((folder / AGREEMENT_FILE).read_text(encoding="utf-8"))


def token_losses(clips: Sequence[ClipFeatures], model: SemanticModel) -> list[float]:
    """Returns how unlikely a model finds the tokens of each clip, given its words, in nats a token."""
    losses = []
    with torch.inference_mode():
        for utterance in utterances_of(clips, model.sizes):
            rows = collate([utterance], model.sizes.eos_id).to(model.head.weight.device)
            likelihood = log_likelihoods(predict(model, rows)[0], rows)
            losses.append(-float(likelihood) / len(rows.targets))
    return losses


def oddness(losses: Sequence[float], languages: Sequence[str]) -> list[float]:
    """Returns how far each clip lies above the usual loss of its language, in robust standard deviations."""
    found = [0.0] * len(losses)
    for language in {*languages}:
        places = [place for place, one in enumerate(languages) if one == language]
        if len(places) < MIN_CLIPS:
            continue
        usual = statistics.median(losses[place] for place in places)
        deviation = statistics.median(abs(losses[place] - usual) for place in places)
        spread = max(MIN_SPREAD, DEVIATIONS * deviation)
        for place in places:
            found[place] = (losses[place] - usual) / spread
    return found
