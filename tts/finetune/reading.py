"""Reading the words of clips with the front end that will read what the voice is to say."""

from __future__ import annotations

from tts.text.front_end import FrontEnd, Phones
from tts.text.pieces import prepare_reference


class ClipReader:
    """Words of a clip -> phones; remembers them, for several stages ask.

    Args:
        symbols: name of the symbol table, `v1` or `v2`.
    """

    def __init__(self, symbols: str = "v2") -> None:
        self._front_end = FrontEnd(symbols)
        self._phones: dict[tuple[str, str], Phones] = {}

    def can_read(self, language: str) -> bool:
        """Whether models with these symbols speak the language."""
        return language in self._front_end.modes

    def phones(self, text: str, language: str) -> Phones:
        """Phones of a whole clip's words, read like the text of a reference.

        Raises:
            ValueError: there is no reader for the language.
        """
        key = (text, language)
        if key not in self._phones:
            self._phones[key] = self._front_end.read(prepare_reference(text, language), language)
        return self._phones[key]
