"""What the training of a semantic model can be told. The defaults suit fine-tuning a full-size model."""

from __future__ import annotations

from dataclasses import dataclass

from tts.finetune.precision import Precision


@dataclass(frozen=True, slots=True)
class SemanticSettings:
    """Settings beside those of the loop.

    Attributes:
        learning_rate: AdamW's; some 1e-3 for a small model from scratch.
        warmup_steps: over which the rate grows to that.
        final_rate_share: of the rate, to which it falls linearly until the last step.
        weight_decay: of matrices; embeddings, biases and norms have none.
        max_gradient_norm: longer gradients are shortened to this.
        average_decay: of the weights' moving average, which is then what is measured and written; None: none.
        precision: of the matrix products; `auto` is bfloat16 on a GPU that has it.
        joined_share: of the batches whose rows are joined utterances of one speaker, as at inference, where
            the reference stands before the sentence.
        early_joined_share: the same in the first `early_share` of the run.
        early_share: of all steps.
        reference_tokens: least and most tokens (25 a second) that a joined row's reference is drawn to have;
            utterances are put together until it has them. (1, 1): one utterance, whatever its length.
        corrupted_share: of input tokens that are replaced at random, so that the model learns to go on from
            its own mistakes.
        guidance_weight: of the attention loss, for clips whose alignment is known (see semantic_guidance.py).
        preference_weight: of the loss that teaches to avoid slips (see semantic_preference.py), 1 as upstream
            has it. Batches then have half as many rows, each of them twice. None: slips are not taught.
    """

    learning_rate: float = 1e-4
    warmup_steps: int = 100
    final_rate_share: float = 0.02
    weight_decay: float = 0.01
    max_gradient_norm: float = 1.0
    average_decay: float | None = None
    precision: Precision = "auto"
    joined_share: float = 0.5
    early_joined_share: float = 0.1
    early_share: float = 0.15
    reference_tokens: tuple[int, int] = (1, 1)
    corrupted_share: float = 0.08
    guidance_weight: float = 0.3
    preference_weight: float | None = None

    def __post_init__(self) -> None:
        for name in ("final_rate_share", "joined_share", "early_joined_share", "early_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, not {getattr(self, name)}")
        if not 0 <= self.corrupted_share < 1:
            raise ValueError(f"corrupted_share must be from 0 to below 1, not {self.corrupted_share}")
        if self.preference_weight is not None and not self.preference_weight > 0:
            raise ValueError(f"preference_weight must be above 0, or None, not {self.preference_weight}")
        least, most = self.reference_tokens
        if not 1 <= least <= most:
            raise ValueError(f"reference_tokens must be least and most, from 1, not {least} and {most}")

    def rate_share(self, step: int, num_steps: int) -> float:
        """Return the share of the learning rate at a step (from 0) of so many."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        left = 1 - step / max(1, num_steps)
        return warm * (self.final_rate_share + (1 - self.final_rate_share) * max(0.0, left))

    def share_joined(self, step: int, num_steps: int) -> float:
        """Return how likely the batch of a step (from 0) of so many is one of joined rows."""
        return self.early_joined_share if step < self.early_share * num_steps else self.joined_share
