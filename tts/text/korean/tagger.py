"""The morphemes of a Korean text, from MeCab with the mecab-ko dictionary that its package carries."""

import threading
from functools import cache

_LOCK = threading.Lock()


@cache
def _load():
    from mecab import MeCab

    return MeCab()


def morphemes(text: str):
    """Returns the morphemes of a text, in order; blanks belong to none.

    Each has `span` (start and end in the text), `pos` (such as `NNG`, `VV+ETM`) and `feature.reading`. The
    lock keeps two threads from loading the dictionary twice and from sharing the tagger at a time; a sentence
    takes it for well under a millisecond.

    Args:
        text: without NUL characters and lone surrogates, which the library cannot take.
    """
    with _LOCK:
        return _load().parse(text)
