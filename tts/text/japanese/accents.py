"""Where the voice falls in an accent phrase: the rules by which a word changes the accent before it.

They are those of Open JTalk 1.11, which the models' training data were labelled with; the dictionary tells
for each word which of them applies. Numbers have accents of their own.
"""

from collections.abc import Sequence

from tts.text.japanese.phrases import digit_runs
from tts.text.japanese.words import Word

# Accents of numerals whose sound a counter or a power of ten has changed.
_BEFORE_COUNTERS = {"イッ": 1, "ロッ": 1, "ハッ": 1, "ジュッ": 1, "ヒャッ": 1, "シチ": 1}
_CHANGED = {"ヨ": 0, "ク": 0, "シ": 0, "ヒト": 0, "フタ": 0}
_BEFORE_POWERS = {"ロッ": 0, "ハッ": 0, "イッ": 0}
_PLAIN = dict.fromkeys(
    ("ニ", "ニー", "ヨン", "ゴ", "ゴー", "ナナ", "キュー", "ゼロ", "ジュー", "セン", "マン"), 1
)
_PLAIN |= {"オク": 1, "チョー": 1, "イチ": 2, "ロク": 2, "ハチ": 2, "ヒャク": 2, "サン": 0}
_PAIR_ACCENT = 3  # of two digits that are said one by one
_ONE_TO_NINE = frozenset("一二三四五六七八九")
_LOST_BEFORE_DIGITS = frozenset("五六八")  # 五十三: no fall in 五十
_FIRST_MORA_FALLS = frozenset("三四九何")


def phrase_accents(words: Sequence[Word], starts: Sequence[bool]) -> list[int]:
    """Returns the accent of each phrase at its first word; at the other words, the word's own.

    Args:
        words: the words of a sentence.
        starts: whether a phrase begins with each word.
    """
    accents = _word_accents(words)
    runs = {place for run in digit_runs(words) for place in run}
    head = num_morae = 0
    for place, word in enumerate(words):
        if starts[place]:
            head, num_morae = place, 0
        else:
            rule = "*" if place in runs else word.rule
            accents[head] = _joined(rule, words[place - 1], accents[head], accents[place], num_morae)
            if word.is_number and words[place - 1].is_number:
                after = words[place + 1].text if place + 1 < len(words) else ""
                accents[place - 1] = _power_accent(words[place - 1], word, after, accents[place - 1])
        is_ten = word.text == "十" and starts[place]
        if is_ten and place + 1 < len(words) and words[place + 1].is_number:
            accents[place] = 0
        num_morae += word.num_morae
    return accents


def _word_accents(words: Sequence[Word]) -> list[int]:
    accents = [word.accent for word in words]
    for place, word in enumerate(words):
        if word.is_number:
            is_before_power = place + 1 < len(words) and words[place + 1].is_number
            known = (
                _PLAIN
                | _CHANGED
                | (_BEFORE_COUNTERS | _BEFORE_POWERS if is_before_power else _BEFORE_COUNTERS)
            )
            accents[place] = known.get(word.sound.replace("’", ""), word.accent)
    for run in digit_runs(words):
        for place in run[1::2]:
            accents[place - 1] = _PAIR_ACCENT
    return accents


def _joined(rules: str, before: Word, head: int, own: int, num_morae: int) -> int:
    """Returns the accent of a phrase after one more word.

    Args:
        rules: of the word, such as `動詞%F2@1/名詞%F1`: which one counts depends on the word before.
        before: the word before.
        head: accent of the phrase so far.
        own: accent of the word.
        num_morae: of the phrase so far.
    """
    rule, added = _rule_after(rules, before.pos)
    if rule == "F2":
        return num_morae + added if head == 0 else head
    if rule == "F3":
        return num_morae + added if head != 0 else head
    if rule == "F4":
        return num_morae + added
    if rule in ("F5", "C4", "P6") or (rule == "P1" and own == 0):
        return 0
    if rule in ("C1", "P1") or (rule in ("P2", "P14") and own != 0):
        return num_morae + own
    if rule == "C2" or rule == "P2":
        return num_morae + 1
    return num_morae if rule == "C3" else head


def _rule_after(rules: str, pos: str) -> tuple[str, int]:
    for rule in rules.split("/"):
        wanted, mark, name = rule.rpartition("%")
        if not mark or wanted in pos:
            name, _, added = name.partition("@")
            return name, int(added) if added.lstrip("-").isdigit() else 0
    return "*", 0


def _power_accent(digit: Word, power: Word, after: str, accent: int) -> int:
    """Returns the accent of a digit before ten, a hundred ...: 五百 falls after the third mora."""
    if power.text == "十":
        return 0 if digit.text in _LOST_BEFORE_DIGITS and after and after in _ONE_TO_NINE else 1
    if power.text == "百":
        if digit.text == "七":
            return 2
        return 1 if digit.text in _FIRST_MORA_FALLS else digit.num_morae + power.num_morae
    if power.text in ("千", "万"):
        return digit.num_morae + 1
    if power.text == "億":
        return 2 if digit.text in frozenset("一六七八幾") else 1
    if power.text == "兆":
        return 2 if digit.text in frozenset("六七") else 1
    return accent
