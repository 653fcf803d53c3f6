"""Pieces of clips: sound in step with its tokens, another recording as reference, misfits named."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.tts.finetune.acoustic_cases import NUM_CODES, hum, tiny_networks
from tts.finetune.acoustic_batches import AcousticBatches
from tts.finetune.acoustic_settings import AUTOENCODER
from tts.finetune.errors import BadRecordings
from tts.finetune.features import SAMPLES_PER_TOKEN, ClipFeatures

SETTINGS = replace(AUTOENCODER, window_tokens=14, segment_frames=10, reference_frames=30)


def counted(length: int, number: int) -> ClipFeatures:
    """A clip in which every sample says which clip and which token it belongs to."""
    tokens = np.arange(length) % NUM_CODES
    waveform = np.repeat(100 * number + np.arange(length), SAMPLES_PER_TOKEN).astype(np.float32)
    return replace(
        hum(seed=number), name=f"clip {number}", tokens=tokens, waveform=waveform[: -SAMPLES_PER_TOKEN // 2]
    )


CLIPS = [counted(20, 1), counted(31, 2), counted(25, 3), counted(17, 4)]


def make(clips=CLIPS, version: str = "v2", speakers=None, settings=SETTINGS) -> AcousticBatches:
    return AcousticBatches(clips, tiny_networks(version).model, settings, speakers)


def test_sound_and_tokens_are_of_the_same_time() -> None:
    batches = make()
    starts = set()
    for step in range(20):
        batch = batches.draw(step, 2, seed=0)
        assert batch.tokens.shape == (2, 14)
        assert batch.waveform.shape == (2, 14 * SAMPLES_PER_TOKEN)
        for tokens, waveform in zip(batch.tokens, batch.waveform, strict=True):
            first = waveform.view(14, SAMPLES_PER_TOKEN)[:, 0]
            assert torch.equal(first % 100, tokens.float())
            starts.add(int(tokens[0]))
        assert bool((batch.segment_starts + batch.num_segment_frames <= 28).all())
    assert 0 in starts
    assert len(starts) > 8


def test_the_reference_is_another_recording_of_the_speaker() -> None:
    speakers = ["a", "b", "a", "b"]
    own = {1: {1, 3}, 3: {1, 3}, 2: {2, 4}, 4: {2, 4}}
    batches = make(speakers=speakers)
    for step in range(20):
        batch = batches.draw(step, 4, seed=1)
        for piece, reference in zip(batch.waveform, batch.reference, strict=True):
            spoken, other = int(piece[0]) // 100, int(reference[0]) // 100
            assert other in own[spoken] - {spoken}
    assert batch.reference.shape[1] == 30 * 640


def test_one_clip_alone_is_its_own_reference_as_are_all_on_request() -> None:
    alone = make([CLIPS[0]]).draw(0, 1, seed=0)
    assert int(alone.reference[0, 0]) // 100 == 1
    batch = make(settings=replace(SETTINGS, has_own_reference=True)).draw(0, 4, seed=0)
    assert torch.equal(batch.reference[:, 0] // 100, batch.waveform[:, 0] // 100)


def test_same_step_same_batch() -> None:
    first, again, other = (make().draw(step, 3, seed=5) for step in (4, 4, 5))
    assert torch.equal(first.waveform, again.waveform)
    assert torch.equal(first.reference, again.reference)
    assert torch.equal(first.segment_starts, again.segment_starts)
    assert not torch.equal(first.waveform, other.waveform)


def test_a_short_clip_shortens_the_window_and_the_last_token_is_filled_with_silence() -> None:
    settings = replace(SETTINGS, window_tokens=100, segment_frames=1000)
    batch = make(settings=settings).draw(0, 4, seed=0)
    assert batch.tokens.shape == (4, 17)
    assert batch.num_segment_frames == 34
    whole = batch.waveform[batch.waveform[:, 0] == 400][0]
    assert bool((whole[-SAMPLES_PER_TOKEN // 2 :] == 0).all())
    assert int(whole[-SAMPLES_PER_TOKEN // 2 - 1]) == 416


def test_texts_are_filled_up_and_marked() -> None:
    batch = make().draw(0, 4, seed=0)
    for row, is_phone, piece in zip(batch.phones, batch.is_phone, batch.waveform, strict=True):
        phones = CLIPS[int(piece[0]) // 100 - 1].phones
        assert row[is_phone].tolist() == phones.tolist()
        assert bool((row[~is_phone] == 0).all())


def test_pro_models_get_the_references_embedding() -> None:
    batch = make(version="v2Pro", settings=replace(SETTINGS, has_own_reference=True)).draw(0, 4, seed=0)
    assert batch.speaker_embedding is not None
    for embedding, piece in zip(batch.speaker_embedding, batch.waveform, strict=True):
        expected = CLIPS[int(piece[0]) // 100 - 1].speaker_embedding
        assert torch.equal(embedding, torch.as_tensor(expected))
    assert make().draw(0, 4, seed=0).speaker_embedding is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": np.arange(11)}, "11 tokens; at least 12"),
        ({"tokens": np.full(20, NUM_CODES)}, "tokens must be from 0 to 31"),
        ({"phones": np.array([732])}, "phones must be .* 0 to 731"),
        ({"phones": np.zeros(0, np.int64)}, "phones must be"),
        ({"waveform": np.zeros(18 * SAMPLES_PER_TOKEN, np.float32)}, "samples are too few for 20 tokens"),
        ({"speaker_embedding": None}, "speaker embedding of 6"),
    ],
)
def test_misfits_are_named(change: dict, message: str) -> None:
    bad = replace(CLIPS[0], name="bad one", **change)
    with pytest.raises(BadRecordings, match=f"bad one: .*{message}"):
        make([CLIPS[1], bad], version="v2Pro")


def test_no_clips_and_wrong_speakers_are_refused() -> None:
    with pytest.raises(BadRecordings, match="no clip"):
        make([])
    with pytest.raises(ValueError, match="2 speakers for 4 clips"):
        make(speakers=["a", "b"])
