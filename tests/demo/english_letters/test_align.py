"""Spellings are aligned with pronunciations from the pairs alone."""

from demo.english_letters.align import align, learn_chances

PAIRS = [
    ("cat", "K AE1 T"), ("bat", "B AE1 T"), ("tab", "T AE1 B"), ("box", "B AA1 K S"), ("fox", "F AA1 K S"),
    ("chat", "CH AE1 T"), ("chap", "CH AE1 P"), ("hat", "HH AE1 T"), ("pat", "P AE1 T"), ("ox", "AA1 K S"),
    ("cab", "K AE1 B"), ("cot", "K AA1 T"), ("pot", "P AA1 T"),
]  # fmt: skip
WORDS = [(spelling, tuple(phones.split())) for spelling, phones in PAIRS]


def test_letters_find_their_phones() -> None:
    chances = learn_chances(WORDS, num_rounds=5)
    assert align("box", ("B", "AA1", "K", "S"), chances) == [("B",), ("AA1",), ("K", "S")]
    assert align("bat", ("B", "AE1", "T"), chances) == [("B",), ("AE1",), ("T",)]
    parts = align("chat", ("CH", "AE1", "T"), chances) or []
    assert parts[2:] == [("AE1",), ("T",)]
    assert set(parts[:2]) == {(), ("CH",)}


def test_too_many_phones_cannot_be_aligned() -> None:
    assert align("x", ("EH1", "K", "S"), {}) is None
