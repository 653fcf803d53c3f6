import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tts.text import languages
from tts.text.front_end import FrontEnd
from tts.text.languages import MODES, READERS, ReaderOptions, Reading, make_reader, mode_of, modes_of
from tts.text.symbols import LANGUAGES
from tts.versions import VERSIONS

ROOT = Path(__file__).parents[3]


class EchoReader:
    """Says one `a` for each character."""

    def __init__(self, options: ReaderOptions) -> None:
        self.options = options

    def read(self, text: str, *, is_alone: bool = True) -> Reading:
        return Reading(text, ("a",) * len(text), None)


@pytest.fixture
def echo(monkeypatch) -> None:
    """Lets every language be read by `EchoReader`, out of a module that nobody has imported yet."""
    module = ModuleType("echo_language")
    module.__dict__["EchoReader"] = EchoReader
    monkeypatch.setitem(sys.modules, "echo_language", module)
    monkeypatch.setattr(languages, "READERS", dict.fromkeys(READERS, "echo_language:EchoReader"))


def test_modes_are_those_of_the_models():
    for version in VERSIONS.values():
        assert set(modes_of(LANGUAGES[version.symbols])) == set(version.languages)


def test_models_of_version_v1_speak_three_languages():
    assert mode_of("auto").others == {"en", "ja", "ko"}
    assert mode_of("auto", LANGUAGES["v1"]).others == {"en", "ja"}
    with pytest.raises(ValueError, match="do not speak the language 'yue'; valid: auto, en, zh, ja, all_zh"):
        mode_of("yue", LANGUAGES["v1"])


def test_unknown_languages_are_refused_with_the_valid_ones():
    with pytest.raises(ValueError, match="unknown language 'fr'; valid: auto, auto_yue, en, zh, ja, ko, yue"):
        mode_of("fr")
    with pytest.raises(ValueError, match="'fr'; valid: zh, en, ja, ko, yue"):
        make_reader("fr", ReaderOptions())


@pytest.mark.usefixtures("echo")
def test_every_language_is_read_by_its_reader():
    options = ReaderOptions(lexicon={"a": "b"})
    for code in READERS:
        reader = make_reader(code, options)
        assert isinstance(reader, EchoReader)
        assert reader.options is options
        assert FrontEnd().read_run("xyz", code).phones == ("a", "a", "a")


@pytest.mark.usefixtures("echo")
def test_warming_makes_only_the_readers_that_are_asked_for(monkeypatch):
    made = []
    monkeypatch.setattr(EchoReader, "read", lambda self, text, is_alone=True: made.append(text))
    FrontEnd().warm("en")
    assert made == ["Hello 1"]
    FrontEnd().warm("ja", "auto")
    assert made[1:] == ["Hello 1", "今日は1", "你好1"]
    with pytest.raises(ValueError, match="valid: auto"):
        FrontEnd().warm("fr")


def test_every_mode_may_be_asked_of_the_newer_models():
    assert set(modes_of(LANGUAGES["v2"])) == set(MODES)


def test_no_language_is_loaded_that_is_not_used():
    code = (
        "import sys\n"
        "from tts.text.front_end import FrontEnd\n"
        "front_end = FrontEnd()\n"
        "def loaded():\n"
        "    packages = ('jieba', 'pypinyin', 'opencc', 'pyopenjtalk', 'mecab', 'g2pk2', 'ToJyutping')\n"
        "    ours = ('mandarin', 'english', 'japanese', 'korean', 'cantonese')\n"
        "    return sorted({*packages, *(f'tts.text.{name}.reader' for name in ours)} & set(sys.modules))\n"
        "assert loaded() == [], loaded()\n"
        "front_end.warm('en')\n"
        "front_end.read('Hello there, 3 friends!', 'en')\n"
        "assert loaded() == ['tts.text.english.reader'], loaded()\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
