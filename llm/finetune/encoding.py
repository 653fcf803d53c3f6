"""Dialogues -> token ids and labels: only the assistant's words (and the mark that ends them) are learned.

The spans are found in the rendered text: what the chat template adds between "the chat up to here, assistant
to speak" and "the chat with the answer". So any template will do that only ever appends (ChatML does).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llm.finetune.dialogue import Dialogue
from llm.finetune.errors import BadTemplate
from llm.messages import Message

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

# Labels of this value are not learned; torch's cross-entropy leaves them out.
IGNORE = -100
END_TOKENS = ("<|im_end|>", "<|endoftext|>")


@dataclass(frozen=True, slots=True)
class Row:
    """One encoded dialogue.

    Attributes:
        ids: (T,) token ids.
        labels: (T,) the same ids where they are learned, IGNORE elsewhere.
    """

    ids: list[int]
    labels: list[int]

    @property
    def num_learned(self) -> int:
        """How many tokens are learned."""
        return sum(label != IGNORE for label in self.labels)


class Encoder:
    """Encodes dialogues with one tokenizer's chat template."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast) -> None:
        """Raises BadTemplate where there is no chat template or no token that ends an answer."""
        self._tokenizer = tokenizer
        if not tokenizer.chat_template:
            raise BadTemplate("the tokenizer has no chat template; use the folder of a chat (Instruct) model")
        self._special = sorted(tokenizer.get_added_vocab(), key=len, reverse=True)
        vocabulary = tokenizer.get_vocab()
        self._end_ids = {vocabulary[token] for token in END_TOKENS if token in vocabulary}
        if isinstance(tokenizer.eos_token_id, int):
            self._end_ids.add(tokenizer.eos_token_id)
        if not self._end_ids:
            raise BadTemplate(f"the tokenizer has no token that ends an answer ({', '.join(END_TOKENS)})")

    def has_special(self, dialogue: Dialogue) -> bool:
        """Returns whether the words hold a special token's name; such a chat cannot be encoded as words."""
        return any(token in message.content for message in dialogue.messages for token in self._special)

    def encode(self, dialogue: Dialogue) -> Row:
        """Returns ids and labels of a dialogue.

        Raises:
            BadTemplate: the template changes earlier turns when later ones come, merges an answer with what
                stands before it into one token, or ends an answer with no end token.
        """
        text, spans = self._spans(dialogue.messages)
        encoding = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids: list[int] = list(encoding["input_ids"])
        offsets: list[tuple[int, int]] = list(encoding["offset_mapping"])
        labels = [IGNORE] * len(ids)
        position = 0
        for start, end in spans:
            while position < len(ids) and offsets[position][1] <= start:
                position += 1
            if position == len(ids) or offsets[position][0] < start:
                raise BadTemplate("the template lets an answer share a token with what stands before it")
            has_end = False
            # The end mark is learned, what the template puts behind it (a line break) is not.
            while position < len(ids) and offsets[position][0] < end and not has_end:
                labels[position] = ids[position]
                has_end = ids[position] in self._end_ids
                position += 1
            if not has_end:
                raise BadTemplate(
                    "the template ends an answer with no end token, so its end cannot be learned"
                )
        return Row(ids, labels)

    def check(self, dialogue: Dialogue, row: Row) -> None:
        """Makes sure that what is learned, read back, is the answers' words and nothing else.

        Raises:
            BadTemplate: it is not.
        """
        wanted = [m.content for m in dialogue.messages if m.role == "assistant" and not m.is_persona]
        learned = [self._decode(part) for is_learned, part in pieces(row) if is_learned]
        plain = [_without_end(text) for text in learned]
        if plain != wanted:
            raise BadTemplate(f"the learned parts {plain!r} are not the answers {wanted!r}")

    def marked(self, row: Row, mark: Callable[[str], str]) -> str:
        """Returns the row as text, each learned part passed through `mark`."""
        texts = ((is_learned, self._decode(part)) for is_learned, part in pieces(row))
        return "".join(mark(text) if is_learned else text for is_learned, text in texts)

    def _spans(self, messages: Sequence[Message]) -> tuple[str, list[tuple[int, int]]]:
        """Returns the rendered chat and the character ranges of the answers to learn."""
        whole = self._render(messages, is_open=False)
        spans = []
        for index, message in enumerate(messages):
            if message.role != "assistant" or message.is_persona:
                continue
            before = self._render(messages[:index], is_open=True)
            after = self._render(messages[: index + 1], is_open=False)
            if not (whole.startswith(after) and after.startswith(before + message.content)):
                raise BadTemplate(
                    "the chat template changes earlier turns when later ones are added, so what is trained "
                    "would not be what is served; use the plain ChatML template of Qwen2.5"
                )
            spans.append((len(before), len(after)))
        return whole, spans

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids))

    def _render(self, messages: Sequence[Message], *, is_open: bool) -> str:
        chat = [{"role": message.role, "content": message.content} for message in messages]
        return str(self._tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=is_open))


def pieces(row: Row) -> list[tuple[bool, list[int]]]:
    """Splits a row into runs of learned and unlearned tokens.

    Two answers never touch: the template stands between them.
    """
    runs: list[tuple[bool, list[int]]] = []
    for token, label in zip(row.ids, row.labels, strict=True):
        is_learned = label != IGNORE
        if not runs or runs[-1][0] != is_learned:
            runs.append((is_learned, []))
        runs[-1][1].append(token)
    return runs


def _without_end(text: str) -> str:
    for token in END_TOKENS:
        text = text.removesuffix(token)
    return text
