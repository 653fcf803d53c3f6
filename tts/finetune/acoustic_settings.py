"""What the training of an acoustic model can be told, and the phases it usually goes through."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tts.finetune.precision import Precision


@dataclass(frozen=True, slots=True)
class AcousticSettings:
    """Settings of one phase, beside those of the loop.

    The defaults fine-tune a pretrained base as upstream does: everything learns at once.

    Attributes:
        trains_posterior: the posterior encoder learns.
        trains_decoder: style encoder and waveform network learn.
        trains_text: text encoder and flow learn to foretell the posterior.
        has_prior: text encoder and flow are there to be trained with, even if they do not learn. Else the
            posterior is kept near a normal distribution, so that latents stay small.
        is_adversarial: discriminators learn, and the decoder from them.
        window_tokens: longest piece of a clip that is encoded (25 tokens a second).
        segment_frames: piece of it that is decoded (50 frames a second).
        reference_frames: longest piece of the recording that the voice is taken from.
        has_own_reference: the voice is taken from the clip itself, not from another one of the speaker. Then
            it also tells how this very sentence is spoken, which speaking cannot know.
        learning_rate: AdamW's.
        discriminator_rate: the same for the discriminators.
        text_low_lr_rate: share of the learning rate for phone embedding, phone encoder and MRTE.
        warmup_steps: over which the rates grow.
        final_rate_share: of the rates, to which they fall linearly until the last step.
        weight_decay: AdamW's.
        max_gradient_norm: longer gradients of the networks are shortened to this; so are those of the
            discriminators.
        average_decay: of the weights' moving average, which is then what is measured and written; None: none.
        precision: of the networks; `auto` is bfloat16 on a GPU that has it. Losses are always float32.
        mel_weight, stft_weight, kl_weight, feature_weight: of the losses; deceiving the discriminators
            counts 1.
        normal_kl_weight: of the distance to a normal distribution where there is no prior.
        envelope_weight: of the distance in wide bands, which tell which sound is spoken.
        foretold_share: share of a batch that is decoded from what text and tokens foretell, as in speaking;
            the rest is decoded from the posterior. Then all that speaks learns from how it sounds.
        detached_steps: at the beginning of a phase in which text encoder and flow follow the posterior
            without pulling at it: fresh ones would squeeze it to nothing.
    """

    trains_posterior: bool = True
    trains_decoder: bool = True
    trains_text: bool = True
    has_prior: bool = True
    is_adversarial: bool = True
    window_tokens: int = 250
    segment_frames: int = 32
    reference_frames: int = 250
    has_own_reference: bool = False
    learning_rate: float = 1e-4
    discriminator_rate: float = 1e-4
    text_low_lr_rate: float = 0.4
    warmup_steps: int = 0
    final_rate_share: float = 1.0
    weight_decay: float = 0.01
    max_gradient_norm: float = 500.0
    average_decay: float | None = None
    precision: Precision = "auto"
    mel_weight: float = 45.0
    stft_weight: float = 0.0
    kl_weight: float = 1.0
    feature_weight: float = 2.0
    normal_kl_weight: float = 0.01
    envelope_weight: float = 0.0
    foretold_share: float = 0.0
    detached_steps: int = 0

    def __post_init__(self) -> None:
        if not (self.has_sound or self.trains_text):
            raise ValueError(
                "one of trains_posterior, trains_decoder and trains_text must be true, or nothing learns"
            )
        if self.trains_text and not self.has_prior:
            raise ValueError("trains_text needs has_prior")
        if self.is_adversarial and not self.trains_decoder:
            raise ValueError("is_adversarial needs trains_decoder: discriminators teach the decoder only")
        for name in ("window_tokens", "segment_frames", "reference_frames"):
            if getattr(self, name) < 4:
                raise ValueError(f"{name} must be 4 or more, not {getattr(self, name)}")
        if self.foretold_share and not self.has_prior:
            raise ValueError("foretold_share needs has_prior")
        for name in ("text_low_lr_rate", "final_rate_share", "foretold_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, not {getattr(self, name)}")

    @property
    def has_sound(self) -> bool:
        """Whether sound is made in training, and compared with the recording."""
        return self.trains_posterior or self.trains_decoder

    @property
    def loss_weights(self) -> dict[str, float]:
        """What each loss counts for in the sum that the networks descend."""
        return {
            "mel": self.mel_weight,
            "stft": self.stft_weight,
            "envelope": self.envelope_weight,
            "kl": self.kl_weight,
            "normal_kl": self.normal_kl_weight,
        }

    def rate_share(self, step: int, num_steps: int) -> float:
        """Return the share of the learning rates at a step (from 0) of so many."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        left = 1 - step / max(1, num_steps)
        return warm * (self.final_rate_share + (1 - self.final_rate_share) * max(0.0, left))


FINE_TUNING = AcousticSettings()
# What a voice without a posterior encoder needs first: one that finds the latents its decoder understands.
NEW_POSTERIOR = AcousticSettings(
    trains_decoder=False,
    trains_text=False,
    is_adversarial=False,
    learning_rate=1e-3,
    warmup_steps=50,
    final_rate_share=0.1,
    stft_weight=4.0,
)

# The way of a small model from nothing, for a CPU, in this order.
_SMALL = AcousticSettings(
    is_adversarial=False,
    window_tokens=30,
    segment_frames=16,
    reference_frames=100,
    text_low_lr_rate=1.0,
)
AUTOENCODER = replace(
    _SMALL,
    trains_text=False,
    has_prior=False,
    window_tokens=20,
    learning_rate=1.6e-3,
    warmup_steps=50,
    final_rate_share=0.5,
    stft_weight=4.0,
)
JOINT = replace(
    _SMALL, learning_rate=8e-4, final_rate_share=0.5, stft_weight=4.0, kl_weight=0.5, detached_steps=100
)
ADVERSARIAL = replace(
    _SMALL,
    is_adversarial=True,
    learning_rate=5e-4,
    discriminator_rate=3.5e-4,
    final_rate_share=0.2,
    stft_weight=4.0,
    kl_weight=0.5,
)
TEXT_SIDE = replace(
    _SMALL, trains_posterior=False, trains_decoder=False, learning_rate=1e-3, final_rate_share=0.3
)
# From here on the way from tokens and phones to sound is trained as one, as it will be gone in speaking.
SPEAKING = replace(
    _SMALL,
    learning_rate=5e-4,
    warmup_steps=50,
    final_rate_share=0.2,
    mel_weight=15.0,
    stft_weight=2.0,
    envelope_weight=45.0,
    kl_weight=0.3,
    foretold_share=0.5,
)
# A small voice without discriminators of its own: in a few hundred steps fresh ones would only spoil it.
SMALL_FINE_TUNING = replace(SPEAKING, learning_rate=2e-4, final_rate_share=0.0, average_decay=0.97)
