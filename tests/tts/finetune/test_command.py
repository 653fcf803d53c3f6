"""The whole command on small random bases: report first, review, interruption, a voice at the end."""

from __future__ import annotations

import json
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner, Result

from demo.make_acoustic_checkpoint import PRESETS, acoustic_sizes, make_model, write_hubert
from demo.make_semantic_checkpoint import make_semantic
from speakers.speaker import Speaker
from tests.tts.finetune.recordings import RATE, hum, record
from tts.checkpoint_writing import write_acoustic_checkpoint
from tts.finetune import __main__ as command
from tts.finetune import disk_space, epochs, training_loop, training_stages
from tts.finetune.__main__ import STAGES, main
from tts.finetune.acoustic_settings import ADVERSARIAL
from tts.finetune.acoustic_sizes import AcousticSizes, make_config, make_posterior_encoder
from tts.finetune.comparison import Pair
from tts.finetune.transcription import Transcript
from tts.finetune.voice_making import VoiceMaking
from tts.models.vits import checkpoint_weights
from tts.text.front_end import FrontEnd
from tts.versions import VERSIONS
from tts.voice import VoiceLoader

TEXT = "The little boat came home before the storm, and nobody asked why."


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """Random bases in the real formats, the acoustic one with its posterior encoder."""
    folder = tmp_path_factory.mktemp("models")
    write_hubert(folder / "ssl")
    make_semantic(folder / "s1.ckpt", eos="likely")
    preset, version = PRESETS["small"], VERSIONS["v2"]
    enc_q = make_posterior_encoder(
        AcousticSizes(
            inter_channels=preset.inter_channels, gin_channels=preset.gin_channels, posterior_layers=2
        )
    )
    weights = checkpoint_weights(make_model(preset, version))
    weights |= {f"enc_q.{name}": tensor for name, tensor in enc_q.state_dict().items()}
    write_acoustic_checkpoint(
        folder / "s2G.pth", weights, make_config(acoustic_sizes(preset, version), version), "", version
    )
    write_acoustic_checkpoint(
        folder / "voice.pth",
        checkpoint_weights(make_model(preset, version)),
        make_config(acoustic_sizes(preset, version), version),
        "",
        version,
    )
    return folder


