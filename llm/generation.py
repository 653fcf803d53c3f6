"""One reply under way: its tokens become text, and something ends it."""

from __future__ import annotations

from collections.abc import Collection

from tokenizers import Tokenizer

from llm.decoding import Row
from llm.sampling import SamplingParams
from llm.text_stream import Detokenizer, StopTexts
from llm.token_choice import Choice


class Generation:
    """The state of one reply, from its first token to its last.

    Attributes:
        row: the tokens, as the decoder knows them.
        num_new_tokens: tokens of the reply so far, the stop token included.
        finish_reason: None while it goes on, then "stop" or "length".
    """

    def __init__(
        self,
        row: Row,
        sampling: SamplingParams,
        seed: int,
        tokenizer: Tokenizer,
        *,
        stop_ids: Collection[int],
        context_limit: int,
    ) -> None:
        self.row = row
        self.num_new_tokens = 0
        self.finish_reason: str | None = None
        self._sampling = sampling
        self._seed = seed
        self._stop_ids = stop_ids
        self._max_tokens = min(row.num_tokens + sampling.max_new_tokens, context_limit)
        self._detokenizer = Detokenizer(tokenizer)
        self._stops = StopTexts(sampling.stop)

    @property
    def choice(self) -> Choice:
        """What the choice of the next token depends on."""
        return Choice(self._sampling, self._seed, self.num_new_tokens, self.row.ids)

    def accept(self, token: int) -> str:
        """Takes the next token and returns the text that can be shown now, perhaps ""."""
        self.num_new_tokens += 1
        if token in self._stop_ids:
            self.finish_reason = "stop"
            return self._stops.flush()
        self.row.append(token)
        text = self._stops.push(self._detokenizer.push(token))
        if self._stops.is_hit:
            self.finish_reason = "stop"
        elif self.row.num_tokens >= self._max_tokens:
            self.finish_reason = "length"
            text += self._stops.flush()
        return text
