"""What the speech engine needs of a decoder, whatever the model version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from torch import Tensor, nn

from tts.reference_features import Style
from tts.versions import Version


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """What is said in a voice's main recording.

    Attributes:
        tokens: semantic tokens of the recording (T_sem,).
        phones: phone ids of its words (P,).
    """

    tokens: np.ndarray
    phones: np.ndarray


class SampleStream(Protocol):
    """The waveform of one sentence, chunk by chunk; how it is cut changes no sample."""

    frames_per_sec: float

    @property
    def num_samples(self) -> int:
        """Samples of the whole sentence."""
        ...

    def next_chunk(self, num_frames: int) -> np.ndarray | None:
        """Do some work.

        Args:
            num_frames: How many frames' worth of sound is wanted at most, at least 1.

        Returns:
            Float32 samples (N,); none of them while more work is to be done before the next; None when all
            were given.
        """
        ...


class Decoder(Protocol):
    """Semantic tokens -> waveform, with the weights of one speaker."""

    @property
    def version(self) -> Version:
        """The row of facts of the model's version."""
        ...

    @property
    def sample_rate(self) -> int:
        """Hz of the waveform."""
        ...

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The networks, which other decoders may share."""
        ...

    def ssl_to_tokens(self, ssl: Tensor) -> Tensor:
        """SSL features (1, T, C) -> semantic tokens (T // 2,) int64; the prompt of a voice."""
        ...

    def condition(self, references: Sequence[Style], spoken: Spoken | None = None) -> Any:
        """Make a voice of its main reference and further ones; the result is what `open` wants.

        Args:
            references: The main one first.
            spoken: What is said in the main one, if that is known.

        Raises:
            ValueError: Something that this version needs is missing.
        """
        ...

    def open(
        self,
        tokens: Sequence[int] | np.ndarray | Tensor,
        phones: Sequence[int] | np.ndarray | Tensor,
        conditioning: Any,
        *,
        speed_factor: float = 1.0,
        seed: int = 0,
    ) -> SampleStream:
        """Begin with a sentence.

        Args:
            tokens: Semantic tokens (T_sem,) without the reference's.
            phones: Phone ids of the sentence (P,) without the reference's.
            conditioning: What `condition` returned.
            speed_factor: Above 1 speaks faster; 0.25 to 4.
            seed: Equal seeds give equal samples.

        Raises:
            ValueError: Nothing to say, an id out of range, or a number out of range.
        """
        ...
