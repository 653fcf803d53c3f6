"""Tokens -> text pieces of one reply: bytes joined to characters, stop texts held back."""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Tokenizer

_BROKEN = "\ufffd"  # what a tokenizer shows for bytes that are no character
_MAX_WINDOW = 16  # tokens that are decoded again with each new one, at most
_MAX_PARTS = 4  # a character has at most so many bytes, hence tokens


class Detokenizer:
    """Turns token ids into text as early as possible.

    A character whose bytes span several tokens appears with the last of them; nothing waits otherwise, not
    even what stands before such a character in the same token. (transformers' streamers hold back whole words
    of Japanese, and `tokenizers.DecodeStream` that last case.) Bytes that never become a character are left
    out. Special tokens have no text.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._window: list[int] = []  # the last tokens; their text begins with `_num_sent` known characters
        self._num_sent = 0

    def push(self, token_id: int) -> str:
        """Returns the text that this token completes, perhaps ""."""
        self._window.append(token_id)
        text = self._tokenizer.decode(self._window, skip_special_tokens=True)
        whole = text.rstrip(_BROKEN)
        new = whole[self._num_sent :]
        self._num_sent = max(self._num_sent, len(whole))
        if len(whole) == len(text):
            # One token stays as context: some tokenizers drop a blank where a text begins.
            self._restart(1)
        elif len(self._window) > _MAX_WINDOW:
            self._restart(_MAX_PARTS)
        return new.replace(_BROKEN, "")

    def _restart(self, num_kept: int) -> None:
        self._window = self._window[-num_kept:]
        text = self._tokenizer.decode(self._window, skip_special_tokens=True)
        self._num_sent = len(text.rstrip(_BROKEN))


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
