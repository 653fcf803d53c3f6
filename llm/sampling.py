"""How the next token is chosen: the parameters of one request."""

from __future__ import annotations

import math
from dataclasses import dataclass

MAX_NEW_TOKENS = 8192
MAX_STOPS = 16
MAX_STOP_CHARS = 64


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """Sampling parameters; the defaults are those of Qwen2.5-Instruct, with a reply length fit for speech.

    Attributes:
        temperature: 0 to 2; 0 always takes the likeliest token.
        top_p: above 0, up to 1; keeps the likeliest tokens that together reach this probability.
        top_k: keeps this many of the likeliest tokens; 0 keeps all, 1 always takes the likeliest.
        repetition_penalty: 0.1 to 10; 1 is off. Counts tokens of the prompt too, as transformers does.
        max_new_tokens: most tokens of the reply.
        stop: texts that end the reply; never part of it.

    Raises:
        ValueError: a value is out of its range; the message names the range.
    """

    temperature: float = 0.7
    top_p: float = 0.8
    top_k: int = 20
    repetition_penalty: float = 1.05
    max_new_tokens: int = 200
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check("temperature", self.temperature, 0.0, 2.0)
        _check("top_p", self.top_p, 0.0, 1.0)
        if self.top_p == 0:
            raise ValueError("top_p must be above 0")
        _check("top_k", self.top_k, 0, 2**31)
        _check("repetition_penalty", self.repetition_penalty, 0.1, 10.0)
        _check("max_new_tokens", self.max_new_tokens, 1, MAX_NEW_TOKENS)
        if isinstance(self.stop, str):
            raise ValueError("stop must be several texts, not one text")
        object.__setattr__(self, "stop", tuple(self.stop))
        if len(self.stop) > MAX_STOPS:
            raise ValueError(f"at most {MAX_STOPS} stop texts, not {len(self.stop)}")
        if any(not 0 < len(text) <= MAX_STOP_CHARS for text in self.stop):
            raise ValueError(f"a stop text must have 1 to {MAX_STOP_CHARS} characters")

    @property
    def is_greedy(self) -> bool:
        """True where chance has no part."""
        return self.temperature == 0 or self.top_k == 1


def _check(name: str, value: float, low: float, high: float) -> None:
    if not math.isfinite(value) or not low <= value <= high:
        raise ValueError(f"{name} must be between {low} and {high}, not {value}")
