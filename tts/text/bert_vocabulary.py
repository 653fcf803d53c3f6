"""The vocabulary of a BERT folder, one number per character; all that is needed of its tokenizer."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

UNKNOWN, BEGIN, END = "[UNK]", "[CLS]", "[SEP]"
FILES = ("tokenizer.json", "vocab.txt")


class Vocabulary:
    """Numbers of characters and of the three special tokens."""

    def __init__(self, tokens: Mapping[str, int]) -> None:
        """Takes token -> number.

        Raises:
            ValueError: if a special token is missing.
        """
        missing = [name for name in (UNKNOWN, BEGIN, END) if name not in tokens]
        if missing:
            raise ValueError(f"the vocabulary has no {missing[0]}")
        self._tokens = tokens
        self.largest = max(tokens.values())

    def ids(self, characters: Iterable[str]) -> list[int]:
        """Returns the begin token, one number for each character, the end token."""
        unknown = self._tokens[UNKNOWN]
        inner = [self._tokens.get(character, unknown) for character in characters]
        return [self._tokens[BEGIN], *inner, self._tokens[END]]


def load_vocabulary(folder: Path) -> Vocabulary:
    """Reads `tokenizer.json`, or `vocab.txt` with one token per line.

    Raises:
        FileNotFoundError: if there is neither.
        ValueError: for a file that is damaged or has another form.
    """
    path = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"{folder} has neither {' nor '.join(FILES)}")
    try:
        text = path.read_text(encoding="utf-8")
        return Vocabulary(_of_json(text) if path.suffix == ".json" else _of_lines(text))
    except ValueError as error:
        raise ValueError(f"{path} cannot be used: {error}") from error


def _of_lines(text: str) -> Mapping[str, int]:
    return {token: number for number, token in enumerate(text.splitlines())}


def _of_json(text: str) -> Mapping[str, int]:
    content = json.loads(text)
    model = content.get("model") if isinstance(content, dict) else None
    tokens = model.get("vocab") if isinstance(model, dict) else None
    if not isinstance(tokens, dict) or not all(type(number) is int for number in tokens.values()):
        raise ValueError("it has no table model.vocab of token and number")
    return tokens
