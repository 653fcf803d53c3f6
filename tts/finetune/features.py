"""What the training stages know of one recorded clip."""

from dataclasses import dataclass

import numpy as np

WAVEFORM_RATE_HZ = 32_000
TOKENS_PER_SEC = 25
SAMPLES_PER_TOKEN = WAVEFORM_RATE_HZ // TOKENS_PER_SEC


@dataclass(frozen=True, slots=True, eq=False)
class ClipFeatures:
    """One clip, ready for the semantic and the acoustic model; numpy only, P phones and T_sem tokens.

    Attributes:
        name: of the clip, unique within its data set.
        phones: int64 (P,), ids of the version's symbol table.
        bert: float32 (bert_dim, P), or None where it would be all zeros.
        tokens: int64 (T_sem,), semantic tokens, 25 per second.
        waveform: float32 (N,) at 32 kHz, N >= 1280 * T_sem - 1280.
        ssl: float32 (T_ssl, C), only where a quantizer is trained too; normally None, the tokens say it all.
        speaker_embedding: float32 (E,), for the Pro versions; else None.
        alignment: int64 (T_sem,), the index into `phones` that each token belongs to, where that is known
            (synthetic speech knows it); guidance for training only.
    """

    name: str
    phones: np.ndarray
    bert: np.ndarray | None
    tokens: np.ndarray
    waveform: np.ndarray
    ssl: np.ndarray | None = None
    speaker_embedding: np.ndarray | None = None
    alignment: np.ndarray | None = None

    @property
    def duration_sec(self) -> float:
        """Length of the recording in seconds."""
        return len(self.waveform) / WAVEFORM_RATE_HZ
