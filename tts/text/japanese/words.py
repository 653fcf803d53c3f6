"""A word as the Japanese analyser tells it, as far as accents depend on it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Word:
    """One word with its sound; a sentence is a list of them.

    Attributes:
        text: as written; digits as Han numbers.
        pos: part of speech in the dictionary's own terms, and its sub-classes `group1` to `group3`.
        form: inflected form, `*` for words without.
        sound: katakana as spoken.
        num_morae: beats of `sound`.
        accent: number of the mora after which the voice falls, 0 for none. Of the word by itself.
        rule: how the word changes the accent of a phrase it joins, in the dictionary's notation.
    """

    text: str
    pos: str
    group1: str
    group2: str
    group3: str
    form: str
    sound: str
    num_morae: int
    accent: int
    rule: str

    @property
    def is_number(self) -> bool:
        """Whether it is a numeral: a digit, ten, hundred ..."""
        return self.group1 == "数"
