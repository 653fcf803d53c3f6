"""Where in a recording speech is, and how loud it is."""

from __future__ import annotations

import numpy as np

from tts.finetune.frame_levels import frame_rms

FRAME_SEC = 0.01
# Frames this far below the loudest one are taken for silence.
RANGE_DB = 40.0
_FLOOR = 1e-6


def speech_part(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Returns samples (N,) without the silence before and after speech; none if there is only silence."""
    is_loud = _is_loud(_levels(samples, rate_hz))
    if not is_loud.any():
        return samples[:0]
    frame, places = _frame(rate_hz), np.flatnonzero(is_loud)
    return samples[places[0] * frame : (places[-1] + 1) * frame]


def loudness_dbfs(samples: np.ndarray, rate_hz: int) -> float | None:
    """Returns the level of the frames that hold speech, in dB of a full-scale square wave; None without."""
    levels = _levels(samples, rate_hz)
    is_loud = _is_loud(levels)
    if not is_loud.any():
        return None
    return float(10 * np.log10((levels[is_loud] ** 2).mean()))


def _frame(rate_hz: int) -> int:
    return round(FRAME_SEC * rate_hz)


def _levels(samples: np.ndarray, rate_hz: int) -> np.ndarray:
    """Root mean square of each whole frame."""
    frame = _frame(rate_hz)
    return frame_rms(samples, frame, frame)[: len(samples) // frame]


def _is_loud(levels: np.ndarray) -> np.ndarray:
    return levels > max(levels.max(initial=0) * 10 ** (-RANGE_DB / 20), _FLOOR)
