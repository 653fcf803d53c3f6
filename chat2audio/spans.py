"""What passes from the markup stages to the sentence splitter: a bit of text and whether it is said."""

from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """What a bit of text is. The last group exists only between markup and asides."""

    SPEECH = auto()  # said
    OPENER = auto()  # a mark that belongs to what follows: ** before bold, # of a heading, （
    CLOSER = auto()  # a mark that belongs to what stands before it, or nothing visible at all
    ASIDE = auto()  # text that is left out: stage direction, code, address
    READING = auto()  # a word that is said as its reading tells: {重|chong2} shows 重
    SYMBOL = auto()  # an emoji or ornament; belongs to what stands before it, parts words like an aside

    BRACKET = auto()
    STAR_OPEN = auto()  # * that can only open an action
    STAR_EITHER = auto()
    STAR_CLOSE = auto()  # * that can only close one
    STAR_TIMES = auto()  # * that may be a multiplication sign
    NEWLINE = auto()


class Span(NamedTuple):
    """A bit of the reply.

    Attributes:
        display: The text as the screen shows it.
        spoken: The same text, or "" where it is not said; of a READING the markup that tells how.
        kind: What it is; a silent span of kind SPEECH counts as an aside.
    """

    display: str
    spoken: str
    kind: Kind = Kind.SPEECH
