"""Kana: katakana and hiragana, odd spellings of chat made plain, and the morae of a reading."""

import re
import unicodedata

_TO_KATAKANA = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_SMALL = "ァィゥェォャュョヮ"
MORA = re.compile(rf"(?![{_SMALL}])[ァ-ヴー][{_SMALL}]?")

_OLD = str.maketrans(
    {
        **dict(zip("ゐゑヰヱ", "いえイエ", strict=True)),
        **dict(zip("ㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ", "クシストヌハヒフヘホムラリルレロ", strict=True)),
        "ヷ": "ヴァ",
        "ヸ": "ヴィ",
        "ヹ": "ヴェ",
        "ヺ": "ヴォ",
    }
)
_VOICED_MARK, _HALF_VOICED_MARK = "\u3099", "\u309a"
_LONE_MARKS = re.compile(f"[゛゜{_VOICED_MARK}{_HALF_VOICED_MARK}]")
_ITERATION = re.compile(r"([ぁ-ゖァ-ヺ])([ゝゞヽヾ]+)")
_STRAY_ITERATION = re.compile(r"[ゝゞヽヾ]")
_LONG = re.compile(r"[ーｰ]{2,}")
_STOPS = re.compile(r"([っッ])[っッ]+")
_STRETCHED = re.compile(r"(.)([ぁぃぅぇぉァィゥェォ]+)")
_FULL_SIZE = str.maketrans("ぁぃぅぇぉァィゥェォ", "あいうえおアイウエオ")
# Which small vowels make one mora with the kana before: ファ, ティ, ウェ ... and not あぁ.
_PAIRS = {
    **dict.fromkeys("フふヴゔクくグぐツつウう", "ァィェォぁぃぇぉ"),
    **dict.fromkeys("テてデで", "ィぃ"),
    **dict.fromkeys("トとドど", "ゥぅ"),
    **dict.fromkeys("シしジじチちイい", "ェぇ"),
}
_VOWELS = {
    **dict.fromkeys("あかさたなはまやらわがざだばぱゃ", "あ"),
    **dict.fromkeys("いきしちにひみりぎじぢびぴ", "い"),
    **dict.fromkeys("うくすつぬふむゆるぐずづぶぷゅ", "う"),
    **dict.fromkeys("えけせてねへめれげぜでべぺ", "え"),
    **dict.fromkeys("おこそとのほもよろをごぞどぼぽょ", "お"),
}


def katakana(text: str) -> str:
    """Returns a text with katakana for its hiragana."""
    return text.translate(_TO_KATAKANA)


def morae(reading: str) -> list[str]:
    """Returns the beats of a katakana reading."""
    return MORA.findall(reading)


def plain_kana(text: str) -> str:
    """Returns a text without the spellings of chat that no dictionary has.

    Stretched vowels become long ones (`やったぁぁ`), repeated signs one (`えーーー`, `あっっ`), iteration
    marks the kana they repeat (`こゝろ`), old and small kana today's; voicing marks are left out where no
    voice can be (`あ゛`).
    """
    text = _LONE_MARKS.sub("", unicodedata.normalize("NFC", text))
    text = _STRAY_ITERATION.sub("", _ITERATION.sub(_repeated, text)).translate(_OLD)
    return _STOPS.sub(r"\1", _LONG.sub("ー", _STRETCHED.sub(_stretched, _LONG.sub("ー", text))))


def _repeated(match: re.Match[str]) -> str:
    kana, said = match[1], match[1]
    for mark in match[2]:
        base = unicodedata.normalize("NFD", kana)[0]
        voiced = unicodedata.normalize("NFC", base + _VOICED_MARK)
        kana = voiced if mark in "ゞヾ" and len(voiced) == 1 else base
        said += kana
    return said


def _stretched(match: re.Match[str]) -> str:
    before, small = match[1], match[2]
    if small[0] in _PAIRS.get(before, ""):
        return before + small[0] + ("ー" if len(small) > 1 else "")
    plain = chr(ord(before) - 0x60) if "ァ" <= before <= "ヶ" else before
    first = small[0].translate(_FULL_SIZE)
    hiragana = chr(ord(first) - 0x60) if "ァ" <= first <= "ヶ" else first
    return (
        before + "ー" if _VOWELS.get(plain) == hiragana else before + first + ("ー" if len(small) > 1 else "")
    )
