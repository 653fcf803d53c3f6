"""The SSL encoder of the built-in voices: HuBERT's form, small, and a layer that names each frame's sound.

It learns nothing but which sound each 20 ms are. The naming layer becomes part of every voice's `ssl_proj`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import HubertConfig, HubertModel

from demo.speech.labels import phones
from demo.speech.tokens import code_table, constant_feature, frame_features, num_features
from tts.models.quantizer import SemanticQuantizer
from tts.transformers_models import quiet_transformers

SSL_DIM = 224
HEAD_FILE = "head.safetensors"
STRIDE = 2


class SslModel(nn.Module):
    """Samples at 16 kHz -> logits of every frame's phone and tone."""

    def __init__(self) -> None:
        super().__init__()
        if num_features() > SSL_DIM:
            raise ValueError(f"{num_features()} features need a wider encoder than {SSL_DIM}")
        config = HubertConfig(
            hidden_size=SSL_DIM,
            num_hidden_layers=4,
            num_attention_heads=4,
            intermediate_size=512,
            # The first two layers see most samples and cost most; narrow ones save a third of the time.
            conv_dim=(32, 48, 64, 64, 64, 64, 64),
            num_conv_pos_embeddings=32,
            num_conv_pos_embedding_groups=8,
            hidden_dropout=0.0,
            attention_dropout=0.0,
            activation_dropout=0.0,
            feat_proj_dropout=0.0,
            layerdrop=0.0,
            apply_spec_augment=False,
        )
        self.encoder = HubertModel(config)
        self.head = nn.Linear(SSL_DIM, frame_features())

    def forward(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """(B, N) -> phone logits (B, T, phones) and tone logits (B, T, tone classes), 50 a second."""
        logits = self.head(self.encoder(samples).last_hidden_state)
        return logits[..., : len(phones())], logits[..., len(phones()) :]

    def save(self, folder: Path) -> None:
        """Writes the encoder in transformers' format, and the naming layer beside it."""
        with quiet_transformers():
            self.encoder.save_pretrained(folder)
        save_file(
            {name: tensor.contiguous() for name, tensor in self.head.state_dict().items()}, folder / HEAD_FILE
        )


def load_head(folder: Path) -> nn.Linear:
    """Returns the naming layer of a folder that `SslModel.save` has written."""
    head = nn.Linear(SSL_DIM, frame_features())
    head.load_state_dict(load_file(folder / HEAD_FILE))
    return head.requires_grad_(False)


def make_quantizer(head: nn.Linear) -> SemanticQuantizer:
    """Returns the quantizer of the built-in voices: two frames' logits in a row, and the table of codes."""
    quantizer = SemanticQuantizer(SSL_DIM, len(code_table().codebook(SSL_DIM)), STRIDE).requires_grad_(False)
    size = frame_features()
    weight = torch.zeros(SSL_DIM, SSL_DIM, STRIDE)
    bias = torch.zeros(SSL_DIM)
    for frame in range(STRIDE):
        weight[frame * size : (frame + 1) * size, :, frame] = head.weight
        bias[frame * size : (frame + 1) * size] = head.bias
    bias[STRIDE * size] = constant_feature()
    quantizer.ssl_proj.load_state_dict({"weight": weight, "bias": bias})
    quantizer.codebook.copy_(torch.from_numpy(np.array(code_table().codebook(SSL_DIM))))
    return quantizer
