"""Hangul syllables in their three parts, and the phones of what is written in them."""

from dataclasses import dataclass

from tts.text.marks import MARKS

ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
CODAS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
FIRST, LAST = "가", "힣"

# The models know eight vowels; the other thirteen are two of them (GPT-SoVITS's own cut).
_VOWEL_PHONES = {
    "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ", "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ",
    "ㅑ": "ㅣㅏ", "ㅒ": "ㅣㅐ", "ㅕ": "ㅣㅓ", "ㅖ": "ㅣㅔ", "ㅛ": "ㅣㅗ", "ㅠ": "ㅣㅜ",
}  # fmt: skip
SPACE, UNKNOWN = "空", "停"


@dataclass(slots=True)
class Syllable:
    """A syllable on its way from how it is written to how it is said; the sound rules change it in place.

    Attributes:
        onset: silent ㅇ where there is none. vowel: one of `VOWELS`. coda: may be empty.
        is_stem: the end of a verb or adjective stem. is_adnominal: the end of a form such as 할 that
            describes the noun after it. fixed: number of the word with a given reading it belongs to, or 0.
    """

    onset: str
    vowel: str
    coda: str
    is_stem: bool = False
    is_adnominal: bool = False
    fixed: int = 0

    def __str__(self) -> str:
        place = (ONSETS.index(self.onset) * len(VOWELS) + VOWELS.index(self.vowel)) * len(CODAS)
        return chr(ord(FIRST) + place + CODAS.index(self.coda))

    def say(self, written: str) -> None:
        """Takes over the parts of another syllable."""
        self.onset, self.vowel, self.coda = parts(written)


def is_syllable(char: str) -> bool:
    """Tells whether a character is a whole Hangul syllable."""
    return FIRST <= char <= LAST


def parts(char: str) -> tuple[str, str, str]:
    """Returns onset, vowel and coda of a syllable."""
    rest, coda = divmod(ord(char) - ord(FIRST), len(CODAS))
    onset, vowel = divmod(rest, len(VOWELS))
    return ONSETS[onset], VOWELS[vowel], CODAS[coda]


def to_units(text: str) -> list[Syllable | str]:
    """Returns one unit per character: a syllable, or the character itself."""
    return [Syllable(*parts(char)) if is_syllable(char) else char for char in text]


def to_phones(unit: Syllable | str) -> tuple[str, ...]:
    """Returns the phones of a syllable, a lone letter, a mark or a blank; `停` for anything else."""
    if isinstance(unit, Syllable):
        return (unit.onset, *_VOWEL_PHONES.get(unit.vowel, unit.vowel), *unit.coda)
    if unit == " ":
        return (SPACE,)
    if unit in MARKS or unit in ONSETS:
        return (unit,)
    return tuple(_VOWEL_PHONES.get(unit, unit)) if unit in VOWELS else (UNKNOWN,)
