"""Cutting long recordings into clips where the speaker pauses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tts.finetune.errors import BadRecordings
from tts.finetune.frame_levels import SILENT_PEAK, frame_rms, peak_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SlicingSettings:
    """Names and defaults are the GPT-SoVITS community's, but for `max_length_sec`.

    Attributes:
        threshold_db: what is quieter is silence; below the loudest sample of the recording, so that quiet
            recordings are cut like loud ones.
        min_length_sec: a clip is not ended before this.
        min_interval_sec: only silences as long as this are cut at.
        hop_sec: precision of the cuts.
        max_silence_kept_sec: of a longer silence, only so much stays at the ends of its neighbours.
        max_length_sec: a speaker who does not pause is cut at the quietest place before this.
    """

    threshold_db: float = -34.0
    min_length_sec: float = 4.0
    min_interval_sec: float = 0.3
    hop_sec: float = 0.01
    max_silence_kept_sec: float = 0.5
    max_length_sec: float = 12.0

    def __post_init__(self) -> None:
        if not self.max_length_sec >= self.min_length_sec >= self.min_interval_sec >= self.hop_sec > 0:
            lengths = (self.max_length_sec, self.min_length_sec, self.min_interval_sec, self.hop_sec)
            raise BadRecordings(
                "slicing needs max length >= min length >= min interval >= hop > 0, not "
                + ", ".join(f"{sec:g} s" for sec in lengths)
            )
        if self.max_silence_kept_sec < self.hop_sec:
            raise BadRecordings(
                f"max silence kept must be at least the hop of {self.hop_sec:g} s, "
                f"not {self.max_silence_kept_sec:g} s"
            )
        if self.threshold_db >= 0:
            raise BadRecordings(f"the silence threshold must be below 0 dB, not {self.threshold_db:g}")


Span = tuple[int, int]


def slice_speech(samples: np.ndarray, rate: int, settings: SlicingSettings) -> list[Span]:
    """Finds the clips of a recording.

    Args:
        samples: Mono (N,).
        rate: Hz.
        settings: When to cut.

    Returns:
        Sample ranges (start, end) in order, without overlap, none longer than the maximum length. What lies
        between them is silence. None for a recording without any sound.
    """
    peak = peak_of(samples)
    if peak < SILENT_PEAK:
        return []
    hop_samples = max(1, round(settings.hop_sec * rate))
    window_samples = round(min(settings.min_interval_sec, 4 * settings.hop_sec) * rate)
    rms = frame_rms(samples, max(hop_samples, window_samples), hop_samples)
    is_silent = rms < peak * 10 ** (settings.threshold_db / 20)

    def frames(sec: float) -> int:
        return max(1, round(sec * rate / hop_samples))

    min_length, max_length = (
        frames(settings.min_length_sec),
        int(settings.max_length_sec * rate) // hop_samples,
    )
    return [
        (start * hop_samples, min(end * hop_samples, len(samples)))
        for range_start, range_end in _between_pauses(rms, is_silent, settings, frames)
        for start, end in _not_longer(rms, range_start, range_end, min_length, max_length)
    ]


def _between_pauses(
    rms: np.ndarray, is_silent: np.ndarray, settings: SlicingSettings, frames: Callable[[float], int]
) -> list[Span]:
    """Frame ranges between the pauses that are cut at, each with some of the silence around it."""
    kept, min_length = frames(settings.max_silence_kept_sec), frames(settings.min_length_sec)
    min_interval = frames(settings.min_interval_sec)
    num_frames = len(is_silent)
    spans: list[Span] = []
    start = 0
    for pause_start, pause_end in _runs(is_silent):
        if pause_start == 0:
            start = max(0, pause_end - kept)
        elif pause_end == num_frames:
            num_frames = min(num_frames, pause_start + kept)
        elif pause_end - pause_start >= min_interval and pause_start - start >= min_length:
            if pause_end - pause_start > 2 * kept:
                spans.append((start, pause_start + kept))
                start = pause_end - kept
            else:
                quietest = pause_start + int(rms[pause_start:pause_end].argmin())
                spans.append((start, quietest))
                start = quietest
    spans.append((start, num_frames))
    return [(start, end) for start, end in spans if not is_silent[start:end].all()]


def _runs(is_true: np.ndarray) -> list[Span]:
    """Ranges (start, end) of neighbouring true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_true, [False]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _not_longer(rms: np.ndarray, start: int, end: int, min_length: int, max_length: int) -> list[Span]:
    """Cuts a range at its quietest frames until no part is longer than `max_length`."""
    spans: list[Span] = []
    while end - start > max_length:
        # Neither this part nor what is left may become a stub.
        earliest = start + min(min_length, max_length // 2)
        latest = max(earliest + 1, min(start + max_length, end - min(min_length, (end - start) // 2)))
        cut = earliest + int(rms[earliest : latest + 1].argmin())
        spans.append((start, cut))
        start = cut
    return [*spans, (start, end)]
