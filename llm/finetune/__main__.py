"""`python -m llm.finetune`: teaches a chat model a character, with the prompt the server will use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import torch
from transformers.utils import logging as transformers_logging

from llm.chat_model import ModelConfig, load_chat_model
from llm.errors import BadModel
from llm.finetune.encoding import Encoder
from llm.finetune.errors import FinetuneError, NothingToLearn
from llm.finetune.export import merge, save_adapter
from llm.finetune.formats import Chat
from llm.finetune.prepare import SYSTEM_MODES, Prepared, prepare, split
from llm.finetune.progress import Progress, Samples
from llm.finetune.run_folder import describe, open_run
from llm.finetune.settings import SCHEDULES, TrainingSettings
from llm.finetune.sources import read_chats
from llm.finetune.training import Result, train
from prompts.persona import BadPersona, Persona, load_persona
from runtime.stop_flag import StopFlag

ROOT = Path(__file__).parents[2]
USUAL = TrainingSettings()
FOLDER = click.Path(path_type=Path, file_okay=False)
READABLE = click.Path(path_type=Path, exists=True)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the command line asked for, checked."""

    name: str
    base: Path
    out: Path
    merged: Path | None
    work: Path
    is_resumed: bool
    sample_every: int
    eval_share: float
    settings: TrainingSettings


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option(
    "--base", required=True, type=READABLE, help="Folder of the chat model, e.g. Qwen2.5-7B-Instruct."
)
@click.option(
    "--data",
    "files",
    required=True,
    multiple=True,
    type=READABLE,
    help="json or jsonl (alpaca, ShareGPT, OpenAI messages), or a dataset_info.json. May be repeated.",
)
@click.option("--dataset", "datasets", multiple=True, help="Name within dataset_info.json. May be repeated.")
@click.option("--name", required=True, help="The adapter's name; a speaker names it as lora.")
@click.option("--out", default=Path("models/adapters"), type=FOLDER, help="Folder of the server's adapters.")
@click.option("--persona", type=READABLE, help="Persona file.  [default: prompts/<name>.md where it exists]")
@click.option(
    "--system",
    "system_mode",
    default="keep",
    type=click.Choice(SYSTEM_MODES),
    help="keep: rows with a system text of their own keep it. replace: all get the persona's.",
)
@click.option(
    "--keep-actions", is_flag=True, help="Leave (stage directions), *actions* and emoji in answers."
)
@click.option("--merge", "merged", type=FOLDER, help="Also write base and adapter as one model here.")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.")
@click.option("--work", type=FOLDER, help="Checkpoints are kept here.  [default: out/finetune/<name>]")
@click.option("--check-only", is_flag=True, help="Read and show the data, then stop.")
@click.option("--rank", default=USUAL.rank, help="Rank of the adapter.")
@click.option("--alpha", default=USUAL.alpha, help="Scale of the adapter, times rank.")
@click.option("--dropout", default=USUAL.dropout)
@click.option("--learning-rate", default=USUAL.learning_rate, help="2e-4 for fewer than 2000 rows.")
@click.option("--schedule", default=USUAL.schedule, type=click.Choice(SCHEDULES))
@click.option("--warmup", default=USUAL.warmup, help="Share of the steps.")
@click.option("--epochs", default=USUAL.epochs)
@click.option("--max-steps", default=USUAL.max_steps, help="Instead of epochs, if above 0.")
@click.option("--batch-size", default=USUAL.batch_size, help="Dialogues per step.")
@click.option("--micro-batch-size", default=USUAL.micro_batch_size, help="Dialogues in memory at once.")
@click.option("--max-tokens", default=USUAL.max_tokens, help="Longer dialogues are left out.")
@click.option("--eval-share", default=0.05, help="Share of the dialogues to measure with.")
@click.option("--eval-every", default=USUAL.eval_every, help="Steps.")
@click.option("--save-every", default=USUAL.save_every, help="Steps.")
@click.option("--log-every", default=USUAL.log_every, help="Steps.")
@click.option("--sample-every", default=50, help="Steps between sample replies; 0 for none.")
@click.option("--seed", default=USUAL.seed)
@click.option(
    "--activation-checkpoints/--no-activation-checkpoints", default=True, help="Less memory, slower."
)
@click.option(
    "--precision",
    default=USUAL.precision,
    type=click.Choice(("auto", "float32", "bfloat16")),
    help="Weights.",
)
def main(
    base: Path,
    files: tuple[Path, ...],
    datasets: tuple[str, ...],
    name: str,
    out: Path,
    persona: Path | None,
    system_mode: str,
    keep_actions: bool,
    merged: Path | None,
    resume: bool,
    work: Path | None,
    check_only: bool,
    eval_share: float,
    sample_every: int,
    activation_checkpoints: bool,
    **options: Any,
) -> None:
    """Fine-tune a chat model on role-play dialogues (LoRA), for the server to load by name.

    Only the answers are learned. Ctrl-C saves a checkpoint; --resume goes on from it.
    """
    if Path(name).name != name or name.startswith("."):
        raise click.ClickException(f"--name {name!r} must be a plain folder name, such as Qinglan")
    if not 0 <= eval_share < 1:
        raise click.ClickException(f"--eval-share must be at least 0 and below 1, not {eval_share}")
    transformers_logging.disable_progress_bar()
    work = work or Path("out/finetune") / name
    try:
        settings = TrainingSettings(has_activation_checkpoints=activation_checkpoints, **options)
        plan = Plan(name, base, out, merged, work, resume, sample_every, eval_share, settings)
        words = _find_persona(name, persona)
        chats = _read(files, datasets)
        model, tokenizer = _load(base, settings)
        prepared = _prepare(plan, chats, Encoder(tokenizer), words, system_mode, keeps_actions=keep_actions)
        if not check_only:
            _export(plan, _train(plan, model, tokenizer, prepared), tokenizer)
    except (FinetuneError, BadModel, BadPersona) as error:
        raise click.ClickException(str(error)) from error


