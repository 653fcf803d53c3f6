"""Which language Han characters are in where a text may mix Chinese and Japanese.

What stands around them tells: kana and characters that only Japanese has, or characters that only Chinese
has. The nearest evidence counts: in the run itself, in its clause, in its sentence, in the text.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Protocol

from tts.text.scripts import is_chinese_only, is_japanese_only

# Japanese joins clauses with "、", which only lists things in Chinese; Chinese joins them with "，".
_CLAUSE_ENDS = '，,；;：:…—～~「」『』“”‘’"（）()《》〈〉【】'
_SENTENCE_ENDS = "。．！？!?\n"
_CHINESE_COMMA = "，"
_PARTICLES = (*"はがをにでとものへやか", "って", "った")


class Token(Protocol):
    """A bit of text of one kind: `han`, `kana`, `mark` or another."""

    language: str
    text: str


def decide_han(tokens: Sequence[Token], main: str, *, is_like_upstream: bool = False) -> None:
    """Gives every `han` token its language: `ja`, or the main one.

    Args:
        tokens: a text; `language` is the kind, and is changed where it is `han`.
        main: the Chinese language of the mode.
        is_like_upstream: look no further than the clause, and let "、" end it.
    """
    kinds = [token.language for token in tokens]
    if "han" not in kinds:
        return
    clause_ends = _CLAUSE_ENDS + _SENTENCE_ENDS + ("、" if is_like_upstream else "")
    layers = [[_evidence(token) for token in tokens], _by_span(tokens, clause_ends)]
    if not is_like_upstream:
        layers += [_by_span(tokens, ends, is_far=True) for ends in (_SENTENCE_ENDS, "")]
    for index, token in enumerate(tokens):
        if kinds[index] == "han":
            after = tokens[index + 1].text if index + 1 < len(tokens) else ""
            token.language = _decide([layer[index] for layer in layers], after) or main


def _decide(layers: Sequence[AbstractSet[str]], after: str) -> str | None:
    """Returns `ja`, or None for the main language."""
    for found in layers:
        if len(found) == 1:
            return "ja" if "ja" in found else None
        if found:  # of both: what bears a Japanese ending is Japanese
            return "ja" if after.startswith(_PARTICLES) else None
    return None


def _evidence(token: Token, *, is_far: bool = False) -> set[str]:
    """Returns `ja`, `zh`, both or nothing. Far off, the Chinese comma is evidence as well."""
    if token.language == "kana":
        return {"ja"}
    if token.language == "mark":
        return {"zh"} if is_far and _CHINESE_COMMA in token.text else set()
    if token.language != "han":
        return set()
    tests: dict[str, Callable[[str], bool]] = {"zh": is_chinese_only, "ja": is_japanese_only}
    return {code for code, test in tests.items() if any(map(test, token.text))}


def _by_span(tokens: Sequence[Token], ends: str, *, is_far: bool = False) -> list[set[str]]:
    """Returns for each token the evidence in the span between `ends` that it stands in."""
    shared: list[set[str]] = []
    span: set[str] = set()
    for token in tokens:
        span |= _evidence(token, is_far=is_far)
        shared.append(span)
        if token.language == "mark" and any(char in ends for char in token.text):
            span = set()
    return shared
