"""Words as GPT-SoVITS looks them up: only for scoring how near we are to it, never for speaking.

Its chain: the release 0.7b of the CMU dictionary; up to three letters are spelled; possessives; the word cut
into known parts; a neural net. Release, parts and net come from the packages `pronouncing`, `wordsegment` and
`g2p_en` of `requirements-evaluation.txt`. Without the first our newer release stands in, without one of the
others our own reading of unknown words.
"""

from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from tts.text.english.dictionary import Phones, load_dictionary, own_readings
from tts.text.english.encoder_decoder import EncoderDecoder
from tts.text.english.words import add_s, read_word, spell

_SPELLED_LENGTH = 3
_RELEASE_PACKAGE, _RELEASE_FILE = "pronouncing", "cmudict-0.7b"
_NET_PACKAGE, _NET_FILE = "g2p_en", "checkpoint20.npz"
_SPLITTER_PACKAGE = "wordsegment"


@lru_cache(maxsize=4096)
def read_upstream_word(word: str) -> Phones:
    """Returns the phones of a lower-case word of letters, apostrophes, hyphens and points."""
    known = _known(word)
    if known:
        return known
    if len(word) <= _SPELLED_LENGTH:
        return spell("".join(filter(str.isalpha, word)))
    if word.endswith("'s"):
        base = read_upstream_word(word.removesuffix("'s"))
        return add_s(base) if base else ()
    split, net = _splitter(), _net()
    if split is None or net is None:
        return read_word(word.replace(".", ""))
    parts = split(word)
    if len(parts) > 1:
        return tuple(phone for part in parts for phone in read_upstream_word(part))
    return net.read(word)


def _known(word: str) -> Phones | None:
    if len(word) < 2:
        return None
    reading = _old_readings().get(word) or load_dictionary().get(word) or own_readings().get(word)
    return tuple(reading.split()) if reading else None


@cache
def _old_readings() -> Mapping[str, str]:
    path = _beside_code_of(_RELEASE_PACKAGE, _RELEASE_FILE)
    return read_release(path) if path else {}


def read_release(path: Path) -> dict[str, str]:
    """Reads a release of the CMU dictionary: word, two blanks, phones; `;;;` before remarks.

    Returns:
        Lower-case word -> phones separated by blanks. Further readings stand under names such as `read(1)`.
    """
    lines = path.read_text(encoding="latin-1").splitlines()
    entries = (line.partition("  ") for line in lines if line and not line.startswith(";;;"))
    return {word.lower(): phones for word, _, phones in entries}


@cache
def _splitter() -> Callable[[str], list[str]] | None:
    if find_spec(_SPLITTER_PACKAGE) is None:
        return None
    import wordsegment  # type: ignore[import-not-found]

    wordsegment.load()
    return wordsegment.segment


@cache
def _net() -> EncoderDecoder | None:
    path = _beside_code_of(_NET_PACKAGE, _NET_FILE)
    return EncoderDecoder(path) if path else None


def _beside_code_of(package: str, name: str) -> Path | None:
    """Finds a file of a package without importing that: one fetches data then, one asks for setuptools."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / name if folders else None
    return path if path and path.is_file() else None
