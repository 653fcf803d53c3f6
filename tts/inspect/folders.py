"""What a model folder is: transformers models (HuBERT, BERT, language models), peft adapters, BigVGAN."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from tts.checkpoint import BadCheckpoint, read_state_dict
from tts.inspect.description import Description, Weights
from tts.inspect.flat_files import describe_flat

MODEL_CONFIG, ADAPTER_CONFIG = "config.json", "adapter_config.json"
BIGVGAN_WEIGHTS, TORCH_WEIGHTS = "bigvgan_generator.pt", "pytorch_model.bin"
_MAX_CONFIG_BYTES = 1 << 20

# Words for people -> key of transformers' config.json.
_TRANSFORMERS_SIZES = {
    "layers": "num_hidden_layers",
    "width": "hidden_size",
    "heads": "num_attention_heads",
    "key/value heads": "num_key_value_heads",
    "feed-forward": "intermediate_size",
    "vocabulary": "vocab_size",
    "context": "max_position_embeddings",
}
_TITLES = {
    "hubert": "HuBERT, which hears reference recordings (SSL model)",
    "bert": "BERT, for Chinese prosody",
}
_BIGVGAN_SIZES = {
    "mel bands": "num_mels",
    "width": "upsample_initial_channel",
    "upsampling": "upsample_rates",
    "sample rate in Hz": "sampling_rate",
}
# safetensors' names of types -> bytes of a number, and torch's name.
_SAFETENSORS_TYPES = {
    "F64": (8, "float64"),
    "F32": (4, "float32"),
    "F16": (2, "float16"),
    "BF16": (2, "bfloat16"),
    "I64": (8, "int64"),
    "I32": (4, "int32"),
    "I8": (1, "int8"),
    "U8": (1, "uint8"),
    "BOOL": (1, "bool"),
}


def describe_folder(folder: Path) -> Description:
    """Return what a model folder is; only headers of safetensors files are read.

    Raises:
        BadCheckpoint: no model folder, or something in it cannot be read.
    """
    if (folder / ADAPTER_CONFIG).is_file():
        return _adapter(folder, _read_config(folder / ADAPTER_CONFIG))
    if not (folder / MODEL_CONFIG).is_file():
        raise BadCheckpoint(
            folder, f"is a folder with neither {MODEL_CONFIG} nor {ADAPTER_CONFIG}; name a file in it"
        )
    config = _read_config(folder / MODEL_CONFIG)
    if "model_type" in config:
        return _transformers(folder, config)
    if "upsample_rates" in config:
        return _bigvgan(folder, config)
    raise BadCheckpoint(folder / MODEL_CONFIG, "has neither model_type (transformers) nor upsample_rates")


def _adapter(folder: Path, config: Mapping[str, Any]) -> Description:
    rank, alpha, targets = (config.get(name) for name in ("r", "lora_alpha", "target_modules"))
    sizes = {
        "alpha": alpha,
        "adapted layers": sorted(map(str, targets)) if isinstance(targets, list) else targets,
    }
    base = config.get("base_model_name_or_path")
    return Description(
        path=folder,
        kind="peft-adapter",
        title=f"peft adapter ({config.get('peft_type')}) of a language model",
        weights=_weights(folder, ("adapter_model.safetensors",)),
        lora_rank=rank if type(rank) is int else None,
        sizes={name: size for name, size in sizes.items() if size is not None},
        needs=(f"the language model it was trained on: {base}",) if base else (),
    )


def _transformers(folder: Path, config: Mapping[str, Any]) -> Description:
    model_type = str(config["model_type"])
    names = sorted(path.name for path in folder.glob("*.safetensors")) or [TORCH_WEIGHTS]
    return Description(
        path=folder,
        kind=model_type,
        title=f"transformers folder: {_TITLES.get(model_type, f'{model_type} model')}",
        weights=_weights(folder, names),
        sizes={words: config[key] for words, key in _TRANSFORMERS_SIZES.items() if key in config},
    )


def _bigvgan(folder: Path, config: Mapping[str, Any]) -> Description:
    generator = describe_flat(folder, read_state_dict(folder / BIGVGAN_WEIGHTS, key="generator"))
    return Description(
        path=folder,
        kind=generator.kind,
        title=generator.title,
        weights=generator.weights,
        sizes={words: config[key] for words, key in _BIGVGAN_SIZES.items() if key in config},
    )


def _weights(folder: Path, names: tuple[str, ...] | list[str]) -> Weights:
    if list(names) == [TORCH_WEIGHTS]:
        return Weights.of(read_state_dict(folder / TORCH_WEIGHTS).values())
    num_parameters, num_bytes, dtypes = 0, 0, Counter[str]()
    for name in names:
        for dtype, numel in _safetensors_header(folder / name):
            size, words = _SAFETENSORS_TYPES.get(dtype, (1, dtype))
            num_bytes += numel * size
            num_parameters += numel if dtype.startswith(("F", "BF")) else 0
            dtypes[words] += 1
    return Weights(num_parameters, num_bytes, dict(dtypes))


def _safetensors_header(path: Path) -> Iterator[tuple[str, int]]:
    """Yield type and number of values of each tensor of a file."""
    try:
        with safe_open(path, framework="numpy") as file:
            for name in file.keys():  # noqa: SIM118 - not a mapping
                part = file.get_slice(name)
                yield part.get_dtype(), math.prod(part.get_shape())
    except (SafetensorError, OSError, ValueError) as error:
        raise BadCheckpoint(path, f"cannot be read ({error})") from error


def _read_config(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_CONFIG_BYTES + 1)
        config = json.loads(raw) if len(raw) <= _MAX_CONFIG_BYTES else None
    except (OSError, ValueError, RecursionError) as error:
        raise BadCheckpoint(path, f"cannot be read ({error})") from error
    if not isinstance(config, dict):
        raise BadCheckpoint(path, f"must hold a JSON object of at most {_MAX_CONFIG_BYTES} bytes")
    return config
