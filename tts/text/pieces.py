"""What is done to a text before it is read: GPT-SoVITS's rules for the start and the end of speech.

Its models were used this way from the first day: without a mark at the end they run on, and a very short
clause at the start is swallowed. Apply once per spoken sentence, before `FrontEnd.read`.
"""

from tts.text.forced import without_readings
from tts.text.languages import mode_of

CLAUSE_MARKS = frozenset("，。？！,.?!~:：—…")
MIN_START_CHARS = 4


def stop_mark(language: str) -> str:
    """Returns the mark that ends a sentence in a mode.

    Raises:
        ValueError: for an unknown language.
    """
    return "." if mode_of(language).main == "en" else "。"


def with_start(text: str, stop: str) -> str:
    """Returns a text with a mark in front if its first clause is very short."""
    shown = without_readings(text)
    start = next((index for index, char in enumerate(shown) if char in CLAUSE_MARKS), len(shown))
    return stop + text if 0 < start < MIN_START_CHARS else text


def with_end(text: str, stop: str) -> str:
    """Returns a text that is not empty with a mark at its end."""
    return text if text[-1] in CLAUSE_MARKS else text + stop


def prepare_target(text: str, language: str) -> str:
    """Returns a sentence with a mark at its end, and one in front if its first clause is very short.

    Args:
        text: one sentence; line breaks become blanks.
        language: a mode of `tts.text.languages.MODES`.

    Returns:
        The text to read; empty for a text without a letter or digit.

    Raises:
        ValueError: for an unknown language.
    """
    stop = stop_mark(language)
    text = " ".join(text.split("\n")).strip()
    if not any(char.isalnum() for char in text):
        return ""
    return with_end(with_start(text, stop), stop)


def prepare_reference(text: str, language: str) -> str:
    """Returns the text of a reference recording with a mark at its end; it gets none in front.

    Raises:
        ValueError: for an unknown language.
    """
    stop = stop_mark(language)
    text = text.replace("\n", "").strip()
    return with_end(text, stop) if text else text
