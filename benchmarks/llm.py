"""How fast the text engine generates, beside transformers' generate() in the same run.

    python -m benchmarks.llm [--model FOLDER] [--tokens 64] [--prompt-tokens 600] [--threads 1]

Without a folder a random model is built in memory (hidden 512, 8 layers). Times depend on the machine; the
ratios to generate() and between the rows are what counts. generate() reads the persona anew each time. Stop
tokens are off, so every reply has full length.
"""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import torch
from safetensors.torch import save_file
from transformers import Qwen2Config, Qwen2ForCausalLM

from demo.llm.tokenizer import train_tokenizer
from llm.chat_model import ChatModel, ModelConfig, load_chat_model
from llm.engine import LocalTextConfig, LocalTextEngine
from llm.lora import linear_layers
from llm.messages import Message
from llm.sampling import SamplingParams
from llm.template import ChatTemplate

NUM_REQUESTS = 8
WORDS = "山间茶馆的年轻茶师说今天的风很舒服，云雾茶刚刚焙好，请朋友慢慢尝一尝。"
ADAPTERS = ("warm", "cold", "shy")


def random_model() -> ChatModel:
    """A model of 25 million random weights and a tokenizer of a few words."""
    tokenizer = train_tokenizer([WORDS] * 8, num_words=2000, num_pairs=0)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=2000,
        hidden_size=512,
        intermediate_size=1408,
        num_hidden_layers=8,
        num_attention_heads=8,
        num_key_value_heads=2,
        max_position_embeddings=8192,
        tie_word_embeddings=False,
        initializer_range=0.05,
    )
    return ChatModel.of(Qwen2ForCausalLM(config), tokenizer, name="random")


def write_adapters(model: torch.nn.Module, folder: Path, rank: int = 8) -> None:
    """Random adapters on all linear layers of the decoder."""
    for name in ADAPTERS:
        (folder / name).mkdir()
        tensors = {}
        for layer, linear in linear_layers(model).items():
            if layer.startswith("model."):
                tensors[f"base_model.model.{layer}.lora_A.weight"] = torch.randn(rank, linear.in_features)
                tensors[f"base_model.model.{layer}.lora_B.weight"] = torch.randn(linear.out_features, rank)
        save_file(tensors, folder / name / "adapter_model.safetensors")
        config = {"peft_type": "LORA", "r": rank, "lora_alpha": 1, "target_modules": None}
        (folder / name / "adapter_config.json").write_text(json.dumps(config), encoding="utf-8")


def chats(template: ChatTemplate, num_prompt_tokens: int) -> list[list[Message]]:
    """One persona of about that many tokens, and a different question for each request."""
    persona = ""
    while len(template.encode([Message("system", persona)])) < num_prompt_tokens:
        persona += WORDS
    return [
        [Message("system", persona), Message("user", f"{n} {WORDS[n : n + 10]}")] for n in range(NUM_REQUESTS)
    ]


class Bench:
    """One model, one set of prompts, and the measurements."""

    def __init__(self, chat_model: ChatModel, folder: Path, num_tokens: int, num_prompt_tokens: int) -> None:
        self.chat_model = dataclasses.replace(chat_model, stop_ids=frozenset())
        self.folder = folder
        self.template = ChatTemplate(chat_model.tokenizer)
        self.chats = chats(self.template, num_prompt_tokens)
        self.sampling = SamplingParams(temperature=0.0, repetition_penalty=1.0, max_new_tokens=num_tokens)

    def engine(self, **settings) -> LocalTextEngine:
        """An engine of its own model object, so that no hooks of another one slow it down."""
        model = copy.copy(self.chat_model)
        config = LocalTextConfig(ModelConfig(Path()), self.folder, max_running=NUM_REQUESTS, **settings)
        return LocalTextEngine(config, model)

    def generate_sec(self) -> float:
        """transformers' generate(), one request after the other."""
        model: Any = self.chat_model.model
        start = time.perf_counter()
        for chat in self.chats:
            ids = torch.tensor([self.template.encode(chat)], device=self.chat_model.device)
            model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                temperature=1.0,
                top_p=1.0,
                top_k=50,
                repetition_penalty=1.0,
                max_new_tokens=self.sampling.max_new_tokens,
                eos_token_id=None,
                pad_token_id=0,
            )
        return time.perf_counter() - start

    async def replies_sec(
        self, engine: LocalTextEngine, adapters: Sequence[str | None], at_once: int
    ) -> float:
        """All requests on the engine, so many at once."""
        places = asyncio.Semaphore(at_once)

        async def one(chat: list[Message], adapter: str | None) -> None:
            async with places:
                async for _ in engine.stream(chat, adapter=adapter, sampling=self.sampling):
                    pass

        start = time.perf_counter()
        await asyncio.gather(*(one(chat, name) for chat, name in zip(self.chats, adapters, strict=True)))
        return time.perf_counter() - start

    async def first_token_sec(self, engine: LocalTextEngine) -> list[float]:
        """Replies of one token, one after the other: the first reads the persona, the others find it read."""
        sampling = dataclasses.replace(self.sampling, max_new_tokens=1)
        times = []
        for chat in self.chats:
            start = time.perf_counter()
            async for _ in engine.stream(chat, sampling=sampling):
                pass
            times.append(time.perf_counter() - start)
        return times


