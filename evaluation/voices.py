"""Judge a voice by machine: `python -m evaluation.voices --speaker NAME [--teacher] [--json OUT] ...`.

The server's own engine speaks sentences it never learned from. Judged are the words an independent
recogniser hears (pocketsphinx, English only), the phones a small recogniser hears that learned from other
voices, and how near the sound is to the teacher's, where the speaker learned from a program that is
installed. What cannot be judged here is null, and a note says why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import numpy as np
import soundfile
import torch

from chat2audio.settings import SettingsError, load_settings
from evaluation.teachers import NoTeacher, Teacher, teachers_of
from evaluation.voice_measures.comparison import compare
from evaluation.voice_measures.judges import Judges, Task
from evaluation.voice_measures.report import Result, sentence_rows, summarise, table
from evaluation.voice_measures.sentences import default_sentences, language_of, read_sentences
from evaluation.voice_measures.speaking import LiveVoice, SpeechFailed
from speakers.catalog import UnknownSpeaker
from tts.audio import to_pcm16
from tts.errors import BadVoice
from tts.finetune.pictures import write_spectrograms
from tts.finetune.speech_part import loudness_dbfs
from tts.text.front_end import FrontEnd

Recording = tuple[np.ndarray, int]


class Evaluation:
    """One run over the sentences.

    Args:
        voice: speaks.
        judges: listen.
        teachers: what to compare with, by language.
        is_teacher_judged: whether the judges listen to the teacher, too.
        pictures, wavs: folders for spectrograms and sound, or None.
    """

    def __init__(
        self,
        voice: LiveVoice,
        judges: Judges,
        teachers: Mapping[str, Teacher],
        *,
        is_teacher_judged: bool,
        pictures: Path | None,
        wavs: Path | None,
    ) -> None:
        self._voice, self._judges, self._teachers = voice, judges, teachers
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
        if (teacher := self._teachers.get(language_of(text))) is not None:
            teachers = teacher.speak(text)
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
            write_spectrograms(self._pictures / f"{name}.png", list(there.values()))


def find_teachers(speaker: str) -> tuple[Mapping[str, Teacher], Mapping[str, Teacher], list[str]]:
    """Returns a speaker's teachers by language, those of them that can speak here, and notes on the rest."""
    try:
        known = teachers_of(speaker)
    except NoTeacher as error:
        return {}, {}, [f"{error}; so nothing is compared with a teacher"]
    here: dict[str, Teacher] = {}
    notes: list[str] = []
    for language, teacher in known.items():
        try:
            teacher.check()
        except NoTeacher as error:
            notes.append(f"{error}; so {language} is not compared with a teacher")
        else:
            here[language] = teacher
    return known, here, notes


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
        known, teachers, notes = find_teachers(voice.speaker.name)
        judges, more_notes = Judges.find([teacher.name for teacher in known.values()])
        sentences = (
            read_sentences(sentence_file) if sentence_file else default_sentences(voice.speaker.language)
        )
        if not sentences:
            raise click.ClickException(f"{sentence_file} holds no sentence")
        evaluation = Evaluation(
            voice, judges, teachers, is_teacher_judged=is_teacher_judged, pictures=pictures, wavs=out_wavs
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
            "teachers": {language: teacher.name for language, teacher in teachers.items()},
            "sentences_file": None if sentence_file is None else str(sentence_file),
            "seed": seed,
            "num_threads": torch.get_num_threads(),
        }
    _tell(head, results, [*notes, *more_notes], json_path)


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
