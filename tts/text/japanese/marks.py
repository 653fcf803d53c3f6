"""Marks: which are said as a pause, which of a run counts, and which are only for the eye."""

import re

# The marks of the models, the one that counts in a run first.
STRONGEST_FIRST = "?!….,-"

_SAME = str.maketrans("。｡、，､;:；：‥⋯！？‼⁇", ".." + ",,,,,,," + "……" + "!?!?")
_DOTS = re.compile(r"\.{2,}|[・･]{2,}|…+|。{2,}")
_DASHES = re.compile(r"[—–―‒─━]+|(?<!\d)-{2,}|(?<=\s)-(?=\s)")
_STRETCH = re.compile(r"[~～〜]+")
_PARTICLE = r"(?:と|って|は|が|を|に|も|の|で|だ|や|へ|など|なん|か)"
_CLOSING = re.compile(rf"[」』”〉》](?!{_PARTICLE})")
_AROUND = re.compile(r"[（(）)【】\[\]〔〕{}<>＜＞「『“〈《\"]")
_SILENT_CLOSING = re.compile(r"[」』”〉》]")
_ONLY_SEEN = re.compile(r"[♪♫♬♡♥★☆✨→⇒←※○●◎◇◆□■△▲▽▼|｜\\/_*\u2600-\u27bf\U0001f000-\U0001faff]+")
_LAUGHTER = re.compile(
    r"[（(](?:笑|w+|泣|汗)[）)]|(?<![A-Za-z])[wW]{2,}(?![A-Za-z])|(?<=[ぁ-ヿ])w(?![A-Za-z])"
)
# A pause that is written at the end leads to what comes next and has to be heard. A bracket there is none.
_PAUSE_AT_END = re.compile(r"[、､，,;；:：—―–‒─━][\s\-」』”〉》）)】\]〕}＞>\"]*\Z")
_WAVE_AT_END = re.compile(r"~\s*\Z")  # the narrow one ends a piece, and then no other mark is put there
_RUN = re.compile(r"[,.!?…\-\s]*[,.!?…\-][,.!?…\-\s]*")
_KANA_END = re.compile(r"[ぁ-ゖァ-ヺ]\Z")
_NEXT_WORD = re.compile(r"[^\W ぁ-ゖー]")


def plain_marks(text: str) -> str:
    """Returns a text whose only marks are `! ? … , . -`, one at a time.

    Brackets and quotes are short pauses where a speaker would make one, but not before the particle that
    goes on (`「はい」と`). Signs and emoji between words are pauses, too. A wave lengthens the kana before.
    At the start of a text no pause is kept, at its end only one that is written as such, also a narrow wave.
    """
    has_pause_at_end = _PAUSE_AT_END.search(text) is not None
    text = _DOTS.sub("…", _WAVE_AT_END.sub("~…", text))
    text = _DASHES.sub(",", text).translate(_SAME)
    text = _STRETCH.sub(_stretch, text)
    text = _AROUND.sub(",", _SILENT_CLOSING.sub("", _CLOSING.sub(",", text)))
    text = _ONLY_SEEN.sub(",", text)
    text = _RUN.sub(_strongest, text)
    said = text.strip(",- ")
    return said + "," if said and has_pause_at_end and text.endswith(",") else said


def without_laughter(text: str) -> str:
    """Returns a text without the signs of chat for laughing, `www` and (笑)."""
    return _LAUGHTER.sub(" ", text)


def _stretch(match: re.Match[str]) -> str:
    before, after = match.string[: match.start()], match.string[match.end() :]
    if not _KANA_END.search(before):
        return ","
    return "ー" if not _NEXT_WORD.match(after) else "ー,"


def _strongest(match: re.Match[str]) -> str:
    return next(mark for mark in STRONGEST_FIRST if mark in match[0])
