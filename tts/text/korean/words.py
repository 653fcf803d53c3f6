"""Words that are said otherwise than their letters tell, and the parts of speech the sound rules ask for."""

import re
from collections.abc import Mapping
from functools import cache

from tts.text.korean.lists import pairs
from tts.text.korean.syllables import Syllable, is_syllable
from tts.text.korean.tagger import morphemes

_STEM_CODAS = frozenset("ㄴㄵㅁㄻㄺㄼㄾ")
_RIEUL_ENDING = re.compile("[+][\u11afㄹ]([가-힣]+)/E")  # in the dictionary's analysis: 하/VV/*+ㄹ게/EC/*
_NUMERALS = frozenset("일이삼사오육칠팔구십백천만억조두세네다섯여덟아홉물")


@cache
def _pattern(*names: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    table = {written: said for name in names for written, said in pairs(name).items()}
    longest_first = sorted(table, key=lambda word: (-len(word), word))
    return re.compile("|".join(map(re.escape, longest_first))), table


def upstream_respelling(text: str) -> str:
    """Returns the text with the words GPT-SoVITS knows respelled wherever their letters stand."""
    pattern, table = _pattern("words")
    return pattern.sub(lambda match: table[match[0]], text)


def mark_words(text: str, units: list[Syllable | str], *, is_like_upstream: bool = False) -> None:
    """Tells the units of a text what they are part of, and respells listed words, in place.

    A listed word counts where a morpheme begins: there is no 산새 in 우산새.

    Args:
        text: the text. units: one for each of its characters.
        is_like_upstream: leave the listed words to `upstream_respelling`.
    """
    starts = set()
    for morpheme in morphemes(text):
        starts.add(morpheme.span[0])
        last = units[morpheme.span[1] - 1]
        tag = morpheme.pos.split("+")[-1]
        if isinstance(last, Syllable):
            last.is_stem = tag.startswith("V") and last.coda in _STEM_CODAS
            last.is_adnominal = tag.startswith("E") and last.coda == "ㄹ"
        inner = None if is_like_upstream or not tag.startswith("E") else _inner_rieul(morpheme)
        if inner is not None and isinstance(unit := units[inner], Syllable):
            unit.is_adnominal = unit.coda == "ㄹ"
    if is_like_upstream:
        return
    pattern, table = _pattern("words", "more_words")
    for match in pattern.finditer(text):
        is_number = match[0][0] in _NUMERALS and match[0][-1] in _NUMERALS
        if match.start() in starts or is_number:
            _respell(units[match.start() : match.end()], table[match[0]])


def _inner_rieul(morpheme) -> int | None:
    """Returns where the ㄹ stands that an ending such as ㄹ게 or 을지 begins with."""
    start, stop = morpheme.span
    match = _RIEUL_ENDING.search(morpheme.feature.expression or "")
    if match:
        return max(start, stop - len(match[1]) - 1)
    return start if morpheme.surface.startswith("을") and stop - start > 1 else None


def _respell(units: list[Syllable | str], said: str) -> None:
    for unit, char in zip(units, said, strict=True):
        if isinstance(unit, Syllable) and not unit.fixed and is_syllable(char):
            unit.say(char)
