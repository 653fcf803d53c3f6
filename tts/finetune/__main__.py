"""`python -m tts.finetune`: recordings of a speaker become a voice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import torch

from speakers.checks import BadSpeaker
from tts.audio import BadAudio
from tts.checkpoint import BadCheckpoint
from tts.errors import BadVoice
from tts.finetune.bases import Tools, find_bases
from tts.finetune.clips import LABELS, read_list
from tts.finetune.disk_space import preparation_space, require_space, training_space
from tts.finetune.epochs import EpochPlan, usual_batch_size
from tts.finetune.errors import BadRecordings, FinetuneError
from tts.finetune.preparation import (
    Material,
    begin_review,
    clips_stage,
    find_list,
    reviewed,
    words_stage,
)
from tts.finetune.progress_events import Tell, tell_nobody, tell_on_stderr
from tts.finetune.quality import QualityReport, as_dict, as_text, check_clips
from tts.finetune.reading import ClipReader
from tts.finetune.report_files import write_report
from tts.finetune.selection import cast_clips
from tts.finetune.slicing import SlicingSettings
from tts.finetune.sphinx import find_sphinx
from tts.finetune.stage_progress import StageLines
from tts.finetune.stages import Stages
from tts.finetune.training_stages import Stopped, discriminator_sizes
from tts.finetune.transcription import AUTO, Transcriber, find_transcriber
from tts.finetune.voice_making import VoiceMaking
from tts.versions import VERSIONS

STAGES = ("clips", "words", "report", "features", "semantic", "acoustic", "evaluation")
MODELS = Path("models")
BASE = MODELS / "demo" / "base"
SLICING = SlicingSettings()
FOLDER = click.Path(path_type=Path, file_okay=False)
READABLE = click.Path(path_type=Path, exists=True)
TRAINABLE = [name for name, row in VERSIONS.items() if row.decoder == "vits"]


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asked for beside the models and the trainings."""

    name: str
    material: Material
    work: Path
    out: Path
    speakers: Path
    is_review: bool
    has_pictures: bool
    is_anyway: bool
    redo_from: str | None
    tell: Tell


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.argument("folder", type=FOLDER)
@click.option("--name", required=True, help="Of the new speaker: speakers/<name>.toml.")
@click.option(
    "--list", "list_path", type=READABLE, help="Lines path|speaker|language|text.  [default: FOLDER/*.list]"
)
@click.option(
    "--language",
    default=AUTO,
    type=click.Choice([AUTO, *LABELS]),
    help="Of recordings that no list names.",
)
@click.option("--review", is_flag=True, help="Stop after the report, with a list to correct by hand.")
@click.option("--pictures", is_flag=True, help="Also draw a spectrogram of every clip.")
@click.option("--anyway", is_flag=True, help="Train even on less than a minute.")
@click.option("--from", "redo_from", type=click.Choice(STAGES), help="Do this stage and all after it anew.")
@click.option(
    "--semantic-base", type=READABLE, default=BASE / "semantic.ckpt", help="s1 model to start from."
)
@click.option("--acoustic-base", type=READABLE, default=BASE / "decoder.pth", help="s2G model to start from.")
@click.option("--discriminator-base", type=READABLE, help="s2D model.  [default: beside an s2G base]")
@click.option("--version", type=click.Choice(TRAINABLE), help="Of the base, where its file cannot say.")
@click.option("--ssl", type=READABLE, default=MODELS / "demo" / "ssl", help="HuBERT folder of the bases.")
@click.option("--bert", type=READABLE, help="RoBERTa folder, for Mandarin.")
@click.option(
    "--speaker-net", type=READABLE, help="ERes2NetV2 file: for Pro bases, and to measure similarity."
)
@click.option("--transcriber", help="Model of the recogniser: name or folder.")
@click.option("--semantic-epochs", default=15)
@click.option("--acoustic-epochs", default=8)
@click.option("--semantic-keep-every", default=5, help="Epochs between checkpoints to choose from.")
@click.option("--acoustic-keep-every", default=4, help="Epochs between checkpoints to choose from.")
@click.option("--semantic-rate", type=float, help="Learning rate.  [default: by the size of the base]")
@click.option("--acoustic-rate", type=float, help="Learning rate.  [default: by the size of the base]")
@click.option("--batch-size", type=int, help="Clips a step.  [default: half the GPU's GB; 4 on a CPU]")
@click.option("--seed", default=0)
@click.option("--max-clip-sec", default=SLICING.max_length_sec, help="Recordings are cut to at most this.")
@click.option("--work", type=FOLDER, help="Where stages are kept.  [default: out/voices/<name>]")
@click.option("--out", type=FOLDER, default=MODELS / "voices", help="Folder for the voice's models.")
@click.option("--speakers", type=FOLDER, default=Path("speakers"), help="Folder for the speaker file.")
@click.option(
    "--progress",
    default="text",
    type=click.Choice(["text", "json"]),
    help="json: also a JSON object a line on standard error, for programs.",
)
@click.option("--device", default=AUTO, type=click.Choice([AUTO, "cpu", "cuda"]))
def main(
    folder: Path,
    name: str,
    list_path: Path | None,
    language: str,
    review: bool,
    pictures: bool,
    anyway: bool,
    redo_from: str | None,
    max_clip_sec: float,
    work: Path | None,
    out: Path,
    speakers: Path,
    progress: str,
    **options: Any,
) -> None:
    """Make a voice of the recordings in FOLDER (WAV, FLAC or OGG): at least a minute, better three to ten.

    Beside them may lie a .list file with their words; without one, an installed recogniser listens. Whatever
    is interrupted goes on with the same command, and what has not changed is not done again. Train only
    voices whose owners agree.
    """
    if Path(name).name != name or name.startswith("."):
        raise click.ClickException(f"--name {name!r} must be a plain name, such as Anna")
    tell = tell_on_stderr if progress == "json" else tell_nobody
    device = options["device"]
    if device == AUTO:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        slicing = SlicingSettings(max_length_sec=max_clip_sec)
        material = Material(
            folder=folder,
            list_path=list_path or find_list(folder),
            speaker=name,
            language=language,
            slicing=slicing,
        )
        order = Order(
            name,
            material,
            work or Path("out/voices") / name,
            out,
            speakers,
            review,
            pictures,
            anyway,
            redo_from,
            tell,
        )
        _make(order, device, options)
    except (FinetuneError, BadAudio, BadCheckpoint, BadSpeaker, BadVoice) as error:
        tell("failed", reason=str(error))
        raise click.ClickException(str(error)) from error
    except Stopped as stopped:
        click.echo(f"{stopped}; the same command goes on")
        tell("stopped", reason=str(stopped))
        raise SystemExit(130) from stopped


