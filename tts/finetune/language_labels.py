"""Telling from its letters whether a text can be in the language it is labelled with."""

from __future__ import annotations

import unicodedata
from collections import Counter

# Language -> the scripts it is written in, its own first, borrowed ones behind.
_OWN = {"zh": ("han",), "yue": ("han",), "ja": ("kana", "han"), "ko": ("hangul",), "en": ("latin",)}
_BORROWED = {"zh": ("latin",), "yue": ("latin",), "ja": ("latin",), "ko": ("latin", "han"), "en": ()}
MAX_FOREIGN_SHARE = 0.3
# "OK" may be said in any language; so may a word of Chinese characters in Japanese.
MIN_LETTERS = 4
MIN_HAN_WITHOUT_KANA = 8


def scripts_of(text: str) -> Counter[str]:
    """Counts letters by script: han, kana, hangul, latin, other."""
    return Counter(_script(char) for char in text if unicodedata.category(char)[0] == "L")


def label_fault(text: str, language: str) -> str | None:
    """Says why a text is not in a language; None if it may be.

    Args:
        text: the words of a clip.
        language: zh, ja, en, ko or yue.
    """
    counts = scripts_of(text)
    num_letters = counts.total()
    own = sum(counts[script] for script in _OWN[language])
    foreign = num_letters - own - sum(counts[script] for script in _BORROWED[language])
    if (num_letters >= MIN_LETTERS and own == 0) or foreign > MAX_FOREIGN_SHARE * num_letters:
        likely = _likely(counts)
        return f"labelled {language}, but its letters are {_names(counts)}" + (
            f": the label may have to be {likely}" if likely and likely != language else ""
        )
    if language == "ja" and counts["han"] >= MIN_HAN_WITHOUT_KANA and not counts["kana"]:
        return "labelled ja, but there is no kana in it: the label may have to be zh"
    return None


def _likely(counts: Counter[str]) -> str | None:
    if counts["kana"]:
        return "ja"
    main = counts.most_common(1)[0][0]
    return {"han": "zh", "hangul": "ko", "latin": "en"}.get(main)


def _names(counts: Counter[str]) -> str:
    return ", ".join(f"{script} ({count})" for script, count in counts.most_common())


def _script(char: str) -> str:
    code = ord(char)
    if 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or code >= 0x20000 or char in "々〇":
        return "han"
    if 0x3040 <= code <= 0x30FF or 0x31F0 <= code <= 0x31FF or 0xFF66 <= code <= 0xFF9F:
        return "kana"
    if 0xAC00 <= code <= 0xD7AF or 0x1100 <= code <= 0x11FF or 0x3130 <= code <= 0x318F:
        return "hangul"
    if code < 0x250 or 0x1E00 <= code <= 0x1EFF or 0xFF21 <= code <= 0xFF5A:
        return "latin"
    return "other"
