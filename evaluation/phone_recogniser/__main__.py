"""Makes the phone recognisers: `python -m evaluation.phone_recogniser [--work DIR] [--out DIR]`.

Speaks word soup with flite and espeak-ng, teaches small networks to hear the phones, and tells how well they
hear natural sentences of voices they never heard. Stop it with Ctrl-C; the same command goes on.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import torch

from evaluation.phone_recogniser.labels import labels_of, without_tones
from evaluation.phone_recogniser.network import PhoneNetwork, Sizes
from evaluation.phone_recogniser.recogniser import FOLDER, PhoneRecogniser
from evaluation.phone_recogniser.speech import LINES_PER_FILE, Utterance, make_file, read_files, speech_file
from evaluation.phone_recogniser.training import SpeechBatches, Student
from evaluation.phone_recogniser.voices import JUDGED
from evaluation.teachers import Teacher
from evaluation.voice_measures.errors import ErrorCount, error_rate
from evaluation.voice_measures.sentences import default_sentences
from tts.finetune.training_loop import LoopSettings, train
from tts.text.front_end import FrontEnd

DROPOUT = 0.1
BATCH_SIZE = 16
# Rarer labels are not worth an output.
MIN_LABEL_COUNT = 5
NUM_TEST_LINES = 60
# espeak-ng's Mandarin voices are much alike: less of them is needed than of English.
SHARES = {"en": 1.0, "zh": 0.4}


@click.command()
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/phone-recogniser"),
    show_default=True,
    help="Speech and checkpoints go here.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, help="The files go here."
)
@click.option(
    "--lines", default=4000, show_default=True, help="Lines of English speech; 40 % as many of Mandarin."
)
@click.option("--steps", default=2500, show_default=True, help="Steps of training.")
@click.option("--seed", default=0, show_default=True)
def main(work: Path, out: Path, lines: int, steps: int, seed: int) -> None:
    """Make the phone recognisers that `python -m evaluation.voices` judges with."""
    paths = {
        language: [
            speech_file(work / "speech", language, number)
            for number in range(-(-round(lines * share) // LINES_PER_FILE) + 1)
        ]
        for language, share in SHARES.items()
    }
    _make_speech(paths)
    held_out = [one for files in paths.values() for one in _first(files[0])]
    heard = [one for files in paths.values() for one in read_files(files[1:])]
    counts = Counter(label for one in heard for label in one.labels)
    labels = sorted(label for label, count in counts.items() if count >= MIN_LABEL_COUNT)
    heard = [one for one in heard if set(one.labels) <= set(labels)]
    for name, judged in JUDGED.items():
        strange = {teacher.name for teacher in judged}
        known = [one for one in heard if one.voice not in strange]
        test = [one for one in held_out if one.voice not in strange]
        click.echo(f"{name}: {len(known)} lines, {len(labels)} labels, {torch.get_num_threads()} threads")
        recogniser = _teach(known, test, labels, steps, seed, work / f"training-{name}")
        if recogniser is None:
            return
        path = out / f"{name}.safetensors"
        recogniser.save(path)
        click.echo(f"{path}: {path.stat().st_size / 1e6:.2f} MB")
        _tell_of_strangers(PhoneRecogniser.load(path), judged)


def _make_speech(paths: Mapping[str, Sequence[Path]]) -> None:
    missing = [
        (path, language, number)
        for language, files in paths.items()
        for number, path in enumerate(files)
        if not path.is_file()
    ]
    with click.progressbar(missing, label="speaking") as bar:
        for path, language, number in bar:
            make_file(path, language, number)


def _first(path: Path) -> list[Utterance]:
    return list(read_files([path]))[:NUM_TEST_LINES]


def _teach(
    known: Sequence[Utterance],
    test: Sequence[Utterance],
    labels: Sequence[str],
    steps: int,
    seed: int,
    folder: Path,
) -> PhoneRecogniser | None:
    """Returns a recogniser; None after Ctrl-C."""
    torch.manual_seed(seed)
    network = PhoneNetwork(Sizes(len(labels)), DROPOUT)
    student = Student(network, labels, test, steps)
    settings = LoopSettings(num_steps=steps, batch_size=BATCH_SIZE, log_every=100, seed=seed)
    note = {"sizes": network.sizes.as_dict(), "num_lines": len(known), "num_steps": steps}
    result = train(student, SpeechBatches(known, labels), settings, folder, note=note)
    if not result.is_finished:
        return None
    with student.finished() as finished:
        return PhoneRecogniser(copy.deepcopy(finished), labels, sorted({one.voice for one in known}))


def _tell_of_strangers(recogniser: PhoneRecogniser, judged: Sequence[Teacher]) -> None:
    """Tells the error rates on natural sentences of the voices that are kept for judging."""
    front_end = FrontEnd()
    for teacher in judged:
        toned, plain = list[ErrorCount | None](), list[ErrorCount | None]()
        for text in default_sentences(teacher.language):
            wanted = labels_of(text, teacher.language, front_end)
            heard: tuple[Sequence[str], Sequence[str]]
            heard = recogniser.recognise(*teacher.speak(text), (teacher.language,))
            toned.append(ErrorCount.between(wanted, heard[0]))
            plain.append(ErrorCount.between(without_tones(wanted), heard[1]))
        tones = f", with tones {error_rate(toned):.1%}" if teacher.language == "zh" else ""
        click.echo(f"{teacher.name}, never heard before: {error_rate(plain):.1%} of phones wrong{tones}")


if __name__ == "__main__":
    main()
