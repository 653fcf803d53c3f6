"""The demo base model: a small Qwen2, trained from nothing on the talks of all voices.

A model of this size learns the lines by heart in minutes, but which line answers what only very slowly: the
few tokens that tell lines apart drown among the others. So while it learns, two small linear heads tell what
each question is about: one from the mean of the question's word vectors, one from the hidden state at which
the reply begins. They are thrown away afterwards. (With them, a quarter of an hour teaches what more than an
hour without did not.)
"""

from __future__ import annotations

import math
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from demo.llm.lessons import Batch
from llm.finetune.encoding import IGNORE
from tts.finetune.training_loop import Losses, Trainee

CONTEXT_TOKENS = 2048
TOPIC_LAYER = 3  # whose output tells the topic: there must be layers left to choose the line
TOPIC_WEIGHT = 0.5
RATE = 2e-3
WORD_RATE = 6e-3  # of the word vectors, whose gradients are sparse
HEAD_RATE = 5e-3
WARM_UP_STEPS = 100
COOL_DOWN = 0.35  # the share of all steps, at the end, over which the rates fall to zero
MAX_GRADIENT = 1.0


def make_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> Qwen2ForCausalLM:
    """Returns an untrained model for this tokenizer; about 3.2 million parameters."""
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=192,
        intermediate_size=576,
        num_hidden_layers=5,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT_TOKENS,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=cast(int, tokenizer.eos_token_id),
        pad_token_id=cast(int, tokenizer.pad_token_id),
    )
    return Qwen2ForCausalLM(config)


class Pupil(Trainee):
    """The model with its two heads and their optimiser, as the training loop wants them.

    Args:
        model: trained in place.
        num_topics: as many as the corpus has intents.
        num_steps: of the whole run; the learning rate falls to its end.
    """

    def __init__(self, model: Qwen2ForCausalLM, num_topics: int, num_steps: int) -> None:
        self._model = model.train()
        width = model.config.hidden_size
        self._of_words, self._of_place = (nn.Linear(width, num_topics) for _ in range(2))
        for head in (self._of_words, self._of_place):
            nn.init.zeros_(head.weight)
        self._step, self._num_steps = 0, num_steps
        words = [parameter for name, parameter in model.named_parameters() if "embed_tokens" in name]
        others = [parameter for name, parameter in model.named_parameters() if "embed_tokens" not in name]
        heads = [*self._of_words.parameters(), *self._of_place.parameters()]
        self._parameters = [*words, *others, *heads]
        groups = [(words, WORD_RATE), (others, RATE), (heads, HEAD_RATE)]
        self._optimizer = torch.optim.AdamW(
            [{"params": part, "lr": rate, "highest": rate} for part, rate in groups],
            betas=(0.9, 0.98),
            weight_decay=0.02,
        )

    def train_step(self, batch: Batch) -> Losses:
        """Learns from one batch; tells the losses and the share of topics that were told rightly."""
        self._optimizer.zero_grad(set_to_none=True)
        output = self._model.model(
            input_ids=batch.ids, attention_mask=batch.mask, output_hidden_states=True, use_cache=False
        )
        hidden = output.hidden_states
        targets = batch.labels[:, 1:]
        learned = targets != IGNORE
        logits = self._model.lm_head(output.last_hidden_state[:, :-1][learned])
        reply_loss = F.cross_entropy(logits, targets[learned])
        words = _unit(hidden[0]).cumsum(dim=1)
        words = words[batch.rows, batch.ends - 1] - words[batch.rows, batch.starts]
        place = _unit(hidden[TOPIC_LAYER][batch.rows, batch.ends - 1])
        told = self._of_place(place)
        topic_loss = F.cross_entropy(told, batch.topics)
        word_loss = F.cross_entropy(
            self._of_words(words / (batch.ends - 1 - batch.starts)[:, None]), batch.topics
        )
        (reply_loss + TOPIC_WEIGHT * (topic_loss + 0.5 * word_loss)).backward()
        nn.utils.clip_grad_norm_(self._parameters, MAX_GRADIENT)
        self._set_rate()
        self._optimizer.step()
        self._step += 1
        right = (told.argmax(dim=1) == batch.topics).float().mean()
        return {"reply": reply_loss.detach(), "topic": topic_loss.detach(), "topics right": right}

    def state_dict(self) -> dict[str, Any]:
        """Returns all that changes."""
        return {
            "model": self._model.state_dict(),
            "of_words": self._of_words.state_dict(),
            "of_place": self._of_place.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self._step,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Takes over what `state_dict` returned."""
        self._model.load_state_dict(state["model"])
        self._of_words.load_state_dict(state["of_words"])
        self._of_place.load_state_dict(state["of_place"])
        self._optimizer.load_state_dict(state["optimizer"])
        self._step = state["step"]

    def _set_rate(self) -> None:
        left = (self._num_steps - self._step) / (COOL_DOWN * self._num_steps)
        factor = min(1.0, (self._step + 1) / WARM_UP_STEPS, max(0.0, left))
        for group in self._optimizer.param_groups:
            group["lr"] = group["highest"] * factor


def _unit(x: Tensor) -> Tensor:
    """(..., C) with a mean square of 1."""
    return F.normalize(x, dim=-1) * math.sqrt(x.shape[-1])
