"""What can go wrong on the way to an adapter; every message says what would have been valid."""

from __future__ import annotations


class FinetuneError(ValueError):
    """Base of the errors below; the command shows their messages without a traceback."""


class BadSettings(FinetuneError):
    """A setting out of its range."""


class BadFormat(FinetuneError):
    """The description of a data set is wrong."""


class BadRow(FinetuneError):
    """One row cannot be used; the message is a short reason that is counted."""


class BadData(FinetuneError):
    """A training file that cannot be used; the message names file, line and reason."""


class BadTemplate(FinetuneError):
    """The tokenizer's chat template cannot be trained with."""


class BadRun(FinetuneError):
    """The run folder does not go with what was asked for; the message says what to do."""


class NothingToLearn(FinetuneError):
    """The data has no token to learn from."""
