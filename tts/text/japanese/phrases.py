"""Where accent phrases begin, by the rules that the models' training data were labelled with.

The package's newer rules join more words into one phrase. The models hear a border as a short pause (the
border's sign is in no symbol table and became `UNK`), so the older rules are what their voices expect. These
are the 18 rules that Open JTalk 1.11 documents, and those for numbers, which come before them.
"""

from collections.abc import Sequence

from tts.text.japanese.words import Word

_DIGITS = frozenset("一二三四五六七八九")
_FIRST_OF_POWERS = _DIGITS | frozenset("何幾数")
POWERS = frozenset("十百千万億兆京垓")
_ZERO = "〇"
_ALONE = frozenset(("副詞", "接続詞", "連体詞"))
_ATTACHED = frozenset(("助詞", "助動詞"))
_DECIMAL_POINT = "．"


def phrase_starts(words: Sequence[Word]) -> list[bool]:
    """Tells for each word whether an accent phrase begins with it; the first one always does."""
    starts = _number_starts(words)
    return [
        place == 0 or (_is_start(words[place - 1], word) if starts[place] is None else bool(starts[place]))
        for place, word in enumerate(words)
    ]


def digit_runs(words: Sequence[Word]) -> list[range]:
    """Returns where digits are said one by one: two or more of them with no ten, hundred ... between."""
    runs, begin = [], 0
    for place in range(len(words) + 1):
        if place < len(words) and _is_digit(words[place]):
            continue
        if place - begin > 1:
            runs.append(range(begin, place))
        begin = place + 1
    return runs


def _is_digit(word: Word) -> bool:
    return word.is_number and (word.text in _DIGITS or word.text == _ZERO)


def _number_starts(words: Sequence[Word]) -> list[bool | None]:
    """Rules for numbers; None where they say nothing."""
    starts: list[bool | None] = [None] * len(words)
    for run in digit_runs(words):
        for place in run:
            starts[place] = (place - run.start) % 2 == 0
    for place in range(1, len(words)):
        before, word = words[place - 1], words[place]
        if before.is_number and word.text == _DECIMAL_POINT:
            starts[place] = False
        elif before.is_number and (word.group2 == "助数詞" or word.group1 == "副詞可能"):
            starts[place - 1], starts[place] = True, False
    for place in range(1, len(words)):
        before, word = words[place - 1], words[place]
        if not (before.is_number and word.is_number):
            continue
        if before.text in _FIRST_OF_POWERS and word.text in POWERS:
            starts[place - 1], starts[place] = True, False
        elif before.text in POWERS and word.text in _FIRST_OF_POWERS:
            starts[place] = True
    return starts


def _is_start(before: Word, word: Word) -> bool:
    """The 18 rules; the last one that applies decides, so they are asked from the last to the first."""
    if word.group1 == "接尾":
        return False
    if before.pos == "名詞" and word.group3 == "名":
        return True
    if before.group3 == "姓" and word.pos == "名詞":
        return True
    if word.pos == "接頭詞" or "記号" in (word.pos, before.pos):
        return True
    if before.pos == "名詞" and (word.pos in ("動詞", "形容詞") or word.group1 == "形容動詞語幹"):
        return True
    if _leans_on(before, word):
        return False
    if before.group1 == "接尾" and word.pos == "名詞":
        return True
    if word.pos in _ATTACHED:
        return False
    if before.pos in _ATTACHED or _ALONE & {word.pos, before.pos}:
        return True
    if any(one.pos == "名詞" and one.group1 == "副詞可能" for one in (before, word)):
        return True
    if before.pos == "動詞":
        return word.pos in ("形容詞", "名詞")
    if word.pos == "名詞":
        return before.pos == "形容詞" or (before.pos == "名詞" and before.group1 == "形容動詞語幹")
    return False


def _leans_on(before: Word, word: Word) -> bool:
    """Whether a helping verb or adjective belongs to the form before it."""
    if word.group1 != "非自立" or word.pos not in ("動詞", "形容詞"):
        return False
    if before.pos == "動詞" or (before.pos == "形容詞" and word.pos == "形容詞"):
        return before.form.startswith("連用")
    return word.pos == "形容詞" and before.group1 == "接続助詞" and before.text in ("て", "で")
