import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from evaluation import voices
from evaluation.phone_recogniser.recogniser import NoRecogniser, PhoneRecogniser
from evaluation.teachers import NoTeacher
from evaluation.voice_measures.sentences import default_sentences, language_of, read_sentences

PROMISED = {
    "wer", "teacher_wer", "phone_error_rate", "teacher_phone_error_rate", "mcd", "real_time_factor",
    "voiced_agreement", "pitch_correlation", "duration_ratio", "loudness_dbfs", "num_sentences",
}  # fmt: skip
SENTENCES = ("Good morning, pilot.", "The wind is with us.")


class HummingTeacher:
    """Says everything in one hum of half a second."""

    name, language = "hum:hum", "en"

    def check(self) -> None: ...

    def speak(self, text: str) -> tuple[np.ndarray, int]:
        time = np.arange(8000) / 16_000
        return (0.2 * np.sin(2 * np.pi * 150 * time)).astype(np.float32), 16_000


def run(tmp_path: Path, *options: str, speaker: str = "Wren") -> tuple[str, dict]:
    file = tmp_path / "sentences.txt"
    file.write_text("\n\n".join(SENTENCES), encoding="utf-8")
    out = tmp_path / "out" / "figures.json"
    arguments = ["--speaker", speaker, "--sentences", str(file), "--json", str(out), *options]
    result = CliRunner().invoke(voices.main, arguments)
    assert result.exit_code == 0, result.output
    return result.output, json.loads(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def judged(tmp_path_factory) -> tuple[str, dict, Path]:
    """The built-in voice as it is now, beside a teacher that hums."""
    folder = tmp_path_factory.mktemp("judged")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(voices, "teachers_of", lambda name: {"en": HummingTeacher()})
        output, figures = run(
            folder, "--teacher", "--pictures", str(folder / "pictures"), "--out-wavs", str(folder / "wavs")
        )
    return output, figures, folder


def test_the_json_holds_what_is_promised(judged):
    _, figures, _ = judged
    assert set(figures) >= PROMISED
    assert figures["num_sentences"] == len(figures["sentences"]) == 2
    assert figures["speaker"] == "Wren"
    assert figures["teachers"] == {"en": "hum:hum"}


def test_speed_loudness_and_distance_are_always_known(judged):
    _, figures, _ = judged
    assert figures["num_failed"] == 0
    assert figures["real_time_factor"] > 0
    assert figures["first_audio_sec"] > 0
    assert -60 < figures["loudness_dbfs"] < 0
    assert figures["mcd"] > 1
    assert figures["num_compared"] == 2
    assert 0 <= figures["voiced_agreement"] <= 1


def test_a_hum_is_understood_by_nobody(judged):
    _, figures, _ = judged
    for name in ("teacher_wer", "teacher_phone_error_rate"):
        assert figures[name] is None or figures[name] > 0.5


def test_the_table_and_the_notes_say_the_same(judged):
    output, figures, _ = judged
    assert f"{figures['mcd']:.2f}" in output
    for note in figures["notes"]:
        assert note in output


def test_sound_and_pictures_are_kept(judged):
    _, figures, folder = judged
    assert sorted(path.name for path in (folder / "pictures").iterdir()) == ["001.png", "002.png"]
    samples, rate_hz = soundfile.read(folder / "wavs" / "002_ours.wav")
    assert rate_hz == 32_000
    assert len(samples) / rate_hz >= figures["sentences"][1]["speech_sec"] > 0
    assert soundfile.info(folder / "wavs" / "001_teacher.wav").samplerate == 16_000


def test_what_is_missing_is_null_and_noted(tmp_path, monkeypatch):
    def no_recogniser(voices: object) -> PhoneRecogniser:
        raise NoRecogniser("no recogniser here")

    def no_teacher(name: str) -> None:
        raise NoTeacher("no teacher here")

    monkeypatch.setattr(PhoneRecogniser, "find", no_recogniser)
    monkeypatch.setattr(voices, "teachers_of", no_teacher)
    output, figures = run(tmp_path, "--teacher")
    for name in ("phone_error_rate", "teacher_phone_error_rate", "teacher_wer", "mcd", "pitch_correlation"):
        assert figures[name] is None
    assert "no recogniser here" in figures["notes"]
    assert "note: no teacher here" in output


def test_an_unknown_speaker_is_refused_with_those_there_are(tmp_path):
    result = CliRunner().invoke(voices.main, ["--speaker", "Nobody"])
    assert result.exit_code == 1
    assert "Wren" in result.output


def test_a_file_without_a_sentence_is_refused(tmp_path):
    (tmp_path / "empty.txt").write_text("\n \n", encoding="utf-8")
    result = CliRunner().invoke(
        voices.main, ["--speaker", "Wren", "--sentences", str(tmp_path / "empty.txt")]
    )
    assert result.exit_code == 1
    assert "holds no sentence" in result.output


@pytest.mark.parametrize("language", ["en", "zh"])
def test_there_are_at_least_50_different_sentences_in_each_language(language):
    sentences = default_sentences(language)
    assert len(set(sentences)) == len(sentences) >= 50
    assert {language_of(sentence) for sentence in sentences} == {language}


def test_empty_lines_and_a_byte_order_mark_are_no_sentences(tmp_path):
    (tmp_path / "a.txt").write_text("\ufeffOne.\n\n  Two. \n", encoding="utf-8")
    assert read_sentences(tmp_path / "a.txt") == ["One.", "Two."]
