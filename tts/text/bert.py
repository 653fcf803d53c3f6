"""BERT features of Mandarin text: what the semantic model hears of a sentence besides its phones.

The one file of the text side that imports torch.
"""

import pickle
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import BertModel

from tts.quiet import quiet_transformers
from tts.text.bert_vocabulary import load_vocabulary
from tts.text.front_end import Phones, Segment

LANGUAGE_WITH_FEATURES = "zh"
NUM_DROPPED_LAYERS = 2  # the features are the third hidden state from the end
NUM_SPECIAL_TOKENS = 2  # [CLS] and [SEP]
# What transformers, torch and safetensors raise at a config or weights that are cut short or of another kind.
_LOADING_ERRORS = (
    OSError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError,
    pickle.UnpicklingError, SafetensorError, StrictDataclassError,
)  # fmt: skip


class BertEncoder:
    """A local BERT folder cut to the layers needed: chinese-roberta-wwm-ext-large for the released models."""

    def __init__(self, folder: Path | str, *, device: torch.device | str = "cpu") -> None:
        """Loads the model; nothing is ever fetched.

        Args:
            folder: a transformers folder with config.json, weights and vocabulary.
            device: where it runs.

        Raises:
            FileNotFoundError: if config.json or the vocabulary are missing.
            ValueError: if the weights are missing, a file is damaged, or they do not fit together.
        """
        folder = Path(folder)
        if not (folder / "config.json").is_file():
            raise FileNotFoundError(f"{folder} is not a BERT folder: config.json is missing")
        self._vocabulary = load_vocabulary(folder)
        model = _load_model(folder)
        num_layers = model.config.num_hidden_layers
        if num_layers <= NUM_DROPPED_LAYERS:
            raise ValueError(
                f"{folder}: a BERT model of {num_layers} layers has no third hidden state from the end"
            )
        if self._vocabulary.largest >= model.config.vocab_size:
            raise ValueError(
                f"{folder}: the vocabulary goes up to {self._vocabulary.largest}, the model knows "
                f"{model.config.vocab_size} tokens"
            )
        model.encoder.layer = model.encoder.layer[: num_layers - NUM_DROPPED_LAYERS]
        self._model = model.eval()
        torch.nn.Module.to(self._model, device)
        self._device = device
        self._max_chars = model.config.max_position_embeddings - NUM_SPECIAL_TOKENS

    @property
    def dim(self) -> int:
        """Channels of the features, C."""
        return self._model.config.hidden_size

    def features(self, phones: Phones) -> np.ndarray:
        """Returns features of a sentence, float32 (C, T) for T phones; zeros where it is not Mandarin."""
        features = np.zeros((self.dim, len(phones.symbols)), dtype=np.float32)
        start = 0
        for segment in phones.segments:
            end = start + len(segment.phones)
            if segment.language == LANGUAGE_WITH_FEATURES and segment.word2ph:
                features[:, start:end] = self._segment(segment)
            start = end
        return features

    def _segment(self, segment: Segment) -> np.ndarray:
        """Returns (C, T): each character's row as often as the character has phones."""
        rows = [
            self._rows(segment.norm_text[start : start + self._max_chars])
            for start in range(0, len(segment.norm_text), self._max_chars)
        ]
        return np.repeat(np.concatenate(rows), segment.word2ph or (), axis=0).T

    @torch.inference_mode()
    def _rows(self, text: str) -> np.ndarray:
        """Returns (len(text), C). One token per character, whatever a tokenizer would make of the text."""
        input_ids = torch.tensor([self._vocabulary.ids(text)], device=self._device)
        hidden = self._model(input_ids=input_ids).last_hidden_state
        return hidden[0, 1:-1].float().cpu().numpy()


def _load_model(folder: Path) -> BertModel:
    try:
        with quiet_transformers():
            loaded = BertModel.from_pretrained(
                folder,
                local_files_only=True,
                add_pooling_layer=False,
                dtype=torch.float32,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
            )
    except _LOADING_ERRORS as error:
        reason = str(error).splitlines()[0] if str(error) else "no details"
        raise ValueError(
            f"{folder} is a damaged or incomplete BERT folder: {type(error).__name__}: {reason}"
        ) from error
    model, report = cast("tuple[BertModel, dict[str, Any]]", loaded)
    # Where it finds nothing that fits, transformers would go on with random numbers.
    missing = sorted([*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])])
    if missing:
        raise ValueError(
            f"{folder}: {len(missing)} arrays of the model that config.json describes are not among the "
            f"weights, or have another shape there, such as {missing[0]}"
        )
    return model
