"""What becomes of sounds that meet, by the rules of Standard Korean Pronunciation.

The numbers in the comments are articles of the rules of the National Institute of Korean Language. GPT-SoVITS
uses them, too, with a few mistakes, which its voices heard in training; `is_like_upstream` repeats these for
comparisons.
"""

from tts.text.korean.syllables import Syllable

_PLAIN = "ㄱㄷㅂㅅㅈ"
_TENSE = dict(zip(_PLAIN, "ㄲㄸㅃㅆㅉ", strict=True))
# 9-11: the seven sounds a syllable can end in.
_ENDS = {
    "ㄲ": "ㄱ", "ㅋ": "ㄱ", "ㄳ": "ㄱ", "ㄺ": "ㄱ", "ㅅ": "ㄷ", "ㅆ": "ㄷ", "ㅈ": "ㄷ", "ㅊ": "ㄷ",
    "ㅌ": "ㄷ", "ㅎ": "ㄷ", "ㅍ": "ㅂ", "ㅄ": "ㅂ", "ㄿ": "ㅂ", "ㄵ": "ㄴ", "ㄶ": "ㄴ",
    "ㄼ": "ㄹ", "ㄽ": "ㄹ", "ㄾ": "ㄹ", "ㅀ": "ㄹ", "ㄻ": "ㅁ",
}  # fmt: skip
# 12-14: what stays and what moves when a vowel follows within the word; single codas move whole.
_MOVES = {
    "ㄳ": ("ㄱ", "ㅆ"), "ㄵ": ("ㄴ", "ㅈ"), "ㄶ": ("", "ㄴ"), "ㄺ": ("ㄹ", "ㄱ"), "ㄻ": ("ㄹ", "ㅁ"),
    "ㄼ": ("ㄹ", "ㅂ"), "ㄽ": ("ㄹ", "ㅆ"), "ㄾ": ("ㄹ", "ㅌ"), "ㄿ": ("ㄹ", "ㅍ"), "ㅀ": ("", "ㄹ"),
    "ㅄ": ("ㅂ", "ㅆ"), "ㅎ": ("", "ㅇ"),
}  # fmt: skip
_BREATHY = {"ㄱ": "ㅋ", "ㄷ": "ㅌ", "ㅂ": "ㅍ", "ㅈ": "ㅊ"}
_H_CODAS = {"ㅎ": "", "ㄶ": "ㄴ", "ㅀ": "ㄹ"}
_NASAL = {"ㄱ": "ㅇ", "ㄷ": "ㄴ", "ㅂ": "ㅁ"}
_PALATAL = {"ㄷ": ("", "ㅈ"), "ㅌ": ("", "ㅊ"), "ㄾ": ("ㄹ", "ㅊ")}


def apply_sounds(units: list[Syllable | str], *, is_like_upstream: bool = False) -> None:
    """Changes the syllables of a text from how they are written to how they are said, in place."""
    for unit in units:
        if isinstance(unit, Syllable) and not unit.fixed:
            _vowel(unit)
    for index, left in enumerate(units):
        if not isinstance(left, Syllable):
            continue
        right = units[index + 1] if index + 1 < len(units) else None
        is_apart = right == " "
        if is_apart:
            right = units[index + 2] if index + 2 < len(units) else None
        if not isinstance(right, Syllable):
            _at_the_end(left)
        elif not left.fixed or left.fixed != right.fixed:
            _meet(left, right, is_apart=is_apart, is_like_upstream=is_like_upstream)


def _vowel(syllable: Syllable) -> None:
    """5: 져 is said as 저, and ㅢ after a consonant as ㅣ."""
    if syllable.vowel == "ㅕ" and syllable.onset in "ㅈㅉㅊ":
        syllable.vowel = "ㅓ"
    elif syllable.vowel == "ㅢ" and syllable.onset != "ㅇ":
        syllable.vowel = "ㅣ"


def _at_the_end(left: Syllable) -> None:
    if str(left) == "밟":
        left.coda = "ㅂ"
    left.coda = _ENDS.get(left.coda, left.coda)


def _meet(left: Syllable, right: Syllable, *, is_apart: bool, is_like_upstream: bool) -> None:
    """Changes the coda of one syllable and the onset of the next; `is_apart` when a blank is between."""
    if is_like_upstream:
        _upstream_codas(left, right, is_apart=is_apart)
    _stem(left, right, is_apart=is_apart)
    if _palatal(left, right, is_apart=is_apart):
        return
    if left.is_adnominal and left.coda == "ㄹ" and (is_apart or not is_like_upstream):  # 27
        right.onset = _TENSE.get(right.onset, right.onset)
    if right.onset == "ㅇ":
        _vowel_follows(left, right, is_apart=is_apart)
    elif left.coda in _H_CODAS:
        _after_h(left, right)
    elif right.onset == "ㅎ":
        _h_follows(left, right, is_apart=is_apart, is_like_upstream=is_like_upstream)
    else:
        _consonant_follows(left, right, is_apart=is_apart, is_like_upstream=is_like_upstream)


