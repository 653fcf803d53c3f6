"""Words that are said in more than one way, told apart by the words around them.

A few rules in place of a tagger: what stands right before, what stands right after, and for a handful of
words their own company.
"""

from collections.abc import Sequence

from tts.text.english.dictionary import Phones, homographs, word_group

_DETERMINERS = word_group("determiners")
_PREPOSITIONS = word_group("prepositions")
_MODALS = word_group("modals")
_SUBJECTS = word_group("subjects")
_SINGULAR_SUBJECTS = word_group("singular_subjects")
_OBJECTS = word_group("objects")
_BE = word_group("be")
_HAVE = word_group("have") | _BE
_PAST_CUES = word_group("past_cues")
_PARTICLES = word_group("particles")
_PLACES = word_group("places")
_LIVE_THINGS = word_group("live_things")
_METAL_THINGS = word_group("metal_things")
_TINY_THINGS = word_group("tiny_things")
_BOW_ADJECTIVES = word_group("bow_adjectives")
_GLAD = word_group("glad") | _BE
_LEVELLED = word_group("levelled")
_UNKNOWN_TO_UPSTREAM = word_group("unknown_to_upstream")
_TAKE = word_group("take")


def read_homograph(words: Sequence[str], place: int, *, is_like_upstream: bool = False) -> Phones | None:
    """Returns how the word at `place` is said here, None if it is no homograph.

    Args:
        words: the lower-case words of the text; "" stands for a mark.
        place: which of them is read.
        is_like_upstream: leave words to the dictionary which GPT-SoVITS leaves to it.
    """
    readings = homographs().get(words[place])
    if readings is None or (is_like_upstream and words[place] in _UNKNOWN_TO_UPSTREAM):
        return None
    role = _role(words, place)
    return readings.get(role or "", next(iter(readings.values())))


def _role(words: Sequence[str], place: int) -> str | None:
    """Returns the role of the word, None if nothing tells it."""
    word = words[place]
    before = words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    special = _SPECIAL.get(word)
    role = special(words, place, before, after) if special else None
    return role or _noun_or_verb(words, place, before, after)


def _noun_or_verb(words: Sequence[str], place: int, before: str, after: str) -> str | None:
    if before in _MODALS:
        return "verb"
    if before in _DETERMINERS and before != "that":
        return "noun"
    if before in _SUBJECTS:
        return "verb"
    if before in _PREPOSITIONS or before in _BE:
        return "noun"
    if after in _OBJECTS:
        return "verb"
    if after == "of" or (before in ("and", "or") and place > 1 and words[place - 2] in _MODALS):
        return "noun" if after == "of" else "verb"
    return "noun" if before else None


def _read(words: Sequence[str], place: int, before: str, _: str) -> str:
    start = next((at + 1 for at in range(place - 1, -1, -1) if not words[at]), 0)
    end = next((at for at in range(place, len(words)) if not words[at]), len(words))
    earlier = words[max(place - 3, start) : place]
    if any(word in _HAVE for word in earlier):
        return "past"
    if any(word in _MODALS for word in earlier):  # did he read, let her read
        return "verb"
    return "past" if before in _SINGULAR_SUBJECTS or _PAST_CUES.intersection(words[start:end]) else "verb"


def _live(_: Sequence[str], place: int, before: str, after: str) -> str | None:
    if after in _LIVE_THINGS or before in (
        "a",
        "go",
        "going",
        "went",
        "broadcast",
        "streamed",
        "stream",
        "goes",
    ):
        return "noun"
    return "noun" if before in _BE and after not in _PLACES else "verb"


def _lives(_: Sequence[str], place: int, before: str, after: str) -> str:
    if before in _DETERMINERS or before in _PREPOSITIONS or after in ("of", "are", "were", "matter"):
        return "noun"
    return "verb" if before in _SINGULAR_SUBJECTS or after in _PLACES or place else "noun"


def _wind(words: Sequence[str], place: int, before: str, after: str) -> str | None:
    if before in _MODALS or (before in _SUBJECTS and after in _PARTICLES | _OBJECTS):
        return "verb"
    return "verb" if not before and after in _OBJECTS - {"that", "you"} else "noun"


def _tear(words: Sequence[str], place: int, before: str, after: str) -> str | None:
    if after in _PARTICLES or before in _MODALS or before in _SUBJECTS:
        return "verb"
    return None if after in ("it", "the", "this", "that", "them") and not before else "noun"


def _lead(_: Sequence[str], place: int, before: str, after: str) -> str | None:
    is_metal = after in _METAL_THINGS or (before in ("of", "like", "molten", "into") and after in ("", "and"))
    return "metal" if is_metal else "verb"


def _bow(words: Sequence[str], place: int, before: str, after: str) -> str | None:
    if before in _BOW_ADJECTIVES or (before == "a" and place > 1 and words[place - 2] in _TAKE):
        return "verb"
    return "verb" if after in _LEVELLED and before not in _DETERMINERS else None


def _wound(_: Sequence[str], place: int, before: str, after: str) -> str | None:
    is_past = before in _SUBJECTS or (after in _PARTICLES and before not in _DETERMINERS)
    return "past" if is_past else None


def _dove(_: Sequence[str], place: int, before: str, after: str) -> str | None:
    return "past" if before in _SUBJECTS or after in ("into", "in", "down", "under", "off", "for") else "noun"


def _minute(_: Sequence[str], place: int, before: str, after: str) -> str | None:
    return "tiny" if after in _TINY_THINGS else "noun"


def _content(_: Sequence[str], place: int, before: str, after: str) -> str | None:
    return "glad" if before in _GLAD or after == "with" else "noun"


def _close(_: Sequence[str], place: int, before: str, after: str) -> str | None:
    if after == "to":
        return "noun"
    return "verb" if after in _OBJECTS and before not in _BE else None


def _complex(_: Sequence[str], place: int, before: str, after: str) -> str | None:
    return "thing" if before in ("the", "this", "that", "apartment", "office") and not after else "noun"


def _present(_: Sequence[str], place: int, before: str, after: str) -> str | None:
    return "noun" if before == "at" else None


_SPECIAL = {
    "read": _read,
    "live": _live,
    "lives": _lives,
    "wind": _wind,
    "winds": _wind,
    "tear": _tear,
    "tears": _tear,
    "lead": _lead,
    "bow": _bow,
    "bows": _bow,
    "wound": _wound,
    "dove": _dove,
    "minute": _minute,
    "content": _content,
    "close": _close,
    "complex": _complex,
    "present": _present,
}
