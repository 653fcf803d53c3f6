"""A language model folder made ready: weights, tokenizer, stop tokens and context limit."""

from __future__ import annotations

import importlib
import importlib.util
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError

from llm.errors import BadModel

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

log = logging.getLogger(__name__)

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
QUANTIZATIONS = ("none", "bnb-8bit", "bnb-4bit")
# Both end a Qwen reply: the chat models write the first, models tuned from the base model the second.
STOP_TOKENS = ("<|im_end|>", "<|endoftext|>")
TOKENIZER_FILES = ("tokenizer.json", "vocab.json")
# What the libraries raise over broken folders, missing keys and damaged files.
LOADING_ERRORS = (
    OSError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    ImportError,
    SafetensorError,
)


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Which model to load, and how.

    Attributes:
        path: folder with config.json, *.safetensors and the tokenizer, as `save_pretrained` writes it.
        device: "cpu", "cuda", "cuda:1", ..., or "auto": the GPU where there is one, several GPUs and main
            memory where the weights are larger than one.
        dtype: "float32", "bfloat16", "float16", or "auto": bfloat16 on a GPU, float32 on a CPU.
        quantization: "none", "bnb-8bit" or "bnb-4bit" (the latter two need a GPU and bitsandbytes).
        max_context_tokens: keeps prompt and reply below the model's own limit; None takes that limit.
    """

    path: Path
    device: str = "auto"
    dtype: str = "auto"
    quantization: str = "none"
    max_context_tokens: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))
        if self.dtype != "auto" and self.dtype not in DTYPES:
            raise BadModel(f"dtype must be one of auto, {', '.join(DTYPES)}, not {self.dtype!r}")
        if self.quantization not in QUANTIZATIONS:
            raise BadModel(
                f"quantization must be one of {', '.join(QUANTIZATIONS)}, not {self.quantization!r}"
            )
        if self.max_context_tokens is not None and self.max_context_tokens < 2:
            raise BadModel(f"max_context_tokens must be at least 2, not {self.max_context_tokens}")


@dataclass(frozen=True, slots=True, eq=False)
class ChatModel:
    """A model ready to generate; shared by all requests, used by one thread.

    Attributes:
        name: the folder's name.
        stop_ids: tokens that end a reply.
        context_limit: most tokens of prompt and reply together.
        device: where token ids go in.
    """

    name: str
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast
    stop_ids: frozenset[int]
    context_limit: int
    device: torch.device

    @classmethod
    def of(
        cls, model: Any, tokenizer: Any, *, name: str = "model", max_context_tokens: int | None = None
    ) -> ChatModel:
        """Wraps a model and a tokenizer that are loaded already.

        Raises:
            BadModel: no stop token, no chat template, or a kind of attention that this decoder lacks.
        """
        _check_attention(model.config, name)
        if not tokenizer.chat_template:
            raise BadModel(f"{name}: the tokenizer has no chat template")
        weight = model.get_input_embeddings().weight
        if len(tokenizer) > weight.shape[0]:
            raise BadModel(f"{name}: {len(tokenizer)} tokens but only {weight.shape[0]} embeddings")
        limit = int(model.config.max_position_embeddings)
        return cls(
            name=name,
            model=model.eval(),
            tokenizer=tokenizer,
            stop_ids=find_stop_ids(tokenizer, name),
            context_limit=min(limit, max_context_tokens or limit),
            device=weight.device,
        )


def load_chat_model(config: ModelConfig) -> ChatModel:
    """Loads a model folder; code inside the folder is never run, and nothing is downloaded.

    Raises:
        BadModel: names the folder and what is wrong with it, or with this installation.
    """
    path = config.path
    if not (path / "config.json").is_file():
        raise BadModel(f"{path}: not a model folder (no config.json)")
    if not any(path.glob("*.safetensors")):
        raise BadModel(f"{path}: no *.safetensors weights; other formats are not loaded")
    if not any((path / name).is_file() for name in TOKENIZER_FILES):
        # transformers would make a tokenizer without words, and not a sound.
        raise BadModel(f"{path}: no tokenizer ({' or '.join(TOKENIZER_FILES)})")
    transformers = _import_transformers()
    transformers.utils.logging.disable_progress_bar()
    device_map, device = _place(config)
    dtype = _choose_dtype(config, is_on_gpu=device.type == "cuda")
    options: dict[str, Any] = {"dtype": dtype, "local_files_only": True, "use_safetensors": True}
    options["device_map"] = device_map
    if config.quantization != "none":
        options["quantization_config"] = _quantization(config.quantization, dtype, device)
    tokenizer = _load_tokenizer(transformers, path)
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(path, **options)
    except LOADING_ERRORS as error:
        raise BadModel(f"{path}: cannot be loaded: {type(error).__name__}: {error}") from error
    log.info("loaded %s on %s as %s, quantization %s", path.name, device, dtype, config.quantization)
    return ChatModel.of(model, tokenizer, name=path.name, max_context_tokens=config.max_context_tokens)


def _load_tokenizer(transformers: Any, path: Path) -> Any:
    try:
        return transformers.AutoTokenizer.from_pretrained(path, local_files_only=True)
    except Exception as error:  # all the library behind it ever raises about a tokenizer.json is a bare one
        files = "tokenizer.json or tokenizer_config.json"
        reason = f"{type(error).__name__}: {error}"
        raise BadModel(f"{path}: the tokenizer ({files}) cannot be loaded: {reason}") from error


def find_stop_ids(tokenizer: Any, name: str) -> frozenset[int]:
    """Looks the stop tokens up by their names.

    Not by generation_config.json: adapters and merges made from the base model bring one that knows only
    <|endoftext|>, and then a chat reply never ends.

    Raises:
        BadModel: the tokenizer has none of them.
    """
    vocabulary = tokenizer.get_vocab()
    ids = {vocabulary[token] for token in STOP_TOKENS if token in vocabulary}
    if tokenizer.eos_token_id is not None:
        ids.add(tokenizer.eos_token_id)
    if not ids:
        raise BadModel(f"{name}: the tokenizer has no stop token ({', '.join(STOP_TOKENS)})")
    return frozenset(ids)


def _check_attention(config: Any, name: str) -> None:
    kinds = set(getattr(config, "layer_types", None) or ()) - {"full_attention"}
    if kinds:
        raise BadModel(f"{name}: layers with {', '.join(sorted(kinds))} are not supported")


def _import_transformers() -> Any:
    """Returns the transformers module, with its model classes importable.

    Raises:
        BadModel: a torchaudio that does not fit torch keeps transformers from importing any model.
    """
    try:
        transformers = importlib.import_module("transformers")
        importlib.import_module("transformers.models.qwen2.modeling_qwen2")
    except (ImportError, OSError, RuntimeError) as error:
        if importlib.util.find_spec("torchaudio") is not None and "torchaudio" in _causes(error):
            raise BadModel(
                "the installed torchaudio does not fit the installed torch, and transformers cannot be "
                "imported beside it; uninstall torchaudio (it is not needed) or install the matching build"
            ) from error
        raise BadModel(f"transformers cannot be imported: {type(error).__name__}: {error}") from error
    return transformers


def _causes(error: BaseException | None) -> str:
    """Returns the messages and files of an error and its causes as one text to search in."""
    texts: list[str] = []
    while error is not None:
        texts.append(str(error))
        trace = error.__traceback__
        while trace is not None:
            texts.append(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


def _place(config: ModelConfig) -> tuple[Any, torch.device]:
    """Returns accelerate's device map, and the device the first layer will stand on."""
    if config.device == "auto":
        if not torch.cuda.is_available():
            return None, torch.device("cpu")
        num_bytes = sum(file.stat().st_size for file in config.path.glob("*.safetensors"))
        free_bytes, _ = torch.cuda.mem_get_info()
        # A fifth stays free for the key/value caches and for the speech models beside it.
        fits = num_bytes < 0.8 * free_bytes
        return ({"": 0} if fits else "auto"), torch.device("cuda", 0)
    try:
        device = torch.device(config.device)
    except RuntimeError as error:
        raise BadModel(f"device must be auto, cpu, cuda or cuda:N, not {config.device!r}") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise BadModel(f"device {config.device!r}: torch sees no CUDA GPU here; use cpu or auto")
    return (None if device.type == "cpu" else {"": device}), device


def _choose_dtype(config: ModelConfig, *, is_on_gpu: bool) -> torch.dtype:
    if config.dtype != "auto":
        return DTYPES[config.dtype]
    return torch.bfloat16 if is_on_gpu else torch.float32


def _quantization(kind: str, dtype: torch.dtype, device: torch.device) -> Any:
    if importlib.util.find_spec("bitsandbytes") is None:
        raise BadModel(f"quantization {kind!r} needs the package bitsandbytes, which is not installed")
    if device.type != "cuda":
        raise BadModel(f"quantization {kind!r} needs a CUDA GPU; use none on {device}")
    bits_and_bytes = importlib.import_module("transformers").BitsAndBytesConfig
    if kind == "bnb-8bit":
        return bits_and_bytes(load_in_8bit=True)
    return bits_and_bytes(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )
