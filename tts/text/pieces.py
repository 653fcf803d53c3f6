"""What is done to a text before it is read: GPT-SoVITS's rules for the start and the end of speech.

Its models were used this way from the first day: without a mark at the end they run on, and a very short
clause at the start is swallowed. Apply once per spoken sentence, before `FrontEnd.read`.
"""

from tts.text.languages import mode_of

CLAUSE_MARKS = frozenset("，。？！,.?!~:：—…")
MIN_START_CHARS = 4


def _stop(language: str) -> str:
    return "." if mode_of(language).main == "en" else "。"


def _with_end(text: str, language: str) -> str:
    return text if text[-1] in CLAUSE_MARKS else text + _stop(language)


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
    text = " ".join(text.split("\n")).strip()
    if not any(char.isalnum() for char in text):
        mode_of(language)
        return ""
    start = next((index for index, char in enumerate(text) if char in CLAUSE_MARKS), len(text))
    if 0 < start < MIN_START_CHARS:
        text = _stop(language) + text
    return _with_end(text, language)


def prepare_reference(text: str, language: str) -> str:
    """Returns the text of a reference recording with a mark at its end; it gets none in front.

    Raises:
        ValueError: for an unknown language.
    """
    text = text.replace("\n", "").strip()
    mode_of(language)
    return _with_end(text, language) if text else text
