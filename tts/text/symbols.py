"""The phone symbols of the GPT-SoVITS models and their numbers.

Two tables exist: `v1` with 322 symbols (model version v1) and `v2` with 732 (all later ones). The first is
an exact prefix of the second, so Mandarin and English phones have the same id in both. The position in the
list is the id the models were trained with: the file is a fact of the models, not ours to reorder.
"""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data" / "symbols.json"
UNKNOWN = "UNK"
HAS_ERHUA = {"v1": False, "v2": True}  # v1 models were trained without the tones of a final 儿
LANGUAGES = {"v1": ("zh", "en", "ja"), "v2": ("zh", "en", "ja", "ko", "yue")}  # that have symbols
NAMES = tuple(HAS_ERHUA)


class SymbolTable:
    """One list of symbols, the way from symbols to ids, and how the models that use it were trained."""

    def __init__(self, symbols: Iterable[str], *, has_erhua: bool, languages: tuple[str, ...]) -> None:
        self.has_erhua = has_erhua
        self.languages = languages
        self.symbols = tuple(symbols)
        self._ids = {symbol: number for number, symbol in enumerate(self.symbols)}

    def __len__(self) -> int:
        return len(self.symbols)

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._ids

    def known(self, phones: Iterable[str]) -> tuple[str, ...]:
        """Returns the phones with `UNK` in place of those this table does not have."""
        return tuple(phone if phone in self._ids else UNKNOWN for phone in phones)

    def ids(self, phones: Iterable[str]) -> np.ndarray:
        """Returns ids, int64 of shape (T,); an unknown phone gets the id of `UNK`."""
        unknown = self._ids[UNKNOWN]
        return np.array([self._ids.get(phone, unknown) for phone in phones], dtype=np.int64)


@cache
def symbol_table(name: str) -> SymbolTable:
    """Returns the table called `v1` or `v2`.

    Raises:
        ValueError: for any other name.
    """
    if name not in NAMES:
        raise ValueError(f"unknown symbol table {name!r}; valid: {', '.join(NAMES)}")
    lists = json.loads(DATA.read_text(encoding="utf-8"))
    tables = {"v1": lists["v1"], "v2": lists["v1"] + lists["v2_more"]}
    return SymbolTable(tables[name], has_erhua=HAS_ERHUA[name], languages=LANGUAGES[name])
