"""One clause without marks: from text to words with sounds, accent phrases and their accents, to phones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tts.text.japanese.accents import phrase_accents
from tts.text.japanese.engine import Engine
from tts.text.japanese.kana import morae
from tts.text.japanese.leaning import Leaning, known_accents
from tts.text.japanese.phrases import POWERS, phrase_starts
from tts.text.japanese.words import Word

if TYPE_CHECKING:
    from pyopenjtalk.types import NJDFeature

_TEXT, _BASE, _ACCENT, _RULE = 0, 7, 10, 11  # fields of a dictionary entry
_NUM_FIELDS = 12
_HAN_DIGITS = str.maketrans("０１２３４５６７８９", "〇一二三四五六七八九")
_NUMBER_RULES = {"四": "C1"}
_OTHER_NUMBER_RULE = "C3"  # but none for the tens, hundreds ... that digits are turned into
_LOOK_AHEAD = 12  # entries that have become another number of words: digits, dates
_NO_RULE = "*"
_SIGN, _NO_SOUND = "記号", "、"
_PAUSE_SIGN = "−"  # between the groups of a phone number


@dataclass(frozen=True, slots=True)
class Given:
    """A reading that is given: katakana and its accent (the mora after which the voice falls, 0 for none)."""

    sound: str
    accent: int


def phones_of(
    engine: Engine, text: str, given: Mapping[str, Given], *, is_like_upstream: bool
) -> tuple[list[str], int]:
    """Reads a clause.

    Args:
        engine: the dictionary.
        text: without marks; characters that are keys of `given` stand for words.
        given: the readings of such words.
        is_like_upstream: keep pauses where the dictionary does not know a word, and the plain readings.

    Returns:
        Phones with the marks of `labels`, and how many characters had no reading.
    """
    is_corrected = not is_like_upstream
    said = "".join(given[char].sound if char in given else char for char in text)
    entries = engine.entries(said)
    features = engine.words(said, is_corrected=is_corrected)
    bare = engine.bare_words([_without_rule(entry) for entry in entries], is_corrected=is_corrected)
    if len(bare) == len(features):
        words = _with_own_accents(features, bare, entries, has_newer_accents=engine.is_own)
    else:
        words = list(map(_word, features))
    for one in (given[char] for char in text if char in given):
        _put(one, features, words)
    starts = phrase_starts(words)
    for feature, is_start, accent in zip(features, starts, phrase_accents(words, starts), strict=True):
        feature["chain_flag"], feature["acc"] = int(not is_start), accent
    unread = [feature for feature in features if _is_unread(feature)]
    if not is_like_upstream:
        features = [
            feature for feature in features if not _is_unread(feature) or feature["string"] == _PAUSE_SIGN
        ]
    num_skipped = sum(len(feature["string"]) for feature in unread if feature["string"][0].isalnum())
    return engine.phones(features), num_skipped


def given_phones(engine: Engine, one: Given) -> list[str]:
    """Returns the phones of a given reading by itself, with the marks of `labels`."""
    return engine.phones([_feature(one)])


def _without_rule(entry: str) -> str:
    fields = entry.split(",")
    return (
        ",".join((*fields[:_RULE], _NO_RULE, *fields[_NUM_FIELDS:])) if len(fields) >= _NUM_FIELDS else entry
    )


def _is_unread(feature: "NJDFeature") -> bool:
    return feature["pos"] == _SIGN and feature["pron"] == _NO_SOUND


def _word(feature: "NJDFeature") -> Word:
    is_number = feature["pos_group1"] == "数"
    text = feature["string"].translate(_HAN_DIGITS) if is_number else feature["string"]
    return Word(
        text=text,
        pos=feature["pos"],
        group1=feature["pos_group1"],
        group2=feature["pos_group2"],
        group3=feature["pos_group3"],
        form=feature["cform"],
        sound=feature["pron"],
        num_morae=feature["mora_size"],
        accent=feature["acc"],
        rule=_number_rule(feature, text) if is_number else feature["chain_rule"],
    )


def _number_rule(feature: "NJDFeature", text: str) -> str:
    is_made_of_digits = text in POWERS and feature["chain_rule"] == _NO_RULE
    return _NO_RULE if is_made_of_digits else _NUMBER_RULES.get(text, _OTHER_NUMBER_RULE)


def _with_own_accents(
    features: "Sequence[NJDFeature]",
    bare: "Sequence[NJDFeature]",
    entries: Sequence[str],
    *,
    has_newer_accents: bool,
) -> list[Word]:
    """Returns words with the accents and rules of the dictionary, before the package put them to use."""
    known = [field for entry in entries for field in _parts(entry)]
    words, at = [], 0
    for feature, plain in zip(features, bare, strict=True):
        word = _word(feature)
        words.append(word)
        if feature["pron"] != plain["pron"]:
            continue
        word.accent = plain["acc"]
        if word.is_number:
            continue
        key = Leaning(word.pos, word.group1, word.form, feature["orig"], feature["read"])
        if has_newer_accents and key in known_accents():
            word.accent, word.rule = known_accents()[key]
            continue
        for place in range(at, min(at + _LOOK_AHEAD, len(known))):
            text, accent, rule = known[place]
            if text == word.text:
                at = place + 1
                if accent is not None:
                    word.accent, word.rule = accent, rule
                break
    return words


def _parts(entry: str) -> list[tuple[str, int | None, str]]:
    """Returns text, accent and rule of an entry, or of its parts where it is a compound."""
    fields = entry.split(",")
    text = fields[_TEXT]
    if len(fields) < _NUM_FIELDS:
        return [(text, None, _NO_RULE)]
    accents, bases = fields[_ACCENT].split(":"), fields[_BASE].split(":")
    parts: list[tuple[str, int | None, str]] = []
    for number, accent in enumerate(accents):
        is_last = number == len(accents) - 1 or number >= len(bases)
        part = text if is_last else bases[number]
        text = text.removeprefix(part)
        nucleus = accent.split("/")[0]
        parts.append((part, int(nucleus) if nucleus.isdigit() else 0, fields[_RULE]))
    return parts


def _put(one: Given, features: "list[NJDFeature]", words: list[Word]) -> None:
    """Makes one word, with the given reading, of those that the analyser made of its kana."""
    for begin in range(len(features)):
        text, end = "", begin
        while end < len(features) and len(text) < len(one.sound):
            text += features[end]["string"]
            end += 1
        if text == one.sound and not features[begin]["is_reading_protected"]:
            features[begin:end] = [_feature(one)]
            words[begin:end] = [_word(features[begin])]
            return


def _feature(one: Given) -> "NJDFeature":
    """A name, so that the words round it take it for one; protected marks it as done."""
    return {
        "string": one.sound,
        "pos": "名詞",
        "pos_group1": "固有名詞",
        "pos_group2": "一般",
        "pos_group3": "*",
        "ctype": "*",
        "cform": "*",
        "orig": one.sound,
        "read": one.sound,
        "pron": one.sound,
        "acc": one.accent,
        "mora_size": len(morae(one.sound)),
        "chain_rule": "C1",
        "chain_flag": -1,
        "is_reading_protected": True,
        "is_reading_rewritten": False,
    }
