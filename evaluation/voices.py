"""Judge a voice by machine: `python -m evaluation.voices --speaker NAME [--teacher] [--json OUT] ...`.

The server's own engine speaks sentences it never learned from. Judged are the words an independent
recogniser hears (pocketsphinx, English only), the phones a small recogniser hears that learned from other
voices, and how near the sound is to the teacher's, where the speaker learned from a program that is
installed. What cannot be judged here is null, and a note says why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import numpy as np
import soundfile
import torch

from chat2audio.settings import SettingsError, load_settings
from evaluation.teachers import NoTeacher, Teacher, teacher_of
from evaluation.voice_measures.comparison import compare
from evaluation.voice_measures.judges import Judges, Task
from evaluation.voice_measures.levels import loudness_dbfs
from evaluation.voice_measures.pictures import write_comparison
from evaluation.voice_measures.report import Result, sentence_rows, summarise, table
from evaluation.voice_measures.sentences import default_sentences, language_of, read_sentences
from evaluation.voice_measures.speaking import LiveVoice, SpeechFailed
from speakers.catalog import UnknownSpeaker
from tts.audio import to_pcm16
from tts.errors import BadVoice
from tts.text.front_end import FrontEnd

Recording = tuple[np.ndarray, int]


class Evaluation:
    """One run over the sentences.

    Args:
        voice: speaks.
        judges: listen.
        teacher: what to compare with, or None.
        is_teacher_judged: whether the judges listen to the teacher, too.
        pictures, wavs: folders for spectrograms and sound, or None.
    """

    def __init__(
        self,
        voice: LiveVoice,
        judges: Judges,
        teacher: Teacher | None,
        *,
        is_teacher_judged: bool,
        pictures: Path | None,
        wavs: Path | None,
    ) -> None:
        self._voice, self._judges, self._teacher = voice, judges, teacher
        self._is_teacher_judged = is_teacher_judged
        self._pictures, self._wavs = pictures, wavs
        self._front_end = FrontEnd(lexicon=voice.speaker.lexicon)

    def run(self, sentences: Sequence[str], seed: int) -> Iterator[Result]:
        """Yields the result of each sentence."""
        # What is done once in a life (caches, memory) is not counted as the first sentence's time.
        self._voice.say(sentences[0], seed)
        for number, text in enumerate(sentences, 1):
            yield self._judge(number, text, seed)

    def _judge(self, number: int, text: str, seed: int) -> Result:
        task = Task.of(text, language_of(text), self._voice.speaker.target_language, self._front_end)
        spoken = self._voice.say(text, seed)
        ours = (spoken.samples, spoken.sample_rate)
        result = Result(
            task=task,
            spoken=spoken,
            heard=self._judges.listen(task, *ours),
            loudness_dbfs=loudness_dbfs(*ours) if len(spoken.samples) else None,
        )
        teachers: Recording | None = None
        if self._teacher is not None and self._teacher.language == language_of(text):
            teachers = self._teacher.speak(text)
            result = self._with_teacher(result, ours, teachers)
        self._keep(f"{number:03}", ours, teachers)
        return result

    def _with_teacher(self, result: Result, ours: Recording, teachers: Recording) -> Result:
        return Result(
            task=result.task,
            spoken=result.spoken,
            heard=result.heard,
            loudness_dbfs=result.loudness_dbfs,
            teacher=self._judges.listen(result.task, *teachers) if self._is_teacher_judged else None,
            comparison=compare(*ours, *teachers) if len(ours[0]) else None,
        )

    def _keep(self, name: str, ours: Recording, teachers: Recording | None) -> None:
        recordings = {"teacher": teachers, "ours": ours if len(ours[0]) else None}
        there = {whose: one for whose, one in recordings.items() if one is not None}
        if self._wavs is not None:
            self._wavs.mkdir(parents=True, exist_ok=True)
            for whose, (samples, rate_hz) in there.items():
                soundfile.write(self._wavs / f"{name}_{whose}.wav", to_pcm16(samples), rate_hz)
        if self._pictures is not None and there:
            write_comparison(self._pictures / f"{name}.png", list(there.values()))


def find_teacher(speaker: str) -> tuple[Teacher | None, bool, list[str]]:
    """Returns a speaker's teacher, whether it can speak here, and a note if it cannot or there is none."""
    teacher = None
    try:
        teacher = teacher_of(speaker)
        teacher.check()
    except NoTeacher as error:
        return teacher, False, [f"{error}; so nothing is compared with a teacher"]
    return teacher, True, []


@click.command()
@click.option("--speaker", required=True, help="Name of a speaker of the server.")
@click.option(
    "--sentences",
    "sentence_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Text file, one sentence a line; by default held-out ones in the speaker's language.",
)
@click.option("--teacher", "is_teacher_judged", is_flag=True, help="Add the teacher's own error rates.")
@click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all figures here.",
)
@click.option(
    "--pictures",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write a spectrogram of each sentence here, the teacher's above ours.",
)
@click.option("--out-wavs", type=click.Path(file_okay=False, path_type=Path), help="Write the sound here.")
@click.option("--seed", default=0, show_default=True, help="Of the speech.")
def main(
    speaker: str,
    sentence_file: Path | None,
    is_teacher_judged: bool,
    json_path: Path | None,
    pictures: Path | None,
    out_wavs: Path | None,
    seed: int,
) -> None:
    """Judge a voice by machine, on sentences it never learned from."""
    with ExitStack() as stack:
        try:
            voice = stack.enter_context(LiveVoice(load_settings(), speaker))
        except (SettingsError, UnknownSpeaker, BadVoice) as error:
            raise click.ClickException(str(error)) from error
        teacher, can_speak, notes = find_teacher(voice.speaker.name)
        judges, more_notes = Judges.find(None if teacher is None else teacher.name)
        teacher, notes = (teacher if can_speak else None), notes + more_notes
        sentences = (
            read_sentences(sentence_file) if sentence_file else default_sentences(voice.speaker.language)
        )
        if not sentences:
            raise click.ClickException(f"{sentence_file} holds no sentence")
        evaluation = Evaluation(
            voice, judges, teacher, is_teacher_judged=is_teacher_judged, pictures=pictures, wavs=out_wavs
        )
        try:
            with click.progressbar(
                evaluation.run(sentences, seed), length=len(sentences), label=f"{voice.speaker.name} speaks"
            ) as bar:
                results = list(bar)
        except (SpeechFailed, NoTeacher) as error:
            raise click.ClickException(str(error)) from error
        head: dict[str, Any] = {
            "speaker": voice.speaker.name,
            "teacher": None if teacher is None else teacher.name,
            "sentences_file": None if sentence_file is None else str(sentence_file),
            "seed": seed,
            "num_threads": torch.get_num_threads(),
        }
    _tell(head, results, notes, json_path)


def _tell(head: dict[str, Any], results: Sequence[Result], notes: list[str], json_path: Path | None) -> None:
    figures = summarise(results)
    click.echo(
        f"{head['speaker']}: {figures['num_sentences']} sentences, {figures['speech_sec']:.0f} s of speech"
    )
    for line in table(figures):
        click.echo(line)
    for note in notes:
        click.echo(f"note: {note}")
    if json_path is not None:
        everything = head | figures | {"notes": notes, "sentences": sentence_rows(results)}
        json_path.parent.mkdir(parents=True, exist_ok=True)
        json_path.write_text(json.dumps(everything, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
