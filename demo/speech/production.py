"""Makes the speech of one teacher: texts in, shards of labelled recordings out; what is there stays."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

from demo.speech.corpus import SHARD_LINES, shard
from demo.speech.recording import RATE_HZ, record
from demo.speech.shards import ShardWriter
from demo.speech.speech import CannotSay, Teacher
from demo.speech.teachers import COURSES
from demo.speech.utterance import UtteranceReader


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What came of one shard.

    Attributes:
        number: of its file.
        num_clips: made.
        num_refused: texts that the front end could not read, or the teacher not say.
        speech_sec: length of all clips.
        cpu_sec: what it cost, the programs it ran included.
    """

    number: int
    num_clips: int
    num_refused: int
    speech_sec: float
    cpu_sec: float


def produce(teacher: str, folder: Path, num_sentences: int, num_processes: int) -> Iterator[ShardReport]:
    """Makes all missing shards, and yields a report of each as it is done.

    Args:
        teacher: a name of `COURSES`.
        folder: of the teacher's shards.
        num_sentences: to be asked for, apart from the held-out ones; rounded up to whole shards.
        num_processes: at work at the same time.

    Raises:
        NoTeacher: the program is missing.
    """
    languages = schedule(teacher, math.ceil(num_sentences / SHARD_LINES))
    missing = [number for number in range(len(languages)) if not ShardWriter(folder, number).is_done]
    with ProcessPoolExecutor(num_processes) as pool:
        jobs = [pool.submit(make_shard, teacher, folder, number, *languages[number]) for number in missing]
        try:
            for job in as_completed(jobs):
                yield job.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def schedule(teacher: str, num_shards: int) -> list[tuple[str, int]]:
    """Returns every shard's language and number in its corpus: held-out ones, then languages by share."""
    shares = COURSES[teacher].shares
    done = dict.fromkeys(shares, 0)
    plan = [(language, 0) for language in shares]
    for _ in range(num_shards):
        language = min(shares, key=lambda language: (done[language] + 1) / shares[language])
        done[language] += 1
        plan.append((language, done[language]))
    return plan


def make_shard(teacher: str, folder: Path, number: int, language: str, corpus_number: int) -> ShardReport:
    """Makes one shard; runs in a process of its own."""
    started_sec = _cpu_sec()
    course = COURSES[teacher]
    voice, reader, writer = course.make(), UtteranceReader(), ShardWriter(folder, number)
    num_clips, num_refused, num_samples = 0, 0, 0
    for line in shard(language, corpus_number, has_english="en" in course.shares):
        try:
            size = _add(writer, voice, reader, line.kind, line.text, language)
        except (ValueError, CannotSay):
            num_refused += 1
            continue
        num_clips += 1
        num_samples += size
    writer.write()
    return ShardReport(number, num_clips, num_refused, num_samples / RATE_HZ, _cpu_sec() - started_sec)


def _cpu_sec() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _add(
    writer: ShardWriter, voice: Teacher, reader: UtteranceReader, kind: str, text: str, language: str
) -> int:
    utterance = reader.read(text, language)
    recording = record(utterance, voice.say(utterance), seed=crc32(f"{voice.name} {text}".encode()))
    writer.add(kind, text, language, utterance.ids, recording)
    return len(recording.samples)
