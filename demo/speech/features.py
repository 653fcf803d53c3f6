"""Teachers' speech as the trainings of voices take it: with tokens from the labels, read when asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from demo.speech.recording import FRAMES_PER_TOKEN
from demo.speech.shards import ShardClip, read_shards
from demo.speech.tokens import code_table
from tts.finetune.features import ClipFeatures

HELD_OUT = "held-out"
Sources = Mapping[Path, Collection[str]]


class TeacherFeatures(Sequence[ClipFeatures]):
    """Clips of teachers.

    Args:
        clips: as read from shards.
        has_sound: False leaves waveforms empty: semantic models need none.
    """

    def __init__(self, clips: Iterable[ShardClip], *, has_sound: bool = True) -> None:
        self.clips = list(clips)
        self._has_sound = has_sound

    def __len__(self) -> int:
        return len(self.clips)

    @overload
    def __getitem__(self, place: int) -> ClipFeatures: ...

    @overload
    def __getitem__(self, place: slice) -> TeacherFeatures: ...

    def __getitem__(self, place: int | slice) -> ClipFeatures | TeacherFeatures:
        if isinstance(place, slice):
            return TeacherFeatures(self.clips[place], has_sound=self._has_sound)
        clip = self.clips[place]
        samples = clip.samples() if self._has_sound else np.zeros(0, np.int16)
        return ClipFeatures(
            name=clip.name,
            phones=clip.phones,
            bert=None,
            tokens=code_table().encode(clip.labels),
            waveform=samples.astype(np.float32) / 32768,
            # A token belongs to what is said at its end: the phone after it is the next to be said.
            alignment=clip.owners[FRAMES_PER_TOKEN - 1 :: FRAMES_PER_TOKEN],
        )


def training_features(sources: Sources, *, has_sound: bool = True) -> TeacherFeatures:
    """Returns what is to be learned: all but the held-out sentences.

    Args:
        sources: folder of a teacher -> the languages to take from it.
        has_sound: see `TeacherFeatures`.

    Raises:
        FileNotFoundError: a folder has no finished shard.
    """
    return TeacherFeatures((clip for clip in _clips(sources) if clip.kind != HELD_OUT), has_sound=has_sound)


def held_out_features(sources: Sources, *, has_sound: bool = True) -> TeacherFeatures:
    """Returns the natural sentences that are nowhere in `training_features`; otherwise the same.

    Raises:
        FileNotFoundError: a folder has no finished shard.
    """
    return TeacherFeatures((clip for clip in _clips(sources) if clip.kind == HELD_OUT), has_sound=has_sound)


def _clips(sources: Sources) -> list[ShardClip]:
    return [
        clip
        for folder, languages in sources.items()
        for clip in read_shards(folder)
        if clip.language in languages
    ]
