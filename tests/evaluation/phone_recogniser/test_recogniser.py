import random

import numpy as np
import pytest
import torch

from evaluation.phone_recogniser.hearing import NUM_FEATURES, features
from evaluation.phone_recogniser.network import PhoneNetwork, Sizes
from evaluation.phone_recogniser.recogniser import NoRecogniser, PhoneRecogniser
from evaluation.phone_recogniser.speech import Utterance
from evaluation.phone_recogniser.training import SpeechBatches, Student, disturbed
from evaluation.phone_recogniser.voices import JUDGED, draw_voice

RATE_HZ = 16_000
LABELS = ("AH", "S", "a1", "a4")
# What the sounds of this test's language are like: low or high, and how long.
SOUNDS = {"AH": 300, "S": 4000, "a1": 1000, "a4": 2000}


def tones(labels: tuple[str, ...]) -> np.ndarray:
    pieces = []
    for label in labels:
        time = np.arange(RATE_HZ // 8) / RATE_HZ
        pieces += [np.sin(2 * np.pi * SOUNDS[label] * time), np.zeros(RATE_HZ // 25)]
    return np.concatenate(pieces).astype(np.float32) * 0.3


def spoken(labels: tuple[str, ...]) -> Utterance:
    return Utterance(features(tones(labels), RATE_HZ).numpy().astype(np.float16), labels, "x:y")


def tiny(dropout: float = 0.0) -> PhoneNetwork:
    torch.manual_seed(0)
    return PhoneNetwork(Sizes(len(LABELS), width=32, num_blocks=1, kernel=5), dropout)


@pytest.fixture(scope="module")
def recogniser() -> PhoneRecogniser:
    """One that learned a language of four tones, as the real one learns: disturbed, in padded batches."""
    rng = np.random.default_rng(0)
    lines = [spoken(tuple(rng.choice(LABELS, rng.integers(2, 5)))) for _ in range(60)]
    batches = SpeechBatches(lines[10:], LABELS)
    student = Student(tiny(), LABELS, lines[:10], num_steps=250)
    for step in range(250):
        student.train_step(batches.draw(step, 6, 0))
    assert student.evaluate()["error"] < 0.1
    with student.finished() as network:
        return PhoneRecogniser(network, LABELS, ["x:y"])


def test_it_hears_what_it_learned_and_only_in_the_languages_asked_for(recogniser):
    samples = tones(("S", "AH", "a4", "S"))
    assert recogniser.recognise(samples, RATE_HZ, ("en", "zh")) == (
        ["S", "AH", "a4", "S"],
        ["S", "AH", "a", "S"],
    )
    assert set(recogniser.recognise(samples, RATE_HZ, ("zh",))[0]) <= {"a1", "a4"}


def test_loudness_changes_nothing(recogniser):
    samples = tones(("S", "AH", "a4"))
    assert recogniser.recognise(samples * 0.02, RATE_HZ, ("en", "zh"))[0] == ["S", "AH", "a4"]


def test_nearly_nothing_is_no_error(recogniser):
    for num_samples in (0, 1, 500):
        recogniser.recognise(np.zeros(num_samples, np.float32), RATE_HZ, ("en",))


def test_the_file_holds_all_of_it(recogniser, tmp_path):
    recogniser.save(tmp_path / "x.safetensors")
    again = PhoneRecogniser.load(tmp_path / "x.safetensors")
    assert again.voices == ("x:y",)
    samples = tones(("AH", "a1", "S"))
    assert again.recognise(samples, RATE_HZ, ("en", "zh")) == recogniser.recognise(
        samples, RATE_HZ, ("en", "zh")
    )


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "bad").write_bytes(b"not a safetensors file")
    with pytest.raises(NoRecogniser, match="bad"):
        PhoneRecogniser.load(tmp_path / "bad")


def test_that_one_judges_which_never_heard_the_voice(recogniser, tmp_path):
    with pytest.raises(NoRecogniser, match=r"python -m evaluation\.phone_recogniser"):
        PhoneRecogniser.find(["x:y"], tmp_path)
    recogniser.save(tmp_path / "a.safetensors")
    assert PhoneRecogniser.find(["x:y"], tmp_path).voices == ("x:y",)
    recogniser.voices = ("z:z",)
    recogniser.save(tmp_path / "b.safetensors")
    recogniser.voices = ("x:y",)
    assert PhoneRecogniser.find(["x:y"], tmp_path).voices == ("z:z",)
    assert PhoneRecogniser.find(["a:a", "z:z"], tmp_path).voices == ("x:y",)
    assert PhoneRecogniser.find([], tmp_path).voices == ("x:y",)


def test_a_line_comes_out_the_same_alone_and_in_a_padded_batch():
    network = tiny().eval()
    short, long = torch.randn(40, NUM_FEATURES), torch.randn(100, NUM_FEATURES)
    padded = torch.nn.utils.rnn.pad_sequence([short, long], batch_first=True)
    with torch.inference_mode():
        together, lengths = network(padded, torch.tensor([40, 100]))
        alone, _ = network(short[None], torch.tensor([40]))
    assert lengths.tolist() == [20, 50]
    torch.testing.assert_close(together[0, :20], alone[0], atol=1e-5, rtol=1e-4)


def test_disturbing_repeats_and_changes_something():
    heard = torch.randn(60, NUM_FEATURES)
    first, again, other = (
        disturbed(heard.clone(), torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert first.shape == heard.shape
    assert not torch.allclose(first, other)
    assert torch.isfinite(first).all()


def test_a_mandarin_voice_that_is_judged_is_never_drawn_and_an_english_one_has_its_own_judge():
    rng = random.Random(0)
    drawn = {draw_voice(language, rng).name for language in ("en", "zh") for _ in range(300)}
    for judged in JUDGED.values():
        assert not {teacher.name for teacher in judged if teacher.language == "zh"} & drawn
    assert "espeak-ng:en-us+f2" not in drawn
    assert JUDGED["one"][0] != JUDGED["two"][0]


def test_pitch_is_told_by_height_and_voicing():
    time = np.arange(RATE_HZ) / RATE_HZ
    glide = np.sin(2 * np.pi * np.cumsum(np.linspace(100, 200, RATE_HZ)) / RATE_HZ) * 0.2
    heard = features(np.concatenate([glide, 0 * time]).astype(np.float32), RATE_HZ)
    height, voicing = heard[:, -2], heard[:, -1]
    assert voicing[20:100].mean() > 0.95
    assert voicing[120:].sum() == height[120:].abs().sum() == 0
    assert height[20] < -1 < 1 < height[95]
    higher = features(np.sin(2 * np.pi * 300 * time).astype(np.float32), RATE_HZ)
    assert higher[20:90, -2].abs().max() < 0.2  # steady, and so at its mean
