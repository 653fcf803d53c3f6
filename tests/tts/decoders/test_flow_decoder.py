"""Laws of the flow decoder: chunks never change a bit, seams cannot be heard, wrong input is named."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.make_flow_checkpoint import make_flow_model, write_vocoder
from tts.checkpoint import BadCheckpoint
from tts.decoders.decoder import SampleStream, Spoken
from tts.decoders.flow_decoder import FlowConditioning, FlowDecoder
from tts.dsp import denormalize_mel
from tts.models.vocoders import Vocoder, read_vocoder
from tts.reference_features import Reference, Style
from tts.versions import VERSIONS, Version

TOKENS = [(37 * place) % 1024 for place in range(40)]
PHONES = [1, 50, 300, 7, 0, 9]
SPOKEN = Spoken(np.arange(12), np.arange(12))
LENGTHS = {"v3": [64, 64, 22], "v4": [64, 64, 32]}


def narrow(name: str) -> Version:
    """A version whose network sees so little at once that a short sentence takes several pieces."""
    version = VERSIONS[name]
    assert version.flow is not None
    return replace(version, flow=replace(version.flow, max_reference_frames=20, max_chunk_frames=84))


def reference(seed: int = 1) -> Reference:
    generator = torch.Generator().manual_seed(seed)
    return Reference(
        spectrogram=torch.rand(1, 1025, 60, generator=generator),
        ssl=torch.zeros(0),
        mel=torch.randn(1, 100, 50, generator=generator),
        duration_sec=1.2,
    )


@pytest.fixture(scope="module")
def vocoders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Vocoder]:
    folder = tmp_path_factory.mktemp("vocoders")
    for name in ("v3", "v4"):
        write_vocoder(folder / name, VERSIONS[name])
    return {name: read_vocoder(folder / name, VERSIONS[name]) for name in ("v3", "v4")}


@pytest.fixture(scope="module", params=["v3", "v4"])
def decoder(request: pytest.FixtureRequest, vocoders: dict[str, Vocoder]) -> FlowDecoder:
    return FlowDecoder(make_flow_model(narrow(request.param)), vocoders[request.param], num_steps=2)


@pytest.fixture(scope="module")
def voice(decoder: FlowDecoder) -> FlowConditioning:
    return decoder.condition([reference()], SPOKEN)


def join(stream: SampleStream, sizes: list[int]) -> np.ndarray:
    chunks: list[np.ndarray] = []
    while (chunk := stream.next_chunk(sizes[len(chunks) % len(sizes)])) is not None:
        chunks.append(chunk)
    return np.concatenate(chunks)


@pytest.fixture(scope="module")
def whole(decoder: FlowDecoder, voice: FlowConditioning) -> np.ndarray:
    return join(decoder.open(TOKENS, PHONES, voice, seed=4), [1000])


@settings(max_examples=3, deadline=None)
@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=4))
def test_chunk_sizes_never_change_a_bit(
    decoder: FlowDecoder, voice: FlowConditioning, whole: np.ndarray, sizes: list[int]
) -> None:
    assert np.array_equal(join(decoder.open(TOKENS, PHONES, voice, seed=4), sizes), whole)


def offline_mel(decoder: FlowDecoder, voice: FlowConditioning) -> list[torch.Tensor]:
    """The pieces of the mel."""
    mels, pieces = decoder.open(TOKENS, PHONES, voice, seed=4).mels, []
    while not mels.is_done:
        if (piece := mels.step()) is not None:
            pieces.append(denormalize_mel(piece))
    return pieces


def test_chunks_are_one_run_of_the_vocoder_over_the_whole_mel(
    decoder: FlowDecoder, voice: FlowConditioning, whole: np.ndarray
) -> None:
    pieces = offline_mel(decoder, voice)
    assert [piece.shape[2] for piece in pieces] == LENGTHS[decoder.version.name]
    with torch.inference_mode():
        offline = decoder.vocoder.open().push(torch.cat(pieces, dim=2), is_last=True)[0, 0].numpy()
    assert len(offline) == len(whole)
    assert np.abs(offline - whole).max() < 2e-6
    assert whole.std() > 1e-2


def test_seams_jump_no_more_than_the_rest(
    decoder: FlowDecoder, voice: FlowConditioning, whole: np.ndarray
) -> None:
    """Where pieces meet, where vocoder steps meet, and where chunks meet."""
    per_frame = decoder.vocoder.samples_per_frame
    seams = set(np.arange(32, len(whole) // per_frame, 32) * per_frame)
    seams |= set(np.cumsum(LENGTHS[decoder.version.name])[:-1] * per_frame)
    jumps = np.abs(np.diff(whole))
    at_seams = np.array([jumps[seam - 2 : seam + 1].max() for seam in seams])
    assert at_seams.max() <= np.delete(jumps, np.array(list(seams)) - 1).max()
    assert at_seams.mean() < 3 * jumps.mean()


def test_the_first_sound_comes_before_the_last_piece_is_begun(
    decoder: FlowDecoder, voice: FlowConditioning
) -> None:
    stream = decoder.open(TOKENS, PHONES, voice)
    chunks = [stream.next_chunk(4) for _ in range(3)]
    lengths = [len(chunk) for chunk in chunks if chunk is not None]
    assert lengths == [0, 0, 4 * decoder.vocoder.samples_per_frame], (
        "after two Euler steps of the first piece"
    )


def test_lengths_and_rates(decoder: FlowDecoder, voice: FlowConditioning) -> None:
    stream = decoder.open(TOKENS, PHONES, voice)
    expected = {"v3": (150, 93.75, 24000), "v4": (160, 100.0, 48000)}[decoder.version.name]
    per_frame = decoder.vocoder.samples_per_frame
    assert (stream.num_samples // per_frame, stream.frames_per_sec, decoder.sample_rate) == expected
    assert len(join(stream, [50])) == stream.num_samples
    assert stream.next_chunk(1) is None
    faster = decoder.open(TOKENS, PHONES, voice, speed_factor=2.0)
    assert faster.num_samples == pytest.approx(stream.num_samples / 2, abs=4 * per_frame)


def test_equal_seeds_repeat_and_others_differ(
    decoder: FlowDecoder, voice: FlowConditioning, whole: np.ndarray
) -> None:
    torch.manual_seed(99)
    assert np.array_equal(join(decoder.open(TOKENS, PHONES, voice, seed=4), [64]), whole)
    assert not np.array_equal(join(decoder.open(TOKENS, PHONES, voice, seed=5), [64]), whole)


def test_words_tokens_voices_and_steps_matter(
    decoder: FlowDecoder, voice: FlowConditioning, whole: np.ndarray
) -> None:
    def differs(**changed: object) -> bool:
        given = {"tokens": TOKENS, "phones": PHONES, "conditioning": voice, **changed}
        return bool(np.abs(join(decoder.open(**given, seed=4), [1000]) - whole).max() > 1e-3)  # type: ignore[arg-type]

    assert differs(phones=PHONES[::-1])
    assert differs(tokens=TOKENS[::-1])
    assert differs(conditioning=decoder.condition([reference(2)], SPOKEN))
    more = FlowDecoder(decoder.model, decoder.vocoder, num_steps=3)
    assert np.abs(join(more.open(TOKENS, PHONES, voice, seed=4), [1000]) - whole).max() > 1e-3


def test_the_usual_steps_are_those_for_a_chat(vocoders: dict[str, Vocoder], decoder: FlowDecoder) -> None:
    assert FlowDecoder(decoder.model, decoder.vocoder).num_steps == 8


def test_further_references_change_nothing(decoder: FlowDecoder, voice: FlowConditioning) -> None:
    other = Style(torch.rand(1, 1025, 40))
    assert torch.equal(decoder.condition([reference(), other], SPOKEN).ge, voice.ge)


def test_the_reference_is_no_longer_than_the_network_sees(
    decoder: FlowDecoder, voice: FlowConditioning
) -> None:
    assert voice.reference.mel.shape[2] == voice.reference.features.shape[2] == 20
    end = decoder.condition([reference()], Spoken(np.arange(4), np.arange(12))).reference
    assert end.mel.shape[2] == end.features.shape[2] == {"v3": 15, "v4": 16}[decoder.version.name]


def test_a_voice_needs_a_reference_with_its_mel_and_words(decoder: FlowDecoder) -> None:
    with pytest.raises(ValueError, match="needs a reference and its mel"):
        decoder.condition([], SPOKEN)
    with pytest.raises(ValueError, match="needs a reference and its mel"):
        decoder.condition([Style(torch.rand(1, 1025, 40))], SPOKEN)
    for spoken in (None, Spoken(np.zeros(0, np.int64), np.zeros(0, np.int64))):
        with pytest.raises(
            ValueError, match=r"a v[34] voice needs the words of its reference: give ref_text"
        ):
            decoder.condition([reference()], spoken)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"tokens": []}, "semantic tokens of shape"),
        ({"phones": []}, "phones of shape"),
        ({"tokens": [1024]}, "0 to 1023 is valid"),
        ({"phones": [732]}, "0 to 731 is valid"),
        ({"speed_factor": 9.0}, "speed_factor 9.0: 0.25 to 4.0"),
        ({"noise": np.zeros((100, 3), np.float32)}, r"noise of shape \(100, 3\); \(100, "),
    ],
)
def test_wrong_input_is_named(
    decoder: FlowDecoder, voice: FlowConditioning, changed: dict, match: str
) -> None:
    given = {"tokens": TOKENS, "phones": PHONES, "conditioning": voice, **changed}
    with pytest.raises(ValueError, match=match):
        decoder.open(**given)


def test_chunks_of_nothing_are_refused(decoder: FlowDecoder, voice: FlowConditioning) -> None:
    with pytest.raises(ValueError, match="num_frames 0"):
        decoder.open(TOKENS, PHONES, voice).next_chunk(0)


def test_a_vocoder_for_other_mels_is_refused(decoder: FlowDecoder) -> None:
    with pytest.raises(BadCheckpoint, match="makes 100 mel bands, its vocoder takes 80"):
        FlowDecoder(decoder.model, Vocoder(decoder.vocoder.model, num_mels=80))
