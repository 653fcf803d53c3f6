import numpy as np
import pytest

from evaluation.phone_recogniser.recogniser import PhoneRecogniser
from evaluation.voice_measures.errors import ErrorCount
from evaluation.voice_measures.judges import Judges, Task
from tts.finetune.transcription import Transcript
from tts.text.front_end import FrontEnd

SOUND = np.zeros(1600, np.float32)


class Scribe:
    """Hears the same whatever is said."""

    def transcribe(self, samples: np.ndarray, language: str) -> Transcript:
        return Transcript("two cats", "en")


class Phonetician:
    voices = ("flite:awb",)

    def recognise(self, samples: np.ndarray, rate_hz: int, languages) -> tuple[list[str], list[str]]:
        return (["n", "i3", "h", "ao4"], ["n", "i", "h", "ao"])


@pytest.fixture
def judges() -> Judges:
    return Judges(Scribe(), Phonetician())  # pyright: ignore[reportArgumentType] - all they are asked for


def english(text: str) -> Task:
    return Task.of(text, "en", "en", FrontEnd())


MANDARIN = Task("你好。", None, ("n", "i2", "h", "ao3"), frozenset({"zh"}))


def test_a_task_is_what_is_to_be_heard():
    task = english("2 cats, Tom!")
    assert task.words == ("two", "cats", "tom")
    assert task.labels == ("T", "UW", "K", "AE", "T", "S", "T", "AA", "M")
    assert task.languages == {"en"}


def test_words_and_phones_are_counted(judges):
    heard = judges.listen(english("Two dogs."), SOUND, 16_000)
    assert heard.words == ErrorCount(1, 2)
    assert heard.text == "two cats"
    assert heard.toned_phones is None
    assert heard.phones is not None


def test_mandarin_has_phones_with_and_without_tones_but_no_words(judges):
    heard = judges.listen(MANDARIN, SOUND, 16_000)
    assert heard.words is None
    assert heard.phones == ErrorCount(0, 4)
    assert heard.toned_phones == ErrorCount(2, 4)


def test_silence_is_wrong_throughout(judges):
    heard = judges.listen(english("Two dogs."), SOUND[:0], 16_000)
    assert heard.words == ErrorCount(2, 2)
    assert heard.phones == ErrorCount(6, 6)


def test_without_judges_nothing_is_counted():
    heard = Judges(None, None).listen(english("Two dogs."), SOUND, 16_000)
    assert (heard.words, heard.phones, heard.toned_phones, heard.text) == (None, None, None, None)


def test_a_recogniser_that_knows_the_teacher_is_noted(monkeypatch):
    monkeypatch.setattr(PhoneRecogniser, "find", lambda voices: Phonetician())
    _, notes = Judges.find(["x:y", "flite:awb"])
    assert any("learned from flite:awb" in note for note in notes)
    _, notes = Judges.find(["flite:slt"])
    assert not any("learned from" in note for note in notes)
