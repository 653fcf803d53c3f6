"""Teachers' speech as the trainings of voices take it: with tokens from the labels, read when asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from demo.speech.recording import FRAMES_PER_TOKEN
from demo.speech.shards import ShardClip, read_shards
from demo.speech.tokens import code_table
from tts.finetune.features import ClipFeatures

HELD_OUT = "held-out"
REPLY_REPEATS = 2  # what the built-in characters say themselves comes so often


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


def training_features(
    folders: Iterable[Path], languages: Collection[str] = ("en", "zh"), *, has_sound: bool = True
) -> TeacherFeatures:
    """Returns what is to be learned from the teachers' folders: all but the held-out sentences.

    Raises:
        FileNotFoundError: a folder has no finished shard.
    """
    clips = [clip for clip in _clips(folders, languages) if clip.kind != HELD_OUT]
    again = [clip for clip in clips if clip.kind == "reply"] * (REPLY_REPEATS - 1)
    return TeacherFeatures([*clips, *again], has_sound=has_sound)


def held_out_features(
    folders: Iterable[Path], languages: Collection[str] = ("en", "zh"), *, has_sound: bool = True
) -> TeacherFeatures:
    """Returns the natural sentences that are nowhere in `training_features`.

    Raises:
        FileNotFoundError: a folder has no finished shard.
    """
    clips = [clip for clip in _clips(folders, languages) if clip.kind == HELD_OUT]
    return TeacherFeatures(clips, has_sound=has_sound)


def _clips(folders: Iterable[Path], languages: Collection[str]) -> list[ShardClip]:
    return [clip for folder in folders for clip in read_shards(folder) if clip.language in languages]
