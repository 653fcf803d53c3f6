"""Makes the phone recogniser: `python -m evaluation.phone_recogniser [--work DIR] [--out FILE]`.

Speaks word soup with flite and espeak-ng, teaches a small network to hear the phones, and tells how well it
hears natural sentences of voices it never heard. Stop it with Ctrl-C; the same command goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click
import torch

from evaluation.phone_recogniser.labels import LANGUAGES, labels_of, without_tones
from evaluation.phone_recogniser.network import PhoneNetwork, Sizes
from evaluation.phone_recogniser.recogniser import FILE, PhoneRecogniser
from evaluation.phone_recogniser.speech import LINES_PER_FILE, Utterance, make_file, read_files, speech_file
from evaluation.phone_recogniser.training import SpeechBatches, Student
from evaluation.phone_recogniser.voices import JUDGED, training_voices
from evaluation.voice_measures.errors import ErrorCount, error_rate
from evaluation.voice_measures.sentences import default_sentences
from tts.finetune.training_loop import LoopSettings, train
from tts.text.front_end import FrontEnd

DROPOUT = 0.1
BATCH_SIZE = 16
# Rarer labels are not worth an output.
MIN_LABEL_COUNT = 5
NUM_TEST_LINES = 60


@click.command()
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/phone-recogniser"),
    show_default=True,
    help="Speech and checkpoints go here.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=FILE, help="The file to write."
)
@click.option("--lines", default=5000, show_default=True, help="Lines of speech for each language.")
@click.option("--steps", default=3500, show_default=True, help="Steps of training.")
@click.option("--seed", default=0, show_default=True)
def main(work: Path, out: Path, lines: int, steps: int, seed: int) -> None:
    """Make the phone recogniser that `python -m evaluation.voices` judges with."""
    numbers = range(-(-lines // LINES_PER_FILE) + 1)
    _make_speech(work / "speech", numbers)
    held_out, heard = _read_speech(work / "speech", numbers)
    counts = Counter(label for one in heard for label in one.labels)
    labels = sorted(label for label, count in counts.items() if count >= MIN_LABEL_COUNT)
    heard = [one for one in heard if set(one.labels) <= set(labels)]
    click.echo(f"{len(heard)} lines, {len(labels)} labels, {torch.get_num_threads()} threads")
    torch.manual_seed(seed)
    network = PhoneNetwork(Sizes(len(labels)), DROPOUT)
    student = Student(network, labels, held_out, steps)
    settings = LoopSettings(num_steps=steps, batch_size=BATCH_SIZE, log_every=100, seed=seed)
    note = {"sizes": network.sizes.as_dict(), "num_lines": len(heard), "num_steps": steps}
    result = train(student, SpeechBatches(heard, labels), settings, work / "training", note=note)
    if not result.is_finished:
        return
    voices = sorted({voice.name for language in LANGUAGES for voice in training_voices(language)})
    with student.finished() as finished:
        PhoneRecogniser(finished, labels, voices).save(out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.2f} MB")
    _tell_of_strangers(PhoneRecogniser.load(out))


def _make_speech(folder: Path, numbers: range) -> None:
    missing = [
        (speech_file(folder, language, number), language, number)
        for number in numbers
        for language in LANGUAGES
        if not speech_file(folder, language, number).is_file()
    ]
    with click.progressbar(missing, label="speaking") as bar:
        for path, language, number in bar:
            make_file(path, language, number)


def _read_speech(folder: Path, numbers: range) -> tuple[list[Utterance], list[Utterance]]:
    """Returns lines to test with and lines to learn from."""
    paths = [speech_file(folder, language, number) for number in numbers for language in LANGUAGES]
    num_first = len(LANGUAGES)
    firsts = [list(read_files([path]))[:NUM_TEST_LINES] for path in paths[:num_first]]
    return [one for first in firsts for one in first], list(read_files(paths[num_first:]))


def _tell_of_strangers(recogniser: PhoneRecogniser) -> None:
    """Tells the error rates on natural sentences of the voices that are kept for judging."""
    front_end = FrontEnd()
    for teacher in JUDGED:
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
