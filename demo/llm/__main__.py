"""`python -m demo.llm`: trains the demo language model and its adapters.

Everything is drawn with fixed seeds. Interrupt it with Ctrl-C; the same command goes on where it stopped.
"""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import torch
from transformers import AutoTokenizer, PreTrainedTokenizerFast, Qwen2ForCausalLM
from transformers.utils import logging as transformers_logging

from demo.llm.base import Pupil, make_model
from demo.llm.corpus import CHARACTERS, ROOT, Corpus
from demo.llm.lessons import Lessons, character_dialogues
from demo.llm.tokenizer import make_tokenizer
from llm.finetune.encoding import Encoder
from llm.finetune.export import save_adapter, save_model
from llm.finetune.progress import Progress, Samples
from llm.finetune.settings import TrainingSettings
from llm.finetune.training import train as train_adapter
from llm.messages import build_messages
from runtime.stop_flag import StopFlag
from tts.finetune.training_loop import LoopSettings, train

WORK = ROOT / "out" / "demo-llm"
TARGET = ROOT / "models" / "demo" / "llm"
PROBES = {
    "Qinglan": ("你害怕什么？", "Tell me a joke!"),
    "Wren": ("What do you do?", "我叫阿福"),
    "Bram": ("Do you like music?", "你在哪儿住？"),
}
BASE = LoopSettings(num_steps=3400, batch_size=48, save_every=100, log_every=50, seed=1)
OPENINGS_SHARE = 0.5  # of the base's steps
ADAPTER = TrainingSettings(
    rank=8,
    alpha=16,
    dropout=0.0,
    learning_rate=8e-4,
    batch_size=4,
    micro_batch_size=2,
    epochs=1,
    max_tokens=2048,
    eval_every=0,
    save_every=50,
    log_every=20,
    seed=3,
    has_activation_checkpoints=False,
)
NUM_ADAPTER_STEPS = 90


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--work", default=WORK, type=click.Path(path_type=Path), help="Checkpoints are kept here.")
@click.option("--out", default=TARGET, type=click.Path(path_type=Path), help="The finished model goes here.")
@click.option("--steps", type=click.IntRange(min=2), help="Steps of every training, for a trial.")
@click.option("--threads", default=1, show_default=True, help="CPU threads.")
def main(work: Path, out: Path, steps: int | None, threads: int) -> None:
    """Train the demo language model (about an hour of one CPU core)."""
    torch.set_num_threads(threads)
    transformers_logging.disable_progress_bar()
    corpus = Corpus()
    stages = {"base": (make_base, out / "model.safetensors")}
    stages |= {name: (make_adapter, out / "adapters" / name) for name in CHARACTERS}
    for name, (make, made) in stages.items():
        done = work / name / "done"
        if done.exists() and made.exists():
            continue
        click.echo(f"== {name}")
        if not make(name, corpus, work, out, steps):
            raise click.ClickException(f"stopped; a checkpoint is in {work / name}; run this again to go on")
        done.touch()


def make_base(name: str, corpus: Corpus, work: Path, out: Path, num_steps: int | None) -> bool:
    """Trains the base model; returns False when interrupted."""
    settings = replace(BASE, num_steps=num_steps or BASE.num_steps)
    tokenizer = make_tokenizer(corpus)
    model = make_model(tokenizer, settings.seed)
    pupil = Pupil(model, len(corpus.intents), settings.num_steps)
    lessons = Lessons(corpus, tokenizer, num_openings=round(OPENINGS_SHARE * settings.num_steps))
    result = train(pupil, lessons, settings, work / name)
    if result.is_finished:
        save_model(model, tokenizer, work / name / "model")
        # Half precision halves the download; the server computes with float32 on a CPU.
        save_model(model, tokenizer, out, dtype=torch.float16)
    return result.is_finished


def make_adapter(name: str, corpus: Corpus, work: Path, out: Path, num_steps: int | None) -> bool:
    """Trains a character's adapter on the base, with llm.finetune; returns False when interrupted."""
    tokenizer, model = load(work / "base" / "model")
    num_dialogues = (num_steps or NUM_ADAPTER_STEPS) * ADAPTER.batch_size
    dialogues = character_dialogues(corpus, name, num_dialogues, random.Random(ADAPTER.seed))
    encoder = Encoder(tokenizer)
    rows = [encoder.encode(dialogue) for dialogue in dialogues]
    encoder.check(dialogues[0], rows[0])
    prompts = [build_messages(corpus.personas[name], [], text) for text in PROBES[name]]
    stop = StopFlag()
    with stop.on_interrupt():
        result = train_adapter(
            model,
            tokenizer,
            rows,
            [],
            ADAPTER,
            work / name,
            is_resumed=True,
            callbacks=[Progress(), Samples(tokenizer, prompts, every=45)],
            stop=stop,
        )
    if result.is_finished:
        save_adapter(result.model, out / "adapters" / name, base_name="demo/llm")
    return result.is_finished


def load(folder: Path) -> tuple[PreTrainedTokenizerFast, Qwen2ForCausalLM]:
    """Returns the trained base and its tokenizer, the weights as float32."""
    if not (folder / "config.json").is_file():
        raise click.ClickException(f"{folder} holds no model yet; run the stage before first")
    model: Any = Qwen2ForCausalLM.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    return AutoTokenizer.from_pretrained(folder, local_files_only=True), model


if __name__ == "__main__":
    main()
