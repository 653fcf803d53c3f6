"""How well a semantic model foretells clips it has not seen, alone and behind a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F

from tts.finetune.features import ClipFeatures
from tts.finetune.semantic_batches import utterances_of
from tts.finetune.semantic_forward import predict
from tts.finetune.semantic_rows import Rows, Utterance, collate, join
from tts.models.semantic import SemanticModel
from tts.models.semantic_layout import SemanticSizes


class HeldOut:
    """Clips kept out of training.

    Args:
        clips: may be none.
        sizes: of the model.
        speakers: who speaks each clip; None if all are one. A clip's reference is another one of its speaker.
        batch_size: rows computed at once.

    Raises:
        BadRecordings: a clip does not fit the model.
    """

    def __init__(
        self,
        clips: Sequence[ClipFeatures],
        sizes: SemanticSizes,
        speakers: Sequence[str] | None = None,
        batch_size: int = 16,
    ) -> None:
        utterances = utterances_of(clips, sizes)
        names = list(speakers) if speakers is not None else [""] * len(utterances)
        previous = dict(zip(names, utterances, strict=True))  # the first one's reference is the last one
        pairs: list[tuple[Utterance, int]] = []
        for name, utterance in zip(names, utterances, strict=True):
            if previous[name] is not utterance:
                pairs.append((join([previous[name], utterance]), len(previous[name].tokens)))
            previous[name] = utterance
        alone = [(utterance, 0) for utterance in utterances]
        self._rows = {
            suffix: _batched(rows, sizes.eos_id, batch_size)
            for suffix, rows in (("", alone), ("_joined", pairs))
        }

    def measure(self, model: SemanticModel) -> Mapping[str, float]:
        """Return `nll` per token (the end token included) and `top1`, the share foretold rightly; the same
        with `_joined`, of clips behind a reference."""
        found: dict[str, float] = {}
        device = model.head.weight.device
        for suffix, batches in self._rows.items():
            num = sum(len(rows.targets) for rows in batches)
            total, hits = 0.0, 0
            for rows in batches:
                rows = rows.to(device)
                with torch.no_grad():
                    logits = predict(model, rows)[0].float()
                total += float(F.cross_entropy(logits, rows.targets, reduction="sum"))
                hits += int((logits.argmax(dim=1) == rows.targets).sum())
            if num:
                found |= {f"nll{suffix}": total / num, f"top1{suffix}": hits / num}
        return found


def _batched(rows: Sequence[tuple[Utterance, int]], eos_id: int, batch_size: int) -> list[Rows]:
    ordered = sorted(rows, key=lambda row: len(row[0]))
    parts = [ordered[i : i + batch_size] for i in range(0, len(ordered), batch_size)]
    return [collate([u for u, _ in part], eos_id, num_given=[n for _, n in part]) for part in parts]
