"""What a text engine hands out: pieces of text, the last of which may say that the reply is not whole."""

from __future__ import annotations


class CutShort(str):
    """The last piece, perhaps "", of a reply that met its limit of tokens or the end of the context."""

    __slots__ = ()
