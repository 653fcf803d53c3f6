"""Finds stage directions: text in brackets and between single stars is shown but not said.

An opening bracket is decided by its closing one. Until then what follows is held back, at most
`max_held_chars` and never beyond the line; a bracket that stays open is passed over and its text is said,
so nothing is lost and nothing stalls. Every character is looked at a bounded number of times.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto

from chat2audio.characters import count_syllables
from chat2audio.markup import Atom
from chat2audio.spans import Kind, Span
from tts.text.forced import find_reading

# family -> its opening and closing marks. Writers mix full and half width: （微笑) is one aside.
FAMILIES = {
    "(": ("(（", ")）"),
    "[": ("[［【〔", "]］】〕"),
    "{": ("{｛", "}｝"),
    "<": ("<", ">"),
    "*": ("", ""),
    "「": ("「『", "」』"),
    "《": ("《〈", "》〉"),
    "“": ("“", "”"),
}
_OPENS = {mark: family for family, (opening, _) in FAMILIES.items() for mark in opening}
_CLOSES = {mark: family for family, (_, closing) in FAMILIES.items() for mark in closing}
_READINGS = "{"  # brackets that may hold a word with its reading
_STARS = (Kind.STAR_OPEN, Kind.STAR_EITHER, Kind.STAR_CLOSE, Kind.STAR_TIMES)


class _State(Enum):
    OPEN = auto()
    MAYBE_LINK = auto()  # [text] was closed; "(" right behind it would make it a link
    LINK = auto()
    CLOSED = auto()
    GIVEN_UP = auto()


@dataclass(slots=True, eq=False)
class _Held:
    """Text that waits for a decision, or stands behind something that does."""

    text: str
    kind: Kind
    opening: "_Opening | None" = None


@dataclass(slots=True, eq=False)
class _Opening:
    family: str
    is_aside: bool  # whether its content is left out (else it is tracked only because it may be a link)
    weight: int  # of the stream when it was opened
    state: _State = _State.OPEN
    closing: _Held | None = None
    reading: tuple[str, str] | None = None  # the word and the markup that tells how it is said
    is_shown: bool = False


class Asides:
    """Atoms of markup -> spans.

    Args:
        families: Which brackets hold asides, one key of FAMILIES each.
        max_held_chars: How much text is held while a bracket is open; an East Asian character counts
            as three.
        is_shown: Whether asides stay in the display text.
    """

    def __init__(self, families: str, max_held_chars: int, *, is_shown: bool) -> None:
        self._families = families
        self._max_weight = max_held_chars
        self._is_shown = is_shown
        self._held: deque[_Held] = deque()
        self._open: deque[_Opening] = deque()
        self._num_open: Counter[str] = Counter()
        self._maybe_link: _Opening | None = None
        self._weight = 0
        self._expects_late_star = False
        self._spans: list[Span] = []

    @property
    def is_idle(self) -> bool:
        """Whether speech passes unchanged."""
        return not self._held

    def push(self, atoms: Iterable[Atom]) -> list[Span]:
        """The spans that are decided now."""
        for text, kind in atoms:
            if not self._held and kind is Kind.SPEECH:
                self._spans.append(Span(text, text))
                continue
            is_link = self._settle_link(text)
            if kind is Kind.NEWLINE:
                self._give_up_all()
                self._hold(text, Kind.SPEECH)
                self._expects_late_star = False
            elif kind is Kind.BRACKET:
                self._bracket(text, is_link)
            elif kind in _STARS:
                self._star(text, kind)
            else:
                self._hold(text, kind)
            self._give_up_old()
            self._release()
        spans, self._spans = self._spans, []
        return spans

    def flush(self) -> list[Span]:
        """Decide everything at the end of the stream."""
        self._settle_link("")
        self._give_up_all()
        self._release()
        spans, self._spans = self._spans, []
        return spans

    def _hold(self, text: str, kind: Kind, opening: _Opening | None = None) -> _Held:
        held = _Held(text, kind, opening)
        self._held.append(held)
        self._weight += len(text) if text.isascii() else len(text) + 2 * count_syllables(text)
        return held

    def _bracket(self, text: str, is_link: bool) -> None:
        if text in _OPENS:
            family = _OPENS[text]
            is_aside = is_link or family in self._families
            if is_aside or text == "[" or family == _READINGS:
                self._push_opening(text, family, is_aside)
            else:
                self._hold(text, Kind.SPEECH)
            return
        family = _CLOSES[text]
        if self._num_open[family]:
            opening = self._close(text, family)
            if text == "]" and opening.state is _State.CLOSED:
                opening.state = _State.MAYBE_LINK
                self._maybe_link = opening
        else:
            self._hold(text, Kind.CLOSER if family in self._families else Kind.SPEECH)

    def _star(self, text: str, kind: Kind) -> None:
        if "*" not in self._families:
            plain = {Kind.STAR_OPEN: Kind.OPENER, Kind.STAR_TIMES: Kind.SPEECH}.get(kind, Kind.CLOSER)
            self._hold(text, plain)
        elif kind is Kind.STAR_OPEN:
            self._push_opening(text, "*", is_aside=True)
        elif self._num_open["*"]:
            self._close(text, "*")
        elif kind is Kind.STAR_TIMES:
            self._hold(text, Kind.SPEECH)
        elif kind is Kind.STAR_CLOSE or self._expects_late_star:
            self._expects_late_star = False
            self._hold(text, Kind.CLOSER)
        else:
            self._push_opening(text, "*", is_aside=True)

    def _push_opening(self, text: str, family: str, is_aside: bool) -> None:
        opening = _Opening(family, is_aside, self._weight)
        self._hold(text, Kind.OPENER, opening)
        self._open.append(opening)
        self._num_open[family] += 1

    def _close(self, text: str, family: str) -> _Opening:
        """Close the innermost open bracket of a family; what was opened inside and not closed is given up."""
        while (opening := self._open.pop()).family != family:
            self._give_up(opening)
        self._num_open[family] -= 1
        opening.state = _State.CLOSED
        opening.closing = self._hold(text, Kind.CLOSER)
        if family == _READINGS:
            opening.reading = find_reading(self._text_since(opening))
        return opening

    def _text_since(self, opening: _Opening) -> str:
        texts: list[str] = []
        for held in reversed(self._held):
            texts.append(held.text)
            if held.opening is opening:
                break
        return "".join(reversed(texts))

    def _settle_link(self, text: str) -> bool:
        """Decide about a closed [text] by what follows it; True if this makes it a link."""
        if self._maybe_link is None:
            return False
        is_link = text == "("
        self._maybe_link.state = _State.LINK if is_link else _State.CLOSED
        self._maybe_link = None
        return is_link

    def _give_up(self, opening: _Opening) -> None:
        opening.state = _State.GIVEN_UP
        self._num_open[opening.family] -= 1

    def _give_up_old(self) -> None:
        while self._open and self._weight - self._open[0].weight > self._max_weight:
            self._expects_late_star |= self._open[0].family == "*"
            self._give_up(self._open.popleft())

    def _give_up_all(self) -> None:
        while self._open:
            self._give_up(self._open.popleft())

    def _release(self) -> None:
        while self._held:
            held = self._held[0]
            opening = held.opening
            if opening is None:
                self._emit(held.text, held.kind)
            elif opening.state in (_State.OPEN, _State.MAYBE_LINK):
                # Said or not, the mark itself is silent; showing it at once lets the sentence before it end.
                # What may turn out to be a word with its reading has to wait.
                may_show = opening.is_aside and opening.family != _READINGS
                if may_show and self._is_shown and not opening.is_shown:
                    opening.is_shown = True
                    self._emit(held.text, Kind.OPENER)
                return
            elif opening.reading is not None:
                self._held.popleft()
                self._spans.append(Span(*self._take_reading(opening.reading, opening), Kind.READING))
                continue
            elif opening.state is _State.CLOSED and opening.is_aside:
                self._release_aside(opening)
                continue
            else:
                self._release_opening(held, opening)
            self._held.popleft()

    def _release_aside(self, opening: _Opening) -> None:
        if opening.is_shown:
            self._held.popleft()
        held = None
        while held is not opening.closing:
            held = self._held.popleft()
            if held.opening is not None and held.opening.reading is not None:
                self._emit(self._take_reading(held.opening.reading, held.opening)[0], Kind.ASIDE)
            else:
                self._emit(held.text, Kind.ASIDE)

    def _take_reading(self, reading: tuple[str, str], opening: _Opening) -> tuple[str, str]:
        """Drop what was held of a word with its reading, behind the opening mark."""
        while self._held.popleft() is not opening.closing:
            pass
        return reading

    def _release_opening(self, held: _Held, opening: _Opening) -> None:
        """The opening mark of a link, of a bracket given up, or of one that is tracked but no aside."""
        is_said = not opening.is_aside and opening.state is not _State.LINK
        if not opening.is_shown:
            self._emit(held.text, Kind.SPEECH if is_said else Kind.OPENER)
        if is_said and opening.closing is not None:
            opening.closing.kind = Kind.SPEECH

    def _emit(self, text: str, kind: Kind) -> None:
        if kind is Kind.SPEECH:
            self._spans.append(Span(text, text))
        elif kind is Kind.ASIDE and not self._is_shown:
            self._spans.append(Span("", "", kind))
        else:
            self._spans.append(Span(text, "", kind))