@pytest.fixture
def desk(tmp_path, models, monkeypatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(epochs, "MIN_CLIPS_PER_EPOCH", 4)
    short = replace(ADVERSARIAL, window_tokens=12, segment_frames=8)
    monkeypatch.setattr(training_stages, "ADVERSARIAL", short)
    monkeypatch.setattr(
        FrontEnd, "warm", lambda self, *languages: None
    )  # loads dictionaries nobody needs here
    return Desk(tmp_path, models)


class Desk:
    """A user's folder, and the command run in it."""

    def __init__(self, folder: Path, models: Path) -> None:
        self.folder, self.models = folder, models
        self.work = folder / "out/voices/Anna"

    def put(self, num: int, *extra: str, sec: float = 4.2) -> None:
        lines = []
        for number in range(num):
            record(self.folder / f"in/wavs/{number:02}.wav", hum(sec, seed=number))
            lines.append(f"wavs/{number:02}.wav|anna|EN|{TEXT}")
        (self.folder / "in").mkdir(exist_ok=True)
        (self.folder / "in/anna.list").write_text("\n".join([*lines, *extra]) + "\n", encoding="utf-8")

    def run(self, *options: str) -> Result:
        bases = ("--semantic-base", "s1.ckpt", "--acoustic-base", "s2G.pth", "--ssl", "ssl")
        named = [str(self.models / word) if index % 2 else word for index, word in enumerate(bases)]
        short = ("--semantic-epochs", "2", "--semantic-keep-every", "1", "--acoustic-epochs", "1")
        words = ("in", "--name", "Anna", "--batch-size", "8", "--device", "cpu", *named, *short, *options)
        return CliRunner().invoke(main, words, catch_exceptions=False)


class Deaf:
    """Listens, and hears nothing."""

    def transcribe(self, samples: np.ndarray, language: str) -> Transcript:
        return Transcript("", language)


def test_a_folder_and_a_list_become_a_speaker(desk, monkeypatch) -> None:
    asked: list[set[str]] = []
    monkeypatch.setattr(command, "find_sphinx", lambda languages: asked.append(set(languages)) or Deaf())
    desk.put(16, "wavs/gone.wav|anna|EN|Gone.")
    result = desk.run("--pictures", "--progress", "json")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("disk: about ")
    for stage in ("clips: 0 s", "words: ", "report: 17 clips", "features: 16 clips", "semantic", "acoustic"):
        assert (
            sum(line.startswith(f"[{1 + STAGES.index(stage.split(':')[0])}/7] {stage}") for line in lines)
            == 1
        ), stage
    assert result.output.index("gone.wav: there is no such file") < result.output.index("features")
    events = [json.loads(line) for line in result.stderr.splitlines()]
    begun = [event["stage"] for event in events if event.get("state") == "begun"]
    assert begun == list(STAGES)
    assert {e["stage"] for e in events if e["event"] == "losses"} == {"semantic", "acoustic"}
    assert [e["num_good"] for e in events if e["event"] == "report"] == [16]
    assert (events[-1]["event"], events[-1]["speaker_file"]) == ("finished", "speakers/Anna.toml")
    assert any(line.startswith("the base, zero-shot") for line in lines)
    assert sum(" * " in line for line in lines) == 1
    figures = json.loads((desk.work / "7-evaluation/figures.json").read_text())
    assert [row["name"] for row in figures["rows"][2:]] == [
        "semantic base, acoustic 1",
        "semantic 1, acoustic 1",
        "semantic 2, acoustic 1",
    ]
    assert asked == [{"en"}]
    assert all(row["error_rate"] == 1 for row in figures["rows"][2:])
    assert len(list((desk.work / "pictures").glob("*.png"))) == 16
    read = tomllib.loads((desk.folder / "speakers/Anna.toml").read_text(encoding="utf-8"))
    assert read["gpt_model"] == "voices/Anna/semantic.ckpt"
    speaker = Speaker.from_dict(
        read, name="Anna", folder=desk.folder / "speakers", models_dir=desk.folder / "models"
    )
    voice = VoiceLoader(ssl_model=desk.models / "ssl").load(speaker)
    assert speaker.target_language == "en"
    # Its base is a small one.
    assert (speaker.ref_text, read["top_k"], read["temperature"]) == ("", 5, 0.7)
    assert voice.sample_rate == 32_000

    again = desk.run()
    done = [line for line in again.output.splitlines() if line.endswith("done before")]
    assert len(done) == 6, again.output
    assert again.exit_code == 0


def test_an_interrupted_training_goes_on(desk, monkeypatch) -> None:
    desk.put(16)
    last = lambda self, semantic, acoustic, _: (Pair("last", semantic[2], acoustic[1]), "a table")  # noqa: E731
    monkeypatch.setattr(VoiceMaking, "evaluation", last)
    steps = []
    real = training_loop._Loop._train_step

    def step(self):
        steps.append(self._step)
        if len(steps) == 3:
            signal_stop.append(True)
        return real(self)

    signal_stop: list[bool] = []
    monkeypatch.setattr(training_loop._Loop, "_train_step", step)
    monkeypatch.setattr(
        training_loop.StopFlag, "is_set", property(lambda self: bool(signal_stop and signal_stop.pop()))
    )
    result = desk.run()
    assert result.exit_code == 130
    assert "semantic: stopped after step 3 and saved; the same command goes on" in result.output
    assert not (desk.folder / "speakers").exists()
    result = desk.run()
    assert result.exit_code == 0
    assert "semantic: going on from step 3" in result.output
    assert steps[:4] == [0, 1, 2, 3]


def test_review_stops_after_the_report_and_what_is_corrected_counts(desk) -> None:
    desk.put(16, "wavs/00b.wav|anna|EN|")
    shutil.copy(desk.folder / "in/wavs/00.wav", desk.folder / "in/wavs/00b.wav")
    result = desk.run("--review")
    assert result.exit_code == 0
    assert "00b.wav: the same sound as 00.wav" in result.output
    assert "00b.wav: no text: write the words into the list" in result.output
    assert not (desk.work / "4-features").exists()
    review = desk.work / "review.list"
    lines = review.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 17
    review.write_text("\n".join(lines[:-2]) + "\n", encoding="utf-8")
    assert "15 clips" in desk.run("--review").output
    assert len(review.read_text(encoding="utf-8").splitlines()) == 15, "corrections stay"
    desk.put(17)
    assert "review.list is of other recordings" in desk.run("--review").output


def test_bad_data_is_named_and_nothing_is_trained(desk) -> None:
    wavs = desk.folder / "in/wavs"
    record(wavs / "silent.wav", np.zeros(4 * RATE))
    record(wavs / "clipped.wav", np.clip(9 * hum(4, seed=1), -0.8, 0.8))
    record(wavs / "label.wav", hum(4, seed=2))
    record(wavs / "text.wav", hum(4, seed=3))
    record(wavs / "wordless.wav", hum(4, seed=4))
    desk.put(
        1,
        f"wavs/silent.wav|anna|EN|{TEXT}",
        f"wavs/clipped.wav|anna|EN|{TEXT}",
        "wavs/label.wav|anna|EN|今天的风很舒服，我们走走吧。",
        "wavs/wordless.wav|anna|EN|",
        f"wavs/text.wav|anna|EN|{TEXT * 4}",
        sec=3,
    )
    result = desk.run()
    assert result.exit_code == 1
    for name, reason in {
        "silent": "silent",
        "clipped": "clipped",
        "label": "labelled en, but",
        "text": "the text does not match",
        "wordless": "no text: write the words into the list",
    }.items():
        assert f"{name}.wav: {reason}" in result.output
    assert "only 3 s can be trained on" in result.output
    assert "nothing was trained" in result.output
    assert not (desk.work / "4-features").exists()
    assert json.loads((desk.work / "report.json").read_text())["num_good"] == 1
    assert (desk.work / "report.txt").is_file()


def test_too_full_a_disk_is_told_before_anything_begins(desk, monkeypatch) -> None:
    desk.put(1)
    monkeypatch.setattr(disk_space.shutil, "disk_usage", lambda path: SimpleNamespace(free=1_000_000))
    result = desk.run("--progress", "json")
    assert result.exit_code == 1
    assert "not enough room on its disk: about " in result.stderr
    assert json.loads(result.stderr.splitlines()[0])["event"] == "failed"
    assert not desk.work.exists()


def test_recordings_without_a_list_are_cut_but_need_words(desk, monkeypatch) -> None:
    monkeypatch.setattr("tts.finetune.__main__.find_transcriber", lambda *args, **options: None)
    record(desk.folder / "in/long.wav", np.concatenate([hum(6, seed=1), np.zeros(RATE), hum(6, seed=2)]))
    result = desk.run()
    assert result.exit_code == 1
    assert "no recogniser is installed: put a .list file" in result.output
    assert len(list((desk.work / "1-clips").glob("001-long-*.wav"))) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--name", "../x"), "must be a plain name"),
        (("--max-clip-sec", "1"), "max length >= min length"),
        (("--semantic-epochs", "0"), "num_epochs must be 1 or more"),
        (("--acoustic-base", "{models}/voice.pth"), "no posterior encoder: it is a finished voice"),
        (("--acoustic-base", "{models}/s1.ckpt"), "no SoVITS file"),
        (("--list", "in/other.list"), "unknown language 'XX'"),
    ],
)
def test_what_cannot_be_is_said_at_once(desk, options, message) -> None:
    desk.put(1)
    (desk.folder / "in/other.list").write_text("a.wav|x|XX|text\n")
    if message.startswith("unknown"):
        (desk.folder / "in/anna.list").unlink()
    else:
        (desk.folder / "in/other.list").unlink()
    result = desk.run(*(option.format(models=desk.models) for option in options))
    assert result.exit_code == 1
    assert message in result.output
    assert not (desk.work / "4-features").exists()


def test_folders_without_recordings_say_what_is_missing(desk) -> None:
    assert "there is no such folder" in desk.run().output
    (desk.folder / "in").mkdir()
    (desk.folder / "in/a.mp3").write_bytes(b"")
    assert "1 files are in other formats: convert them to WAV" in desk.run().output
    for name in ("a", "b"):
        (desk.folder / f"in/{name}.list").write_text("")
    assert "several lists (a.list, b.list); name one with --list" in desk.run().output


def test_kept_epochs_are_found_by_number(tmp_path) -> None:
    for name in ("epoch-004.pth", "epoch-012.pth", "manifest.json", "epoch-x.pth"):
        (tmp_path / name).write_bytes(b"")
    assert epochs.kept_epochs(tmp_path) == {4: tmp_path / "epoch-004.pth", 12: tmp_path / "epoch-012.pth"}
    assert epochs.kept_path(tmp_path, 26, 13, ".pth") == tmp_path / "epoch-002.pth"
    plan = epochs.EpochPlan(num_epochs=8, keep_every=4, batch_size=8, learning_rate=1e-4)
    assert plan.loop(20).num_steps == 8 * 13
    assert plan.loop(400).num_steps == 8 * 50
