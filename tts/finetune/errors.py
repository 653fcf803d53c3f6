"""What can go wrong on the way from recordings to a voice; every message says what would have been valid."""


class FinetuneError(ValueError):
    """Base of the errors below; the command shows their messages without a traceback."""


class BadList(FinetuneError):
    """A `.list` file that cannot be used; the message names file, lines and reasons."""


class BadRecordings(FinetuneError):
    """The recordings cannot be trained on; the message says what is wrong and what would do."""


class BadStage(FinetuneError):
    """A stage of the work folder does not go with what was asked for; the message says what to do."""


class NoRoom(FinetuneError):
    """The disk is too full for what is asked; the message says how much is needed and what to do."""


class NoTranscriber(FinetuneError):
    """Words are wanted and nothing here can listen; the message says what to install or to write."""
