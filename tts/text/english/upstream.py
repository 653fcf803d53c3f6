"""Words as GPT-SoVITS looks them up: only for scoring how near we are to it, never for speaking.

Its chain: the release 0.7b of the CMU dictionary; up to three letters are spelled; possessives; the word cut
into known parts; a neural net. The last two come from the packages `wordsegment` and `g2p_en` of
`requirements-evaluation.txt`; where either is missing our own reading of unknown words stands in.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from tts.text.english.dictionary import Phones, load_dictionary, old_readings, own_readings
from tts.text.english.encoder_decoder import EncoderDecoder
from tts.text.english.words import add_s, read_word, spell

_SPELLED_LENGTH = 3
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
    reading = old_readings().get(word) or load_dictionary().get(word) or own_readings().get(word)
    return tuple(reading.split()) if reading else None


@cache
def _splitter() -> Callable[[str], list[str]] | None:
    if find_spec(_SPLITTER_PACKAGE) is None:
        return None
    import wordsegment  # type: ignore[import-not-found]

    wordsegment.load()
    return wordsegment.segment


@cache
def _net() -> EncoderDecoder | None:
    """Reads the net beside the package's code, which is not imported: it would fetch data for NLTK."""
    spec = find_spec(_NET_PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / _NET_FILE if folders else None
    return EncoderDecoder(path) if path and path.is_file() else None
