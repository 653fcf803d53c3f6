"""References: what comes out, and clear words for recordings that will not do."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from demo.make_acoustic_checkpoint import write_hubert, write_reference, write_speaker_net
from tts.audio import BadAudio
from tts.checkpoint import BadCheckpoint
from tts.reference import ReferenceEncoder
from tts.versions import VERSIONS

V2, PRO = VERSIONS["v2"], VERSIONS["v2Pro"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nets")
    write_hubert(folder / "hubert")
    write_speaker_net(folder / "net.ckpt")
    write_reference(folder / "reference.wav", seconds=4.0)
    return folder


@pytest.fixture(scope="module")
def encoder(folder: Path) -> ReferenceEncoder:
    return ReferenceEncoder(folder / "hubert", folder / "net.ckpt")


def write(path: Path, seconds: float, rate: int = 16_000, channels: int = 1, gain: float = 0.5) -> Path:
    samples = np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate) * gain
    soundfile.write(path, np.stack([samples] * channels, 1), rate, subtype="FLOAT")
    return path


def test_features_of_a_recording(encoder: ReferenceEncoder, folder: Path) -> None:
    reference = encoder.encode(folder / "reference.wav", PRO)
    assert reference.spectrogram.shape == (1, 1025, 200)
    assert reference.ssl.shape == (1, 229, 64)  # (64000 + 9600 - 80) / 320
    assert reference.speaker_embedding is not None
    assert reference.speaker_embedding.shape == (1, 1920)
    assert reference.duration_sec == 4.0
    assert reference.mel is None
    again = encoder.encode(folder / "reference.wav", V2)
    assert again.speaker_embedding is None
    assert torch.equal(again.ssl, reference.ssl)


@pytest.mark.parametrize(("name", "num_frames"), [("v3", 375), ("v4", 400)])
def test_flow_versions_get_the_mel_of_the_recording(
    encoder: ReferenceEncoder, folder: Path, name: str, num_frames: int
) -> None:
    mel = encoder.encode(folder / "reference.wav", VERSIONS[name]).mel
    assert mel is not None
    assert mel.shape == (1, 100, num_frames)
    assert mel.min() >= -0.94, "the logarithm's floor, in the range of the networks"
    assert mel.max() < 1.0
    assert mel.std() > 0.05
    assert encoder.encode_style(folder / "reference.wav", VERSIONS[name]).speaker_embedding is None


def test_rate_and_channels_hardly_matter(encoder: ReferenceEncoder, tmp_path: Path) -> None:
    mono = encoder.encode(write(tmp_path / "a.wav", 3.5, 32_000), V2)
    stereo = encoder.encode(write(tmp_path / "b.wav", 3.5, 44_100, channels=2), V2)
    assert mono.spectrogram.shape == stereo.spectrogram.shape
    error = (mono.spectrogram - stereo.spectrogram)[..., 2:-2].abs().max() / mono.spectrogram.max()
    assert float(error) < 0.02


def test_loud_recordings_are_limited(encoder: ReferenceEncoder, tmp_path: Path) -> None:
    full = encoder.encode(write(tmp_path / "a.wav", 3.0, 32_000, gain=1.0), V2)
    loud = encoder.encode(write(tmp_path / "b.wav", 3.0, 32_000, gain=1.6), V2)
    assert torch.allclose(full.spectrogram, loud.spectrogram, atol=1e-2)


@pytest.mark.parametrize("seconds", [3.0, 10.0])
def test_the_limits_themselves_are_valid(encoder: ReferenceEncoder, tmp_path: Path, seconds: float) -> None:
    assert encoder.encode(write(tmp_path / "a.wav", seconds), V2).duration_sec == seconds


@pytest.mark.parametrize(
    ("seconds", "match"),
    [
        (2.9, r"a\.wav: 2\.90 s long; a reference of 3 to 10 s"),
        (10.25, r"a\.wav: 10\.25 s long; at most 10 s"),
    ],
)
def test_wrong_lengths_are_measured(
    encoder: ReferenceEncoder, tmp_path: Path, seconds: float, match: str
) -> None:
    with pytest.raises(BadAudio, match=match):
        encoder.encode(write(tmp_path / "a.wav", seconds), V2)


def test_silence_and_no_file_are_refused(encoder: ReferenceEncoder, tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match="silent"):
        encoder.encode(write(tmp_path / "a.wav", 4, gain=0.0), V2)
    with pytest.raises(BadAudio, match="no such file"):
        encoder.encode(tmp_path / "none.wav", V2)


def test_further_references_may_be_short_or_long(encoder: ReferenceEncoder, tmp_path: Path) -> None:
    for seconds in (0.5, 12.0):
        style = encoder.encode_style(write(tmp_path / "a.wav", seconds), V2)
        assert style.spectrogram.shape == (1, 1025, int(seconds * 50))
    with pytest.raises(BadAudio, match=r"0\.5 to 60 s"):
        encoder.encode_style(write(tmp_path / "a.wav", 0.4), V2)


def test_pro_voices_need_a_speaker_net(folder: Path) -> None:
    encoder = ReferenceEncoder(folder / "hubert")
    with pytest.raises(BadCheckpoint, match="v2Pro voice needs the speaker net"):
        encoder.encode(folder / "reference.wav", PRO)


def test_a_folder_without_hubert_is_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(BadCheckpoint, match=r"no config\.json"):
        ReferenceEncoder(tmp_path)
    (tmp_path / "config.json").write_bytes((folder / "hubert/config.json").read_bytes())
    with pytest.raises(BadCheckpoint, match="no HuBERT model, damaged or incomplete"):
        ReferenceEncoder(tmp_path)
