"""`python -m demo.llm`: trains the demo language model and its two adapters, and measures them.

Everything is drawn with fixed seeds. Interrupt it with Ctrl-C; the same command goes on where it stopped.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import click
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerFast, Qwen2ForCausalLM, TrainerCallback
from transformers.utils import logging as transformers_logging

from demo.llm.base import (
    STAGES,
    Stage,
    blended_dialogues,
    character_dialogues,
    cut_reply,
    make_model,
    make_tokenizer,
    mixed_dialogues,
    short_dialogues,
)
from demo.llm.corpus import CHARACTERS, ROOT, Corpus
from llm.finetune.encoding import Encoder
from llm.finetune.export import save_adapter, save_model
from llm.finetune.progress import Progress, Samples
from llm.finetune.training import StopFlag, train
from llm.messages import build_messages

WORK = ROOT / "out" / "demo-llm"
TARGET = ROOT / "models" / "demo" / "llm"
PROBES = {"Qinglan": ("你害怕什么？", "Tell me a joke!"), "Wren": ("What do you do?", "我叫阿福")}


class _StopAfter(TrainerCallback):
    def __init__(self, step: int, flag: StopFlag) -> None:
        self._step, self._flag = step, flag

    def on_step_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == self._step - 1:
            self._flag.set()


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--work", default=WORK, type=click.Path(path_type=Path), help="Checkpoints are kept here.")
@click.option("--out", default=TARGET, type=click.Path(path_type=Path), help="The finished model goes here.")
@click.option(
    "--stage",
    "names",
    multiple=True,
    type=click.Choice([stage.name for stage in STAGES]),
    help="Only these; by default all that are not done yet.",
)
@click.option("--threads", default=1, show_default=True, help="CPU threads.")
def main(work: Path, out: Path, names: tuple[str, ...], threads: int) -> None:
    """Train the demo language model (about an hour on one CPU core)."""
    torch.set_num_threads(threads)
    transformers_logging.disable_progress_bar()
    corpus = Corpus()
    for stage in STAGES:
        if (stage.name not in names) if names else (work / stage.name / "done").exists():
            continue
        click.echo(f"== {stage.name}")
        if not run_stage(stage, corpus, work, out):
            raise click.ClickException(
                f"stopped at a checkpoint in {work / stage.name}; run this again to go on"
            )
        (work / stage.name / "done").touch()


def run_stage(stage: Stage, corpus: Corpus, work: Path, out: Path) -> bool:
    """Runs or resumes one stage and writes what it made; returns False when interrupted."""
    settings, rng = stage.settings, random.Random(stage.settings.seed)
    if stage.opening:
        dialogues = short_dialogues(corpus, stage.num_dialogues, rng)
    elif stage.voice is None and stage.start in ("openings", "join"):
        dialogues = blended_dialogues(corpus, stage.num_dialogues, rng)
    elif stage.voice is None:
        dialogues = mixed_dialogues(corpus, stage.num_dialogues, rng)
    else:
        dialogues = character_dialogues(corpus, stage.voice, stage.num_dialogues, rng)
    if stage.start is None:
        tokenizer = make_tokenizer(dialogues)
        model = make_model(tokenizer, settings.seed)
    else:
        tokenizer, model = load(work / stage.start / "model")
    encoder = Encoder(tokenizer)
    rows = [encoder.encode(dialogue) for dialogue in dialogues]
    encoder.check(dialogues[0], rows[0])
    if stage.opening:
        rows = [cut_reply(row, stage.opening) for row in rows]
    names = [stage.voice] if stage.voice else CHARACTERS
    prompts = [build_messages(corpus.personas[name], [], text) for name in names for text in PROBES[name]]
    stop = StopFlag()
    callbacks = [Progress(), Samples(tokenizer, prompts, every=100)]
    if stage.stop_after is not None:
        callbacks.append(_StopAfter(stage.stop_after, stop))
    with stop.on_interrupt():
        result = train(
            model,
            tokenizer,
            rows,
            [],
            settings,
            work / stage.name,
            is_resumed=True,
            callbacks=callbacks,
            stop=stop,
        )
    is_done = result.num_steps == stage.stop_after if stage.stop_after is not None else result.is_finished
    if is_done:
        click.echo(f"{stage.name}: {result.num_steps} steps, mean training loss {result.train_loss:.3f}")
        _write(stage, result.model, tokenizer, work, out)
    return is_done


def _write(stage: Stage, model: Any, tokenizer: PreTrainedTokenizerFast, work: Path, out: Path) -> None:
    if stage.voice is not None:
        save_adapter(model, out / "adapters" / stage.voice, base_name="demo/llm")
        return
    save_model(model, tokenizer, work / stage.name / "model")
    if stage.name == "base":
        # Half precision halves the download; the server computes with float32 on a CPU.
        save_model(model, tokenizer, out, dtype=torch.float16)


def load(folder: Path) -> tuple[PreTrainedTokenizerFast, Qwen2ForCausalLM]:
    """Returns the trained base and its tokenizer, the weights as float32."""
    if not (folder / "config.json").is_file():
        raise click.ClickException(f"{folder} holds no model yet; run the stage before first")
    model = Qwen2ForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return AutoTokenizer.from_pretrained(folder, local_files_only=True), model


if __name__ == "__main__":
    main()
