"""A model's text as it streams -> what the screen shows and what is said."""

import re
from dataclasses import dataclass

from chat2audio.asides import FAMILIES, Asides
from chat2audio.markup import PLAIN_RUN, Markup
from chat2audio.spans import Kind, Span
from chat2audio.thinking import ThinkFilter

__all__ = ["Kind", "Span", "Speakable", "SpeakableOptions"]

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class SpeakableOptions:
    """What of a reply is not said.

    Attributes:
        asides: Brackets whose content is a stage direction, each named by its opening mark: "(" "[" "{" (with
            their full-width kin) and "*" by default; "「" "《" "“" and "<" may be added.
        show_asides: Whether stage directions stay in the display text.
        max_held_chars: How long text may wait for a closing bracket before it is said after all; an East
            Asian character counts as three, so the default is 100 of them or 300 letters.
        speak_urls: Whether web and e-mail addresses are said.
        speak_code: Whether fenced code and tables are said.
        think_tags: Tags of private reasoning, which is neither shown nor said.
        starts_thinking: Whether the reply begins inside such a tag (the chat template has opened it).

    Raises:
        ValueError: An unknown bracket, an empty tag or a limit below 1.
    """

    asides: str = "([{*"
    show_asides: bool = True
    max_held_chars: int = 300
    speak_urls: bool = True
    speak_code: bool = False
    think_tags: tuple[str, ...] = ("think", "thinking")
    starts_thinking: bool = False

    def __post_init__(self) -> None:
        unknown = sorted(set(self.asides) - set(FAMILIES))
        if unknown:
            raise ValueError(f"asides: {''.join(unknown)!r} is not among {' '.join(FAMILIES)}")
        if self.max_held_chars < 1:
            raise ValueError(f"max_held_chars is {self.max_held_chars}; it must be at least 1")
        if isinstance(self.think_tags, str) or not all(re.fullmatch(r"\w+", tag) for tag in self.think_tags):
            raise ValueError(
                f"think_tags is {self.think_tags!r}; it must be a tuple of names without brackets"
            )


class Speakable:
    """Marks in a stream of text what is said and what is only shown.

    The spans joined are the text without its reasoning (and, if so chosen, without its asides); how the
    stream was cut changes nothing but where spans end. A lone surrogate becomes U+FFFD.
    """

    def __init__(self, options: SpeakableOptions | None = None) -> None:
        options = options or SpeakableOptions()
        self._thinking = ThinkFilter(options.think_tags, is_open=options.starts_thinking)
        self._markup = Markup(speak_urls=options.speak_urls, speak_code=options.speak_code)
        self._asides = Asides(options.asides, options.max_held_chars, is_shown=options.show_asides)
        self._high_surrogate = ""
        self._is_idle = False  # no stage holds anything or is inside anything: plain text passes unchanged

    def push(self, piece: str) -> list[Span]:
        """The spans that are decided with this piece of text."""
        if not piece:
            return []
        if self._is_idle and PLAIN_RUN.fullmatch(piece):
            self._markup.note(piece)
            return [Span(piece, piece)]
        text = self._thinking.push(self._mend(piece))
        spans = _merge(self._asides.push(self._markup.push(text))) if text else []
        stages = self._thinking, self._markup, self._asides
        self._is_idle = not self._high_surrogate and all(stage.is_idle for stage in stages)
        return spans

    def flush(self) -> list[Span]:
        """The spans that were held back, at the end of the stream."""
        rest = self._thinking.push(_join_surrogates(self._high_surrogate)) + self._thinking.flush()
        self._high_surrogate = ""
        atoms = self._markup.push(rest, is_last=True)
        return _merge(self._asides.push(atoms) + self._asides.flush())

    def _mend(self, piece: str) -> str:
        """Join a surrogate pair that was cut in two."""
        if self._high_surrogate:
            piece, self._high_surrogate = self._high_surrogate + piece, ""
        if piece.isascii() or _SURROGATE.search(piece) is None:
            return piece
        if "\ud800" <= piece[-1] <= "\udbff":
            piece, self._high_surrogate = piece[:-1], piece[-1]
        return _join_surrogates(piece)


def _join_surrogates(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _merge(spans: list[Span]) -> list[Span]:
    """Join neighbours of one kind; but each word with its reading stays a word."""
    if len(spans) < 2:
        return spans
    merged: list[Span] = []
    first = 0
    for at in range(1, len(spans) + 1):
        kind = spans[first].kind
        if at == len(spans) or spans[at].kind is not kind or kind is Kind.READING:
            if at == first + 1:
                merged.append(spans[first])
            else:
                display = "".join(span.display for span in spans[first:at])
                spoken = "".join(span.spoken for span in spans[first:at])
                merged.append(Span(display, spoken, kind))
            first = at
    return merged
