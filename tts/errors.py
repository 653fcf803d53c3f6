"""What can go wrong between a speaker and its sound. Torch-free, so that everybody may name them."""

from __future__ import annotations


class BadVoice(ValueError):
    """A speaker cannot be made ready: the message names the speaker, the file and the reason."""


class SentenceFailed(Exception):
    """One sentence came out unusable; the models are fine and the next sentence may be spoken."""
