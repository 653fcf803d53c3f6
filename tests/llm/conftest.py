"""A tiny Qwen2 chat model with random weights, built once per session; adapters and engines around it."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from llm.chat_model import ChatModel, ModelConfig
from llm.engine import LocalTextConfig, LocalTextEngine
from llm.messages import Message
from llm.sampling import SamplingParams

LINES = [
    "今天的山风很舒服，朋友要不要先闻一闻新焙的云雾茶？",
    "你来啦，先坐下歇一会儿。",
    "The storm is an hour off, I would say. Mind the step!",
    "こんにちは。きょうはいい天気ですね。",
    "😀 🎉 system user assistant",
]
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHAT_TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud.<|im_end|>\n' }}{% endif %}"
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
GREEDY = SamplingParams(temperature=0.0, repetition_penalty=1.0, max_new_tokens=32)


@dataclass(frozen=True)
class Tiny:
    """Where the tiny model and its adapters lie; the model in memory is never changed."""

    folder: Path
    adapters: Path
    model: Any
    tokenizer: Any


def make_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_WORDS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=380,
        special_tokens=SPECIALS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(LINES * 4, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    fast.chat_template = CHAT_TEMPLATE
    return fast


def make_model(num_vocab: int, *, seed: int = 0, **changes: Any) -> Qwen2ForCausalLM:
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=num_vocab,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.2,
        tie_word_embeddings=False,
        **changes,
    )
    return Qwen2ForCausalLM(config).eval()


def write_adapter(model: Any, folder: Path, *, rank: int, seed: int, **config: Any) -> None:
    """Writes an adapter as peft does, with matrices that change the replies a lot."""
    torch.manual_seed(seed)
    tensors = {}
    for name, module in model.named_modules():
        if name.endswith(("q_proj", "v_proj", "down_proj")):
            key = f"base_model.model.{name}"
            tensors[f"{key}.lora_A.weight"] = torch.randn(rank, module.in_features) * 0.2
            tensors[f"{key}.lora_B.weight"] = torch.randn(module.out_features, rank) * 0.2
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors")
    settings = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": rank,
        "lora_alpha": 2 * rank,
        "target_modules": ["q_proj", "v_proj", "down_proj"],
        "bias": "none",
        **config,
    }
    (folder / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    root = tmp_path_factory.mktemp("tiny")
    tokenizer = make_tokenizer()
    model = make_model(len(tokenizer))
    # Traps that a real checkpoint brings: sampling defaults that generate() refills, one stop id of two.
    model.generation_config.update(repetition_penalty=1.3, eos_token_id=0)
    model.save_pretrained(root / "base")
    tokenizer.save_pretrained(root / "base")
    write_adapter(model, root / "adapters" / "warm", rank=8, seed=1)
    write_adapter(model, root / "adapters" / "cold", rank=16, seed=2, use_rslora=True)
    return Tiny(root / "base", root / "adapters", model, tokenizer)


@pytest.fixture
def chat_model(tiny: Tiny) -> ChatModel:
    """A model of the test's own: hooks and changes stay with it."""
    return ChatModel.of(copy.deepcopy(tiny.model), tiny.tokenizer, name="tiny")


MakeEngine = Callable[..., Any]


@pytest_asyncio.fixture
async def make_engine(tiny: Tiny, chat_model: ChatModel) -> AsyncIterator[MakeEngine]:
    """Makes started engines and stops them after the test."""
    engines: list[LocalTextEngine] = []

    async def make(*, model: ChatModel | None = None, **settings: Any) -> LocalTextEngine:
        settings = {"adapters_dir": tiny.adapters, **settings}
        config = LocalTextConfig(model=ModelConfig(tiny.folder), **settings)
        engine = LocalTextEngine(config, model or chat_model)
        await engine.start()
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        await engine.stop()


@pytest.fixture
def greedy() -> SamplingParams:
    return GREEDY


@pytest.fixture
def chat() -> Callable[..., list[Message]]:
    """Makes a chat with a system message from user and assistant words in turn."""

    def make(*words: str, system: str = "你是晴岚，山间茶馆的茶师。") -> list[Message]:
        roles = ("user", "assistant")
        return [Message("system", system)] + [Message(roles[n % 2], text) for n, text in enumerate(words)]

    return make


@pytest.fixture
def collect() -> Callable[..., Any]:
    """Joins the pieces of one reply."""

    async def run(engine: Any, messages: Sequence[Message], **options: Any) -> str:
        return "".join([piece async for piece in engine.stream(messages, **options)])

    return run


@pytest.fixture
def generate(tiny: Tiny) -> Callable[..., list[int]]:
    """Greedy ids from transformers' own generate(), with every setting given, as the reference."""

    def run(
        model: Any, messages: Sequence[Message], *, num_tokens: int = 32, penalty: float = 1.0
    ) -> list[int]:
        text = tiny.tokenizer.apply_chat_template(
            [{"role": m.role, "content": m.content} for m in messages],
            tokenize=False,
            add_generation_prompt=True,
        )
        ids = tiny.tokenizer(text, return_tensors="pt", add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            output = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                temperature=1.0,
                top_p=1.0,
                top_k=50,
                repetition_penalty=penalty,
                max_new_tokens=num_tokens,
                eos_token_id=[0, 2],
                pad_token_id=0,
            )
        return output[0, ids.shape[1] :].tolist()

    return run