def _make(order: Order, device: str, options: dict[str, Any]) -> None:
    semantic_plan, acoustic_plan = _plans(options, device)
    bases = find_bases(
        options["semantic_base"],
        options["acoustic_base"],
        options["discriminator_base"],
        version=options["version"],
    )
    tools = Tools(options["ssl"], options["bert"], options["speaker_net"], device)
    lines = StageLines(STAGES, tell=order.tell)
    stages = Stages(order.work, STAGES, redo_from=order.redo_from, told=lines.began)
    needed = preparation_space(order.material, bases, tools)
    needed |= training_space(bases, semantic_plan, acoustic_plan, discriminator_sizes(bases))
    click.echo(require_space(stages, needed))

    def make_transcriber() -> Transcriber | None:
        return find_transcriber(order.material.language, model=options["transcriber"], device=device)

    report = _prepare(order, stages, lines, ClipReader(bases.version.symbols), make_transcriber)
    if report is None:
        return

    def make_judge() -> Transcriber | None:
        return make_transcriber() or find_sphinx({clip.clip.language for clip in report.good})

    making = VoiceMaking(order.name, stages, lines, bases, tools, cast_clips(report.clips))
    features = making.features()
    semantic = making.semantic(features, semantic_plan)
    acoustic = making.acoustic(features, acoustic_plan)
    best, table = making.evaluation(semantic, acoustic, make_judge)
    click.echo(table)
    path = order.speakers / f"{order.name}.toml"
    speaker = making.install(best, order.out, path, MODELS)
    click.echo(f"{path}: {speaker.name} speaks with {best.name}")
    order.tell("finished", speaker_file=str(path), models=best.name)


def _prepare(
    order: Order,
    stages: Stages,
    lines: StageLines,
    reader: ClipReader,
    make_transcriber: Callable[[], Transcriber | None],
) -> QualityReport | None:
    """Labelled clips and what is wrong with them; None if the user wants to look at them first.

    Raises:
        BadRecordings: there is too little to train on.
    """
    material = order.material
    with lines.counting("clips", "recordings") as told:
        clips_list = clips_stage(stages, material, told)
    with lines.counting("words") as told:
        words_list = words_stage(stages, clips_list, material.language, make_transcriber, told)
    with lines.counting("report") as told:
        report = check_clips(read_list(reviewed(order.work, words_list)), reader, told=told)
    write_report(order.work, report, has_pictures=order.has_pictures)
    click.echo(as_text(report))
    order.tell("report", **as_dict(report))
    if order.is_review:
        review = begin_review(order.work, words_list)
        click.echo(f"correct {review}, or delete lines in it; the same command without --review goes on")
        return None
    if not report.good or (report.refusal and not order.is_anyway):
        raise BadRecordings("nothing was trained; the report above says why")
    return report


def _plans(options: dict[str, Any], device: str) -> tuple[EpochPlan, EpochPlan]:
    batch_size = options["batch_size"] or usual_batch_size(device)
    semantic, acoustic = (
        EpochPlan(
            num_epochs=options[f"{model}_epochs"],
            keep_every=options[f"{model}_keep_every"],
            batch_size=batch_size,
            learning_rate=options[f"{model}_rate"],
            seed=options["seed"],
        )
        for model in ("semantic", "acoustic")
    )
    return semantic, acoustic


if __name__ == "__main__":
    main()
