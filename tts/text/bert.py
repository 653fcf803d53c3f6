"""BERT features of Mandarin text: what the semantic model hears of a sentence besides its phones.

The one file of the text side that imports torch.
"""

from pathlib import Path

import numpy as np
import torch
from transformers import BertModel

from tts.text.bert_vocabulary import load_vocabulary
from tts.text.front_end import Phones, Segment
from tts.transformers_models import read_model

LANGUAGE_WITH_FEATURES = "zh"
NUM_DROPPED_LAYERS = 2  # the features are the third hidden state from the end
NUM_SPECIAL_TOKENS = 2  # [CLS] and [SEP]


class BertEncoder:
    """A local BERT folder cut to the layers needed: chinese-roberta-wwm-ext-large for the released models."""

    def __init__(self, folder: Path | str, *, device: torch.device | str = "cpu") -> None:
        """Loads the model; nothing is ever fetched.

        Args:
            folder: a transformers folder with config.json, weights and vocabulary.
            device: where it runs.

        Raises:
            FileNotFoundError: if the vocabulary is missing.
            ValueError: if the model is missing, a file is damaged, or they do not fit together.
        """
        folder = Path(folder)
        model = read_model(BertModel, folder, "BERT", add_pooling_layer=False, dtype=torch.float32)
        self._vocabulary = load_vocabulary(folder)
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
