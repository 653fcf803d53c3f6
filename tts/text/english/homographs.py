"""Words that are said in two ways: refuse to present the present. A few rules about their neighbours decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tts.text.english.net import package_file

DATA = Path(__file__).parent / "data"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_MODALS = _set(
    "to will would can could shall should may might must do does did don't doesn't didn't can't cannot won't wouldn't couldn't "
    "shouldn't mustn't let let's please help 'll i'll you'll he'll she'll it'll we'll they'll i'd you'd he'd she'd we'd they'd gonna wanna"
)
_SUBJECTS = _set("i you we they he she who that which it people everyone nobody all both")
_DETERMINERS = _set(
    "the a an this that these those my your his her its our their no any some each every another one two three four five six seven eight "
    "nine ten many few several more most much such what whose first second last next of in on at by for from with without into onto over "
    "under about against between through during after before as than like is are was were be been being am it's that's there's"
)
_ADVERBS = _set("not never always just also only ever still then now often really even almost simply quickly slowly usually")
_OBJECTS = _set("the a an this that these those my your his her its our their me you him it us them himself herself itself to everything")
_HAVE = _set("have has had having i've you've we've they've he's she's been was were is are be being already")
_PAST_CUES = _set("yesterday ago last once earlier")
_THIRD = _set("he she it")
_BOUNDARIES = _set(". , ! ? -")


@dataclass(frozen=True, slots=True)
class Homograph:
    """Two pronunciations and the use of the first: V, N, ADJ, VBD or USED_TO."""

    first: tuple[str, ...]
    second: tuple[str, ...]
    use: str


def _read(path: Path) -> dict[str, Homograph]:
    table = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            word, first, second, use = line.strip().split("|")
            table[word.lower()] = Homograph(tuple(first.split()), tuple(second.split()), use)
    return table


@cache
def _listed() -> Mapping[str, Homograph]:
    return _read(package_file("homographs.en"))


@cache
def _all() -> Mapping[str, Homograph]:
    return _listed() | _read(DATA / "homographs.txt")


def say_homograph(words: Sequence[str], index: int, *, is_like_upstream: bool = False) -> tuple[str, ...] | None:
    """Returns the phones of `words[index]` where it stands, None for a word with one pronunciation.

    Args:
        words: the lower-case words and marks of a sentence.
        index: which of them.
        is_like_upstream: only the words GPT-SoVITS tells apart.
    """
    word = words[index]
    entry = _all().get(word)
    if entry is None or (is_like_upstream and word not in _listed()):
        return None
    decide = {"V": is_verb, "N": _is_noun, "ADJ": _is_adjective, "VBD": _is_past, "USED_TO": _is_used_to}
    return entry.first if decide.get(entry.use, is_verb)(words, index) else entry.second


def _neighbour(words: Sequence[str], index: int, step: int) -> str:
    """Returns the next word in a direction, adverbs skipped; empty at a mark or the end."""
    index += step
    while 0 <= index < len(words) and (words[index] in _ADVERBS or (words[index].endswith("ly") and len(words[index]) > 4)):
        index += step
    return words[index] if 0 <= index < len(words) and words[index] not in _BOUNDARIES else ""


def is_verb(words: Sequence[str], index: int) -> bool:
    """Tells whether a word that can be noun, adjective or verb is a verb where it stands."""
    before, after = _neighbour(words, index, -1), _neighbour(words, index, 1)
    has_object = after in _OBJECTS
    if before in _MODALS:
        return True
    if before in _DETERMINERS and not (before == "that" and has_object):
        return False
    if before in _SUBJECTS:
        return True
    if not before or before in ("and", "or", "but", "then", "so", "if", "when", "where"):
        return has_object
    is_plural = before.endswith("s") and not before.endswith(("ss", "'s", "us"))
    return has_object if not is_plural else not words[index].endswith("s")


def _is_noun(words: Sequence[str], index: int) -> bool:
    before, after = _neighbour(words, index, -1), _neighbour(words, index, 1)
    feels = _set("is are was were be been am feel feels felt seem seems look looks i'm you're he's she's we're they're so very quite not")
    return before not in feels and after != "with" and not is_verb(words, index)


def _is_adjective(words: Sequence[str], index: int) -> bool:
    return bool(_neighbour(words, index, 1)) or _neighbour(words, index, -1) not in _DETERMINERS - _set("is are was were be been am")


def _is_past(words: Sequence[str], index: int) -> bool:
    before = _neighbour(words, index, -1)
    return before in _HAVE or before in _THIRD or bool(_PAST_CUES & set(words))


def _is_used_to(words: Sequence[str], index: int) -> bool:
    return index + 1 < len(words) and words[index + 1] == "to"
