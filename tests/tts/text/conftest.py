"""A stand-in for each language whose reader is not there yet."""

from importlib.util import find_spec

import pytest

from tts.text import languages
from tts.text.languages import ReaderOptions, Reading


class StandIn:
    """Reads nothing."""

    def __init__(self, options: ReaderOptions) -> None:
        pass

    def read(self, text: str, *, is_alone: bool = True) -> Reading:
        return Reading("", (), None, len(text))


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch) -> None:
    def make_reader(code: str, options: ReaderOptions) -> languages.Reader:
        package = languages.READERS.get(code, "").partition(":")[0].rpartition(".")[0]
        if package.startswith("tts.") and (find_spec(package) is None or find_spec(f"{package}.reader") is None):
            return StandIn(options)
        return original(code, options)

    original = languages.make_reader
    monkeypatch.setattr("tts.text.front_end.make_reader", make_reader)
