"""`python -m demo.llm`: trains the demo language model and its two adapters, and measures them.

Everything is drawn with fixed seeds. Interrupt it with Ctrl-C; the same command goes on where it stopped.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import click
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerFast, Qwen2ForCausalLM

from demo.llm.base import (
    ADAPTER_SETTINGS,
    NUM_ADAPTER_DIALOGUES,
    NUM_DIALOGUES,
    SETTINGS,
    character_dialogues,
    make_model,
    make_tokenizer,
    mixed_dialogues,
)
from demo.llm.corpus import CHARACTERS, ROOT, Corpus
from llm.finetune.encoding import Encoder, Row
from llm.finetune.export import save_adapter, save_model
from llm.finetune.progress import Progress, Samples
from llm.finetune.settings import TrainingSettings
from llm.finetune.training import StopFlag, train
from llm.messages import build_messages

WORK = ROOT / "out" / "demo-llm"
TARGET = ROOT / "models" / "demo" / "llm"
STAGES = ("base", *CHARACTERS)
PROBES = {"Qinglan": ("你害怕什么？", "Tell me a joke!"), "Wren": ("What do you do?", "我叫阿福")}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--work", default=WORK, type=click.Path(path_type=Path), help="Checkpoints are kept here.")
@click.option("--out", default=TARGET, type=click.Path(path_type=Path), help="The finished model goes here.")
@click.option(
    "--stage", "stages", multiple=True, type=click.Choice(STAGES), help="Only these; all by default."
)
@click.option("--steps", default=0, help="Shorter base training, to try things out.")
@click.option("--threads", default=1, show_default=True, help="CPU threads.")
def main(work: Path, out: Path, stages: tuple[str, ...], steps: int, threads: int) -> None:
    """Train the demo language model (about half an hour on one CPU core)."""
    torch.set_num_threads(threads)
    corpus = Corpus()
    for stage in stages or STAGES:
        settings = SETTINGS if stage == "base" else ADAPTER_SETTINGS
        click.echo(f"== {stage}")
        is_finished = run_stage(stage, corpus, replace(settings, max_steps=steps or 0), work / stage, out)
        if not is_finished:
            raise click.ClickException(f"stopped at a checkpoint in {work / stage}; run this again to go on")


def run_stage(stage: str, corpus: Corpus, settings: TrainingSettings, work: Path, out: Path) -> bool:
    """Trains the base model or one character's adapter; returns False when interrupted."""
    rng = random.Random(settings.seed)
    if stage == "base":
        dialogues = mixed_dialogues(corpus, NUM_DIALOGUES, rng)
        tokenizer = make_tokenizer(dialogues)
        model = make_model(tokenizer, settings.seed)
    else:
        dialogues = character_dialogues(corpus, stage, NUM_ADAPTER_DIALOGUES, rng)
        tokenizer, model = load(out)
    encoder = Encoder(tokenizer)
    with click.progressbar(dialogues, label="encoding") as bar:
        rows: list[Row] = [encoder.encode(dialogue) for dialogue in bar]
    encoder.check(dialogues[0], rows[0])
    names = CHARACTERS if stage == "base" else (stage,)
    prompts = [build_messages(corpus.personas[name], [], text) for name in names for text in PROBES[name]]
    stop = StopFlag()
    with stop.on_interrupt():
        result = train(
            model,
            tokenizer,
            rows,
            [],
            settings,
            work,
            is_resumed=True,
            callbacks=[Progress(), Samples(tokenizer, prompts, every=100)],
            stop=stop,
        )
    if result.is_finished:
        if stage == "base":
            save_model(result.model, tokenizer, out, dtype=torch.float16)
        else:
            save_adapter(result.model, out / "adapters" / stage, base_name="demo/llm")
        click.echo(f"{stage}: {result.num_steps} steps, mean training loss {result.train_loss:.3f}")
    return result.is_finished


def load(folder: Path) -> tuple[PreTrainedTokenizerFast, Qwen2ForCausalLM]:
    """Returns the trained base and its tokenizer, the weights as float32."""
    if not (folder / "config.json").is_file():
        raise click.ClickException(f"{folder} holds no base model yet; run the stage base first")
    model = Qwen2ForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return AutoTokenizer.from_pretrained(folder, local_files_only=True), model


if __name__ == "__main__":
    main()
