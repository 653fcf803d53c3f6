"""The goldens' texts as our front end reads them, beside what the goldens have."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tts.text.front_end import FrontEnd

Row = Mapping[str, Any]
MAIN_SYMBOLS = "v2"
OURS = " (ours)"
# Symbols that say how Japanese is intoned, not what is said; UNK is its border between phrases.
INTONATION = frozenset(("[", "]", "UNK"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """One row read by one front end.

    Attributes:
        row_id: the golden's name for it.
        text: what was read.
        variant: which figure it counts for: "", " (v1)", " (ours)", " (v1) (ours)", " (sounds)" and so on.
        wanted, got: phones.
    """

    row_id: str
    text: str
    variant: str
    wanted: tuple[str, ...]
    got: tuple[str, ...]

    @property
    def is_ours(self) -> bool:
        """Whether it is how we speak, and not a front end told to be like upstream."""
        return self.variant.endswith(OURS)


class FrontEnds:
    """The front ends of both symbol tables, like upstream and ours."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, bool], FrontEnd] = {}

    def get(self, symbols: str = MAIN_SYMBOLS, *, is_like_upstream: bool = False) -> FrontEnd:
        """Returns a front end, made once."""
        key = (symbols, is_like_upstream)
        if key not in self._made:
            self._made[key] = FrontEnd(symbols, is_like_upstream=is_like_upstream)
        return self._made[key]


def read_rows(rows: Iterable[Row], front_ends: FrontEnds, *, as_sentences: bool = False) -> Iterator[Outcome]:
    """Reads rows like upstream and as we speak, as runs of one language or as sentences in a mode.

    Of Japanese runs there are outcomes without intonation as well; rows of other symbol tables than v2 are
    kept apart from the main figure.
    """
    for row in rows:
        symbols, language = row["version"], row["lang"]
        table = "" if symbols == MAIN_SYMBOLS else f" ({symbols})"
        for whose, is_like_upstream in (("", True), (OURS, False)):
            front_end = front_ends.get(symbols, is_like_upstream=is_like_upstream)
            if as_sentences:
                got = front_end.read(row["text"], language).symbols
            else:
                got = front_end.read_run(row["text"], language).phones
            wanted = tuple(row["phones"] or ())
            yield Outcome(row["id"], row["text"], table + whose, wanted, got)
            if language == "ja" and not as_sentences:
                sounds = f"{table} (sounds){whose}"
                yield Outcome(row["id"], row["text"], sounds, _without(wanted), _without(got))


def _without(phones: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(phone for phone in phones if phone not in INTONATION)
