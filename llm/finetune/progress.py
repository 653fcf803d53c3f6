"""What a run tells while it goes on: a bar with the time left on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click
import torch
from transformers import TrainerCallback

from llm.messages import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

BAR_WIDTH = 24


class Progress(TrainerCallback):
    """Tells step, losses, learning rate and the time left."""

    def __init__(self, *, is_terminal: bool | None = None, echo: Callable[..., None] = click.echo) -> None:
        self._is_terminal = sys.stdout.isatty() if is_terminal is None else is_terminal
        self._echo = echo
        self._start_sec = 0.0
        self._first_step = 0
        self._loss = ""

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Notes where the run starts; a resumed one does not start at 0."""
        self._start_sec, self._first_step = time.monotonic(), state.global_step

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Moves the bar."""
        if self._is_terminal:
            filled = BAR_WIDTH * state.global_step // max(1, state.max_steps)
            bar = "#" * filled + "-" * (BAR_WIDTH - filled)
            self._echo(f"\r[{bar}] {self._line(state)}  ", nl=False)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        """Tells the losses."""
        logs = logs or {}
        if "eval_loss" in logs:
            self._echo(f"{self._newline()}step {state.global_step}: eval loss {logs['eval_loss']:.4f}")
        elif "loss" in logs:
            self._loss = f"loss {float(logs['loss']):.4f}, rate {float(logs['learning_rate']):.1e}"
            if not self._is_terminal:
                self._echo(self._line(state))

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ends the bar's line."""
        if self._is_terminal:
            self._echo()

    def _newline(self) -> str:
        return "\n" if self._is_terminal else ""

    def _line(self, state: Any) -> str:
        num_done = state.global_step - self._first_step
        spent_sec = time.monotonic() - self._start_sec
        left_sec = spent_sec / max(1, num_done) * (state.max_steps - state.global_step)
        line = f"step {state.global_step}/{state.max_steps}, {_clock(left_sec)} left"
        return f"{line}, {self._loss}" if self._loss else line


class Samples(TrainerCallback):
    """Lets the model answer a few prompts every N steps, so that one sees what the loss does not say."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerFast,
        prompts: Sequence[Sequence[Message]],
        *,
        every: int,
        echo: Callable[[str], None] = click.echo,
    ) -> None:
        self._tokenizer = tokenizer
        self._prompts = list(prompts)
        self._every = every
        self._echo = echo

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        """Answers the prompts."""
        if self._every <= 0 or state.global_step % self._every or model is None:
            return
        for prompt in self._prompts:
            self._echo(f"  > {prompt[-1].content}\n  < {reply(model, self._tokenizer, prompt)}")


def reply(
    model: Any, tokenizer: PreTrainedTokenizerFast, messages: Sequence[Message], *, max_new_tokens: int = 128
) -> str:
    """Returns the model's most likely answer to a chat."""
    chat = [{"role": message.role, "content": message.content} for message in messages]
    text = str(tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True))
    ids = torch.tensor([tokenizer.encode(text, add_special_tokens=False)], device=model.device)
    was_training = model.training
    model.eval()
    stop_ids = [tokenizer.eos_token_id, tokenizer.pad_token_id]
    try:
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids,
                attention_mask=torch.ones_like(ids),
                do_sample=False,
                temperature=None,
                top_p=None,
                top_k=None,
                repetition_penalty=1.0,
                max_new_tokens=max_new_tokens,
                eos_token_id=stop_ids,
                pad_token_id=tokenizer.pad_token_id,
                use_cache=True,
            )
    finally:
        model.train(was_training)
    return str(tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True)).strip()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"
