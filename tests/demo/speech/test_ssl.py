"""The SSL encoder: what it is taught on, what its quantizer makes of it, and that the engine reads it."""

import numpy as np
import pytest
import torch

from demo.speech.labels import label_ids, labels, phones
from demo.speech.recording import FRAME_SAMPLES, Recording, Run
from demo.speech.shards import ShardClip, ShardWriter, read_shards
from demo.speech.ssl_batches import WINDOW_FRAMES, SslBatches, num_frames
from demo.speech.ssl_evaluation import measure
from demo.speech.ssl_model import SSL_DIM, SslModel, load_head, make_quantizer
from demo.speech.tokens import code_table, frame_features, label_parts
from demo.speech.train_ssl import SslTrainee
from tts.models.hubert import HubertEncoder


def make_clips(folder, lengths=(90, 150, 200), seed=0) -> list[ShardClip]:
    """Clips of random sounds of 3 frames each; the samples of every frame are the number of its label."""
    random = np.random.default_rng(seed)
    phone_of = label_parts()[0]
    has_token = code_table().of_phones[phone_of][:, phone_of] >= 0
    writer = ShardWriter(folder, 0)
    for length in lengths:
        ids = [0]
        while len(ids) < length // 3:
            ids.append(int(random.choice(np.flatnonzero(has_token[ids[-1]]))))
        runs = tuple(
            Run(labels()[label], 3 + (place == 0) * (length % 3), 0) for place, label in enumerate(ids)
        )
        samples = np.repeat(
            [label_ids()[run.label] for run in runs for _ in range(run.frames)], FRAME_SAMPLES
        )
        writer.add("random", "", "en", np.array([1]), Recording(samples.astype(np.int16), runs))
    writer.write()
    return read_shards(folder)


def perfect_head() -> torch.nn.Linear:
    head = torch.nn.Linear(SSL_DIM, frame_features())
    head.load_state_dict(
        {"weight": torch.eye(SSL_DIM)[: frame_features()], "bias": torch.zeros(frame_features())}
    )
    return head


def perfect_features(frames: np.ndarray) -> torch.Tensor:
    """Log-probabilities of one who is sure: (1, T, SSL_DIM)."""
    phone_of, tone_of = label_parts()
    features = torch.zeros(1, len(frames), SSL_DIM)
    features[..., : frame_features()] = -9
    places = torch.arange(len(frames))
    features[0, places, torch.from_numpy(phone_of[frames])] = 0
    features[0, places, len(phones()) + torch.from_numpy(tone_of[frames])] = 0
    return features


def test_a_sure_encoder_gives_the_tokens_of_the_labels(tmp_path):
    quantizer = make_quantizer(perfect_head())
    table = code_table()
    sounds = np.concatenate([table.pure, [label_ids()["pau"]]])
    frames = np.repeat(sounds, 4)
    tokens = quantizer.encode(quantizer.project(perfect_features(frames)))
    np.testing.assert_array_equal(tokens.numpy(), table.encode(frames))


def test_every_mixed_token_is_the_nearest_to_its_own_two_sounds():
    quantizer = make_quantizer(perfect_head())
    table = code_table()
    of_phone = {int(phone): label for label, phone in enumerate(label_parts()[0])}
    frames = np.array([[of_phone[int(first)], of_phone[int(second)]] for first, second in table.mixed])
    tokens = quantizer.encode(quantizer.project(perfect_features(frames.reshape(-1))))
    np.testing.assert_array_equal(tokens.numpy(), len(table.pure) + np.arange(len(table.mixed)))


def test_a_perfect_ear_scores_full_marks_and_a_deaf_one_few(tmp_path):
    clips = make_clips(tmp_path, (90, 150))
    heard = iter(clips)
    figures = measure(
        lambda samples: perfect_features(next(heard).labels), make_quantizer(perfect_head()), clips
    )
    assert figures["errors"] == 0
    assert figures["tones"] == 1
    assert figures["tokens"] == 1
    assert figures["phones"] == 1
    deaf = measure(
        lambda samples: perfect_features(np.zeros(400, np.int64)), make_quantizer(perfect_head()), clips
    )
    assert deaf["phones"] < 0.3
    assert deaf["errors"] > 0.8


