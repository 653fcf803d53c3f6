"""What the models of the built-in voices learn from: the speech of all teachers that have some."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from demo.speech.features import TeacherFeatures, held_out_features, training_features
from demo.speech.shards import ShardClip
from demo.speech.teachers import COURSES

NUM_MEASURED = 8  # held-out clips of each teacher and language


@dataclass(frozen=True, slots=True, eq=False)
class VoiceCorpus:
    """Clips of all teachers, and who speaks each.

    Attributes:
        training: to learn from.
        speakers: of `training`.
        held_out: some natural sentences of each teacher and language, never learned from.
        references: another held-out clip of the same teacher and language for each of these.
        held_out_speakers: of `held_out`.
    """

    training: TeacherFeatures
    speakers: tuple[str, ...]
    held_out: TeacherFeatures
    references: TeacherFeatures
    held_out_speakers: tuple[str, ...]

    @property
    def teachers(self) -> tuple[str, ...]:
        """Names of the teachers, in the order of `COURSES`."""
        return tuple(name for name in COURSES if name in {*self.speakers})


def read_corpus(work: Path, *, has_sound: bool, num_measured: int = NUM_MEASURED) -> VoiceCorpus:
    """Reads the finished shards of all teachers.

    Args:
        work: folder with one folder of shards per teacher.
        has_sound: False leaves waveforms empty.
        num_measured: held-out clips of each teacher and language; a group of one has none to refer to and
            is left out.

    Raises:
        FileNotFoundError: no teacher has said anything; says how to make some speech.
    """
    sources = {
        work / name: tuple(course.shares)
        for name, course in COURSES.items()
        if any((work / name).glob("shard-*.jsonl"))
    }
    if not sources:
        names = ", ".join(COURSES)
        raise FileNotFoundError(
            f"no teacher's speech in {work}; make it with: python -m demo.speech TEACHER ({names})"
        )
    training = training_features(sources, has_sound=has_sound)
    measured, references = _measured(held_out_features(sources, has_sound=False).clips, num_measured)
    return VoiceCorpus(
        training,
        tuple(speaker_of(clip) for clip in training.clips),
        TeacherFeatures(measured, has_sound=has_sound),
        TeacherFeatures(references, has_sound=has_sound),
        tuple(speaker_of(clip) for clip in measured),
    )


def speaker_of(clip: ShardClip) -> str:
    """Returns the teacher's name, which is that of its folder."""
    return clip.samples_path.parent.name


def _measured(clips: Sequence[ShardClip], num_each: int) -> tuple[list[ShardClip], list[ShardClip]]:
    """Returns the first clips of each teacher and language, and for each the one before as its reference."""
    groups: dict[tuple[str, str], list[ShardClip]] = defaultdict(list)
    for clip in clips:
        groups[speaker_of(clip), clip.language].append(clip)
    measured, references = [], []
    for group in groups.values():
        if len(group) > 1:
            chosen = group[:num_each]
            measured += chosen
            references += [group[place - 1] for place in range(len(chosen))]
    return measured, references


def long_enough(corpus: VoiceCorpus, num_tokens: int) -> tuple[TeacherFeatures, tuple[str, ...]]:
    """Returns the training clips that have so many tokens at least, and who speaks each."""
    pairs = zip(corpus.training.clips, corpus.speakers, strict=True)
    kept = [(clip, speaker) for clip, speaker in pairs if clip.num_tokens >= num_tokens]
    return TeacherFeatures(clip for clip, _ in kept), tuple(speaker for _, speaker in kept)