def _find_persona(name: str, path: Path | None) -> Persona | None:
    path = path or ROOT / "prompts" / f"{name}.md"
    if not path.is_file():
        click.echo("no persona file: rows without a system text get a neutral one")
        return None
    click.echo(f"persona: {path.name}")
    return load_persona(path)


def _read(files: tuple[Path, ...], datasets: tuple[str, ...]) -> list[Chat]:
    chats: list[Chat] = []
    for path in files:
        part = read_chats(path, datasets)
        click.echo(f"{path}: {len(part.chats)} dialogues")
        for reason, count in part.skipped.most_common():
            click.echo(f"  left out {count}: {reason}")
        chats += part.chats
    return chats


def _load(base: Path, settings: TrainingSettings) -> tuple[Any, Any]:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    chat_model = load_chat_model(ModelConfig(base, device=device, dtype=settings.precision))
    return chat_model.model, chat_model.tokenizer


def _prepare(
    plan: Plan,
    chats: list[Chat],
    encoder: Encoder,
    persona: Persona | None,
    system_mode: str,
    *,
    keeps_actions: bool,
) -> Prepared:
    """Lays the chats out, tells what was left out, and shows the first row."""
    prepared = prepare(
        chats,
        encoder,
        name=plan.name,
        persona=persona,
        system_mode=system_mode,
        max_tokens=plan.settings.max_tokens,
        keeps_actions=keeps_actions,
    )
    for reason, count in prepared.skipped.most_common():
        click.echo(f"left out {count}: {reason}")
    if prepared.num_cleaned:
        click.echo(f"stage directions or emoji taken out of {prepared.num_cleaned} answers (--keep-actions)")
    num_learned = sum(row.num_learned for row in prepared.rows)
    if num_learned == 0:
        raise NothingToLearn("nothing would be learned: no dialogue is left")
    num_tokens = sum(len(row.ids) for row in prepared.rows)
    click.echo(f"{len(prepared.rows)} dialogues, {num_tokens} tokens, {num_learned} of them learned")
    click.echo("the first one, with the learned part marked:")
    click.echo(
        encoder.marked(prepared.rows[0], lambda text: click.style(f"[[{text}]]", fg="green", bold=True))
    )
    return prepared


def _train(plan: Plan, model: Any, tokenizer: Any, prepared: Prepared) -> Result:
    trained, measured = split(prepared.dialogues, plan.eval_share, plan.settings.seed)
    rows = [prepared.rows[index] for index in trained]
    note = describe(plan.settings.as_dict(), plan.base, rows)
    is_resumed = open_run(plan.work, note, is_resumed=plan.is_resumed)
    asked = [prepared.dialogues[index].messages[:-1] for index in (measured or trained)[:3]]
    click.echo(f"training on {len(trained)} dialogues, measuring with {len(measured)}")
    stop = StopFlag()
    with stop.on_interrupt():
        return train(
            model,
            tokenizer,
            rows,
            [prepared.rows[index] for index in measured],
            plan.settings,
            plan.work,
            is_resumed=is_resumed,
            callbacks=[Progress(), Samples(tokenizer, asked, every=plan.sample_every)],
            stop=stop,
        )


def _export(plan: Plan, result: Result, tokenizer: Any) -> None:
    if not result.is_finished:
        click.echo(f"stopped after step {result.num_steps}; go on with the same command and --resume")
        raise SystemExit(130)
    click.echo(
        f"{result.num_steps} steps, training loss {result.train_loss:.4f}, eval loss {result.eval_loss:.4f}"
    )
    folder = plan.out / plan.name
    save_adapter(result.model, folder, base_name=plan.base.name)
    click.echo(f"adapter: {folder}")
    if plan.merged is not None:
        merge(result.model, tokenizer, plan.merged)
        click.echo(f"merged model: {plan.merged}")


if __name__ == "__main__":
    main()