def test_windows_are_repeatable_and_their_labels_lie_on_their_samples(tmp_path):
    clips = make_clips(tmp_path)
    batches = SslBatches([clips, clips[:2]])
    batch, again, other = batches.draw(3, 4, 0), batches.draw(3, 4, 0), batches.draw(4, 4, 0)
    assert torch.equal(batch.samples, again.samples)
    assert not torch.equal(batch.samples, other.samples)
    assert batch.samples.shape == (4, WINDOW_FRAMES * 320)
    assert batch.phones.shape == batch.tones.shape == (4, num_frames(WINDOW_FRAMES * 320))
    drawn = [batches.draw(step, 4, 0) for step in range(6)]
    is_silent = torch.cat(
        [(b.samples.reshape(4, -1, 320) == 0).all(2)[:, : b.phones.shape[1]] for b in drawn]
    )
    phone_ids = torch.cat([b.phones for b in drawn])
    assert is_silent.any()
    assert (phone_ids[is_silent] == 0).all()


def test_labels_lie_on_stretched_samples_too(tmp_path, monkeypatch):
    for name, value in {"NOISE_SHARE": 0, "SILENCE_SHARE": 0, "STRETCH_SHARE": 1, "GAIN_DB": 0}.items():
        monkeypatch.setattr(f"demo.speech.ssl_batches.{name}", value)
    batch = SslBatches([make_clips(tmp_path)]).draw(0, 8, 0)
    size = batch.phones.shape[1]
    # In the middle of a sound, away from the resampler's ringing at its ends.
    is_inside = (batch.phones[:, :-2] == batch.phones[:, 1:-1]) & (
        batch.phones[:, 2:] == batch.phones[:, 1:-1]
    )
    heard = batch.samples.reshape(8, -1, 320)[:, 1 : size - 1].mean(2)[is_inside] * 32768
    pairs = {
        (int(label), round(float(value)))
        for label, value in zip(batch.phones[:, 1:-1][is_inside], heard, strict=True)
    }
    phone_of = label_parts()[0]
    assert len(pairs) > 20
    assert all(phone_of[min(max(value, 0), len(phone_of) - 1)] == label for label, value in pairs)


def test_frames_are_as_many_as_the_encoder_makes():
    model = SslModel().eval()
    for size in (38_400, 16_080, 48_123):
        with torch.no_grad():
            phone_logits, tone_logits = model(torch.randn(1, size) * 0.1)
        assert phone_logits.shape == (1, num_frames(size), len(phones()))
        assert tone_logits.shape[1] == phone_logits.shape[1]


def test_training_learns_and_resumes_as_if_never_stopped(tmp_path):
    batches = SslBatches([make_clips(tmp_path)])
    trainee = SslTrainee(100, {})
    before = float(trainee.train_step(batches.draw(0, 1, 0))["phone"])
    for _ in range(4):
        after = float(trainee.train_step(batches.draw(0, 1, 0))["phone"])
    assert after < before
    twin = SslTrainee(100, {}, seed=5)
    twin.load_state_dict(trainee.state_dict())
    assert float(twin.train_step(batches.draw(1, 1, 0))["phone"]) == pytest.approx(
        float(trainee.train_step(batches.draw(1, 1, 0))["phone"])
    )


def test_the_engine_reads_what_is_saved(tmp_path):
    torch.manual_seed(0)
    model = SslModel().eval()
    model.save(tmp_path)
    encoder = HubertEncoder(tmp_path)
    samples = torch.randn(32_000) * 0.1
    assert encoder.dim == SSL_DIM
    with torch.no_grad():
        torch.testing.assert_close(
            encoder.raw_features(samples),
            model.encoder(samples[None]).last_hidden_state,
            atol=2e-3,
            rtol=1e-2,
        )
    torch.testing.assert_close(load_head(tmp_path).weight, model.head.weight)
