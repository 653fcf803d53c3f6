"""Messages -> token ids by the model's own chat template, with special tokens in the words taken as words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from llm.errors import PromptTooLong
from llm.messages import Message, count_stable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Trimming shifts everything behind it and so spoils the key/value cache of the conversation. Therefore a
# quarter of the budget goes at once, and the next turns find the same beginning again.
BLOCK_SHARE = 0.25


class ChatTemplate:
    """Encodes chats for one tokenizer. Not thread-safe, as tokenizers are not."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        self._tokenizer = tokenizer
        added = sorted(tokenizer.get_added_vocab(), key=len, reverse=True)
        # Looking ahead finds overlapping names too; each is to be cut behind its first character.
        self._special = re.compile("(?=" + "|".join(map(re.escape, added)) + ")") if added else None

    def encode(self, messages: Sequence[Message], *, is_open: bool = True) -> list[int]:
        """Returns the token ids of a chat; `is_open` adds the beginning of the assistant's answer."""
        contents = [_without_surrogates(message.content) for message in messages]
        if self._special is None or not any(self._special.search(text) for text in contents):
            return self._ids(self._render(messages, contents, is_open=is_open))
        # A special token's name in the words: cut the rendered text inside that name, and encode the parts
        # on their own. No part holds the whole name, and no character is added or lost.
        knife = _unused_character(contents)
        contents = [_cut(self._special, text, knife) for text in contents]
        parts = self._render(messages, contents, is_open=is_open).split(knife)
        return [token for part in parts for token in self._ids(part)]

    def prefix_length(self, messages: Sequence[Message], ids: Sequence[int]) -> int:
        """Returns how many of the chat's ids belong to its stable part (see `count_stable`)."""
        num_stable = count_stable(messages)
        if num_stable == 0:
            return 0
        prefix = self.encode(messages[:num_stable], is_open=False)
        longest = min(len(prefix), len(ids) - 1)
        return next((n for n in range(longest) if prefix[n] != ids[n]), longest)

    def fit(self, messages: Sequence[Message], limit: int) -> tuple[list[Message], list[int]]:
        """Drops the oldest turns until the chat fits.

        Whole turns (a user message and what follows it) go, as many as fill the overflow rounded up to a
        quarter of the limit; so the cut stays where it is while the next turns come in. The stable part and
        the last turn stay.

        Args:
            messages: the chat; its last turn begins with the last user message.
            limit: most tokens the result may have.

        Returns:
            The messages that stay, and their ids.

        Raises:
            PromptTooLong: stable part and last turn alone are too long.
        """
        ids = self.encode(messages)
        if len(ids) <= limit:
            return list(messages), ids
        num_stable = count_stable(messages)
        stable, turns = list(messages[:num_stable]), split_turns(messages[num_stable:])
        block = max(1, int(limit * BLOCK_SHARE))
        num_to_drop = -(-(len(ids) - limit) // block) * block
        while len(turns) > 1 and num_to_drop > 0:
            num_to_drop -= self._cost(turns.pop(0))
        while True:
            kept = stable + [message for turn in turns for message in turn]
            ids = self.encode(kept)
            if len(ids) <= limit:
                return kept, ids
            if len(turns) <= 1:
                raise PromptTooLong(len(ids), limit)
            turns.pop(0)

    def _cost(self, turn: Sequence[Message]) -> int:
        """Returns the tokens a turn takes inside a chat."""
        head = [Message("system", "-")]
        return len(self.encode([*head, *turn], is_open=False)) - len(self.encode(head, is_open=False))

    def _render(self, messages: Sequence[Message], contents: Sequence[str], *, is_open: bool) -> str:
        chat = [
            {"role": message.role, "content": content}
            for message, content in zip(messages, contents, strict=True)
        ]
        rendered = self._tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=is_open)
        return cast(str, rendered)

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False)


def split_turns(messages: Sequence[Message]) -> list[list[Message]]:
    """Splits a chat into turns; each begins with a user message, but perhaps the first."""
    turns: list[list[Message]] = []
    for message in messages:
        if message.role == "user" or not turns:
            turns.append([])
        turns[-1].append(message)
    return turns


def _cut(special: re.Pattern[str], text: str, knife: str) -> str:
    """Returns the text with `knife` behind the first character of each special token's name."""
    starts = [found.start() + 1 for found in special.finditer(text)]
    edges = [0, *starts, len(text)]
    return knife.join(text[start:end] for start, end in pairwise(edges))


def _unused_character(contents: Sequence[str]) -> str:
    used = set().union(*contents)
    return next(chr(code) for code in range(0xF0000, 0xFFFFE) if chr(code) not in used)


def _without_surrogates(text: str) -> str:
    """Returns the text with lone surrogates, which no tokenizer accepts, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
