"""Jyutping: which characters can be read, how a clause is read, and the phones of a syllable."""

import importlib
import re
import threading
from functools import cache, lru_cache
from pathlib import Path

from tts.text.cantonese.scripts import simplified
from tts.text.symbols import symbol_table

DATA = Path(__file__).parent / "data"
_LOCK = threading.Lock()
_TABLE = "v2"  # the first symbol table that knows Cantonese
# What GPT-SoVITS takes for an initial: the first of these that a syllable begins with.
_INITIALS = (
    *("aa", "ai", "au", "ap", "at", "ak", "a", "p", "b", "e", "t", "d", "kw", "k", "gw", "g", "f", "h", "l"),
    *("m", "ng", "n", "s", "w", "c", "z", "j", "ong", "on", "ou", "oi", "ok", "o", "uk", "ung"),
)
_SYLLABLE = re.compile("[a-z]+[1-6]")
# 安 is also said with this initial, 安 on1 or ngon1. It helps where the cut above gives what no model knows.
_OPEN_INITIAL = "ng"


@cache
def _loaded():
    """Loads ToJyutping as it is, and with our own phrases."""
    plain = importlib.import_module("ToJyutping")
    lines = (DATA / "phrases.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split(" ", 1) for line in lines if line and not line.startswith("#")]
    forms = {form: reading for phrase, reading in rows for form in (simplified(phrase), phrase)}
    return plain, plain.customize(forms)


def _dictionaries():
    """Returns the dictionary as it is and with our own phrases; loaded (1.6 s) once, whoever asks first."""
    with _LOCK:
        return _loaded()


def upstream_phones(syllable: str) -> tuple[str, str]:
    """Returns initial and final as GPT-SoVITS cuts them; some are in no symbol table.

    A final that is all in the initial repeats its last letter: 唔 m4 -> Ym Ym4, 呀 aa3 -> Yaa Ya3.
    """
    base, tone = syllable[:-1], syllable[-1]
    initial = next((initial for initial in _INITIALS if base.startswith(initial)), base[:1])
    return f"Y{initial}", f"Y{base[len(initial) :] or initial[-1:]}{tone}"


@lru_cache(maxsize=4096)
def syllable_phones(syllable: str) -> tuple[str, str] | None:
    """Returns initial and final with its tone, ("Yh", "Yoeng1") for `hoeng1`; None without phones."""
    if not _SYLLABLE.fullmatch(syllable):
        return None
    table = symbol_table(_TABLE)
    for phones in (upstream_phones(syllable), (f"Y{_OPEN_INITIAL}", f"Y{syllable}")):
        if all(phone in table for phone in phones):
            return phones
    return None


@lru_cache(maxsize=32768)
def char_syllables(char: str) -> tuple[str, ...]:
    """Returns the syllables of a character, mostly one; none for one that cannot be said."""
    syllables = tuple((_dictionaries()[1].get_jyutping_list(char)[0][1] or "").split())
    return syllables if all(map(syllable_phones, syllables)) else ()


def read_clause(clause: str) -> list[tuple[str, ...]]:
    """Returns the syllables of each character of a clause, read by the longest phrases the dictionary has."""
    read = []
    for char, reading in _dictionaries()[1].get_jyutping_list(clause):
        syllables = tuple((reading or "").split())
        read.append(syllables if syllables and all(map(syllable_phones, syllables)) else char_syllables(char))
    return read


def upstream_clause(clause: str) -> list[tuple[str, ...]]:
    """The same without a way out for syllables that have no phones."""
    return [tuple((reading or "").split()) for _, reading in _dictionaries()[0].get_jyutping_list(clause)]
