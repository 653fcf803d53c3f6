"""Takes a model's private reasoning out of its reply, however the tags are cut by the stream."""

import re


class ThinkFilter:
    """Removes `<think>...</think>` from a stream of text.

    A block that is never closed is dropped to the end; a closing tag without an opening one is dropped alone.
    What could still become a tag is held back (at most the length of a tag).

    Args:
        tags: Names of the tags, without brackets.
        is_open: Whether the stream begins inside a block (some chat templates write the opening tag).
    """

    def __init__(self, tags: tuple[str, ...], *, is_open: bool = False) -> None:
        names = "|".join(map(re.escape, tags))
        self._any_tag = re.compile(f"</?(?:{names})>", re.IGNORECASE)
        self._closing = re.compile(f"</(?:{names})>", re.IGNORECASE)
        self._tags = tuple(f"{left}{name}>".lower() for name in tags for left in ("<", "</"))
        self._max_chars = max(map(len, self._tags), default=0)
        self._is_open = is_open and bool(tags)
        self._held = ""

    @property
    def is_idle(self) -> bool:
        """Whether text without "<" passes unchanged."""
        return not self._held and not self._is_open

    def push(self, piece: str) -> str:
        """What of a piece (and of what was held) is certainly not reasoning."""
        if self.is_idle and "<" not in piece:
            return piece
        text, self._held = self._held + piece, ""
        out: list[str] = []
        at = 0
        while (match := self._pattern().search(text, at)) is not None:
            if not self._is_open:
                out.append(text[at : match.start()])
            self._is_open = not match[0].startswith("</")
            at = match.end()
        split = self._tag_start(text, at)
        if not self._is_open:
            out.append(text[at:split])
        self._held = text[split:]
        return "".join(out)

    def flush(self) -> str:
        """What was held back at the end of the stream."""
        held, self._held = self._held, ""
        return "" if self._is_open else held

    def _pattern(self) -> re.Pattern[str]:
        return self._closing if self._is_open else self._any_tag

    def _tag_start(self, text: str, begin: int) -> int:
        """Where a tag may have begun that the end of the text cuts off; the length of the text if none."""
        at = text.rfind("<", max(begin, len(text) - self._max_chars + 1))
        if at >= 0 and any(tag.startswith(text[at:].lower()) for tag in self._tags):
            return at
        return len(text)