async def run(bench: Bench) -> None:
    """Measures and prints everything."""
    num_tokens = bench.sampling.max_new_tokens * NUM_REQUESTS
    none: list[str | None] = [None] * NUM_REQUESTS
    mixed: list[str | None] = [(*ADAPTERS, None)[n % 4] for n in range(NUM_REQUESTS)]
    bench.generate_sec()  # the first run pays for allocations
    reference = num_tokens / bench.generate_sec()
    click.echo(f"{'':44}{'tokens/s':>10}{'ratio':>8}")

    def report(label: str, seconds: float) -> None:
        rate = num_tokens / seconds
        click.echo(f"{label:44}{rate:10.1f}{rate / reference:8.2f}")

    report("generate(), one by one", num_tokens / reference)
    engine, alone = bench.engine(), bench.engine(batch_invariant=True)
    await engine.start()
    await alone.start()
    cold, *cached = await bench.first_token_sec(engine)
    report("engine, one by one", await bench.replies_sec(engine, none, 1))
    report("engine, 8 at once", await bench.replies_sec(engine, none, NUM_REQUESTS))
    report("engine, 8 at once, batch_invariant", await bench.replies_sec(alone, none, NUM_REQUESTS))
    for name in ADAPTERS:
        await engine.load_adapter(name)
    one: list[str | None] = [ADAPTERS[0]] * NUM_REQUESTS
    await bench.replies_sec(engine, mixed, NUM_REQUESTS)  # fills the prefix cache for each adapter
    report("engine, 8 at once, one adapter", await bench.replies_sec(engine, one, NUM_REQUESTS))
    report("engine, 8 at once, 3 adapters and the base", await bench.replies_sec(engine, mixed, NUM_REQUESTS))
    num_prompt = len(bench.template.encode(bench.chats[0]))
    best = min(cached)
    click.echo(f"\nfirst token of a prompt of {num_prompt} tokens: {cold * 1e3:.0f} ms")
    click.echo(f"with the persona's prefix cached: {best * 1e3:.0f} ms, {cold / best:.1f} times sooner")
    await engine.stop()
    await alone.stop()


@click.command()
@click.option("--model", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Model folder.")
@click.option("--tokens", default=64, show_default=True, help="Length of each reply.")
@click.option("--prompt-tokens", default=600, show_default=True, help="Length of the persona.")
@click.option("--threads", default=1, show_default=True, help="CPU threads.")
@click.option("--dtype", default="auto", show_default=True, help="auto, float32, bfloat16 or float16.")
def main(model: Path | None, tokens: int, prompt_tokens: int, threads: int, dtype: str) -> None:
    """Measure the text engine."""
    torch.set_num_threads(threads)
    chat_model = load_chat_model(ModelConfig(model, dtype=dtype)) if model else random_model()
    with tempfile.TemporaryDirectory() as folder:
        write_adapters(chat_model.model, Path(folder))
        asyncio.run(run(Bench(chat_model, Path(folder), tokens, prompt_tokens)))


if __name__ == "__main__":
    main()