def _upstream_codas(left: Syllable, right: Syllable, *, is_apart: bool) -> None:
    """Two mistakes of upstream: 끝이 as 끄시, like the letter names (16), and 여덟 마리 as 여덤 마리."""
    if left.vowel == "ㅡ" and right.onset == "ㅇ" and not is_apart:
        left.coda = {"ㅋ": "ㄱ", "ㅍ": "ㅂ"}.get(
            left.coda, "ㅅ" if left.coda in tuple("ㄷㅈㅊㅌㅎ") else left.coda
        )
    elif left.coda == "ㄼ" and right.onset in "ㄴㅁ":
        left.coda = "ㅁ"


def _stem(left: Syllable, right: Syllable, *, is_apart: bool) -> None:
    """10-11 and 24-25: codas of verb stems before a consonant."""
    is_flat = str(left) == "넓" and not is_apart and str(right) in "죽둥적"
    if is_flat or (str(left) == "밟" and right.onset not in "ㅇㅎ"):
        left.coda = "ㅂ"
    if not left.is_stem or is_apart:
        return
    if left.coda == "ㄺ" and right.onset in "ㄱㄲ":
        left.coda, right.onset = "ㄹ", "ㄲ"
    elif left.coda in tuple("ㄴㄵㅁㄻㄼㄾ") and right.onset in "ㄱㄷㅅㅈ":
        right.onset = _TENSE[right.onset]


def _palatal(left: Syllable, right: Syllable, *, is_apart: bool) -> bool:
    """17: 같이 as 가치, 닫히다 as 다치다."""
    if is_apart:
        return False
    if right.onset == "ㅇ" and right.vowel in "ㅣㅕ" and left.coda in _PALATAL:
        left.coda, right.onset = _PALATAL[left.coda]
    elif right.onset == "ㅎ" and right.vowel == "ㅣ" and left.coda == "ㄷ":
        left.coda, right.onset = "", "ㅊ"
    elif right.onset == "ㅎ" and right.vowel == "ㅕ" and left.coda == "ㄷ":  # 닫혀, a short 닫히어
        left.coda, right.onset, right.vowel = "", "ㅊ", "ㅓ"
    else:
        return False
    if right.vowel == "ㅕ":
        right.vowel = "ㅓ"
    return True


def _vowel_follows(left: Syllable, right: Syllable, *, is_apart: bool) -> None:
    if is_apart:
        left.coda = _ENDS.get(left.coda, left.coda)
    elif left.coda not in ("", "ㅇ"):
        left.coda, right.onset = _MOVES.get(left.coda, ("", left.coda))


def _after_h(left: Syllable, right: Syllable) -> None:
    """12: ㅎ at the end of a syllable melts into the next consonant or is lost."""
    left.coda = _H_CODAS[left.coda]
    if right.onset == "ㅅ":
        right.onset = "ㅆ"
    elif right.onset == "ㄴ" and left.coda == "ㄹ":
        right.onset = "ㄹ"
    elif right.onset == "ㄴ":
        left.coda = "ㄴ"
    elif right.onset == "ㄹ" and left.coda == "ㄴ":
        left.coda = "ㄹ"
    else:
        right.onset = _BREATHY.get(right.onset, right.onset) if right.onset != "ㅂ" else "ㅂ"


def _h_follows(left: Syllable, right: Syllable, *, is_apart: bool, is_like_upstream: bool) -> None:
    """12: a stop and ㅎ melt into one; between words the stop is first what the word ends in."""
    coda = left.coda
    if is_apart and not is_like_upstream:
        coda = _ENDS.get(coda, coda)
    stays, moves = _MOVES.get(coda, ("", coda))
    if coda in ("ㄺ", "ㄼ", "ㄵ"):
        left.coda, right.onset = stays, _BREATHY[moves]
        return
    heard = moves if moves == "ㅈ" else _ENDS.get(coda, coda)
    if heard in _BREATHY:
        left.coda, right.onset = "", _BREATHY[heard]
    else:
        left.coda = heard


def _consonant_follows(left: Syllable, right: Syllable, *, is_apart: bool, is_like_upstream: bool) -> None:
    """18-20 and 23: nasals, ㄹ and tense consonants."""
    written = right.onset
    end = _ENDS.get(left.coda, left.coda)
    if end in _NASAL or left.coda in ("ㄼ", "ㄽ"):
        right.onset = _TENSE.get(right.onset, right.onset)
    if end in _NASAL and right.onset in "ㄴㅁㄹ":
        end = _NASAL[end]
        right.onset = "ㅁ" if right.onset == "ㅁ" else "ㄴ"
    elif right.onset == "ㄹ" and end in ("ㅁ", "ㅇ"):
        right.onset = "ㄴ"
    elif right.onset == "ㄹ" and end == "ㄴ":
        end = "ㄹ"
    elif right.onset == "ㄴ" and end == "ㄹ":
        right.onset = "ㄹ"
    left.coda = end
    # Upstream undoes the last one after 을 and 를, and turns a written ㄹ there into ㄴ by mistake.
    is_object = is_apart and left.onset in "ㅇㄹ" and left.vowel == "ㅡ" and end == "ㄹ"
    if is_object and right.onset == "ㄹ" and (written == "ㄴ" or is_like_upstream):
        right.onset = "ㄴ"
