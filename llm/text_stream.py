"""Tokens -> text pieces of one reply: bytes joined to characters, stop texts held back."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

_BROKEN = "\ufffd"  # what a tokenizer shows for bytes that are no character


class Detokenizer:
    """Turns token ids into text as early as possible.

    A character whose bytes span several tokens appears with the last of them; nothing else waits. Bytes that
    never become a character are left out. Special tokens have no text.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._stream = DecodeStream(skip_special_tokens=True)
        self._ids: list[int] = []
        self._num_sent = 0  # characters of the raw text, broken ones included

    def push(self, token_id: int) -> str:
        """Returns the text that this token completes, perhaps ""."""
        self._ids.append(token_id)
        text = self._stream.step(self._tokenizer, token_id) or ""
        self._num_sent += len(text)
        return text.replace(_BROKEN, "")

    def flush(self) -> str:
        """Returns the text that was still waiting for the rest of a character, without that character."""
        whole = self._tokenizer.decode(self._ids, skip_special_tokens=True)
        rest, self._num_sent = whole[self._num_sent :], len(whole)
        return rest.replace(_BROKEN, "")


class StopTexts:
    """Cuts a text at the first stop text, however the text is chopped into pieces.

    Attributes:
        is_hit: a stop text was found; everything from it on is dropped.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self.is_hit = False
        self._stops = tuple(stops)
        self._held = ""

    def push(self, piece: str) -> str:
        """Returns what can be shown: all but an end that may yet become a stop text."""
        if self.is_hit:
            return ""
        text = self._held + piece
        hits = [at for at in (text.find(stop) for stop in self._stops) if at >= 0]
        if hits:
            self.is_hit = True
            self._held = ""
            return text[: min(hits)]
        num_held = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - num_held :]
        return text[: len(text) - num_held]

    def flush(self) -> str:
        """Returns what was held back, as the text ended without a stop text."""
        text, self._held = self._held, ""
        return text


def _overlap(text: str, stop: str) -> int:
    """Returns how many characters at the end of `text` are the beginning of `stop`, not the whole of it."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
