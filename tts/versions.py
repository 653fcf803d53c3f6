"""The facts that differ between the GPT-SoVITS model versions, one frozen row each, and how to tell versions.

Nothing here is a size of a network: sizes come from the config and the tensor shapes of each checkpoint.
Besides `tts/checkpoint.py` this is the only place that may compare versions; other code asks a `Version` row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_OLD_LANGUAGES = ("auto", "en", "zh", "ja", "all_zh", "all_ja")
_ALL_LANGUAGES = (*_OLD_LANGUAGES, "auto_yue", "yue", "ko", "all_yue", "all_ko")


class UnknownVersion(ValueError):
    """The version of a checkpoint cannot be told, or is told two ways at once."""


@dataclass(frozen=True, slots=True)
class FlowFacts:
    """What the flow-matching decoders (v3, v4) fix outside their weights. Frames are mel frames.

    Attributes:
        mel_sample_rate: rate in Hz of the audio the mel is taken from.
        mel_fft_samples: FFT and window length.
        mel_hop_samples: hop length.
        frames_per_token: mel frames of one semantic token (25 tokens per second) before rounding down.
        upsampling: factor from the text encoder's 50 Hz frames to mel frames.
        max_reference_frames: longest reference the network is given.
        max_chunk_frames: longest [reference | new] sequence the network is given.
        samples_per_frame: output samples the vocoder makes of one mel frame.
        default_steps: Euler steps when the speaker does not say: what is good for a chat. Upstream's
            interface takes 32 for v3, 8 for v4.
    """

    mel_sample_rate: int
    mel_fft_samples: int
    mel_hop_samples: int
    frames_per_token: float
    upsampling: float
    max_reference_frames: int
    max_chunk_frames: int
    samples_per_frame: int
    default_steps: int


@dataclass(frozen=True, slots=True)
class Version:
    """One row of facts about a model version.

    Attributes:
        name: as users know it: v1, v2, v2Pro, v2ProPlus, v3 or v4.
        symbols: which phone table the text side must use.
        num_symbols: number of entries of that table.
        languages: language modes the version was trained for, in upstream's words.
        decoder: `vits` makes the wave itself, `flow` makes a mel for a vocoder.
        style_bins: how many of the reference's 1025 spectrogram bins the style encoder sees.
        uses_speaker_embedding: whether a speaker vector (20480 values) is needed beside the spectrogram.
        needs_reference_text: whether speaking without the reference's text is impossible.
        sample_rate: output rate in Hz.
        vocoder: which separate vocoder is needed, if any.
        flow: facts of the flow decoder, None for `vits`.
    """

    name: str
    symbols: Literal["v1", "v2"]
    num_symbols: int
    languages: tuple[str, ...]
    decoder: Literal["vits", "flow"]
    style_bins: int
    uses_speaker_embedding: bool
    needs_reference_text: bool
    sample_rate: int
    vocoder: Literal["bigvgan", "hifigan"] | None = None
    flow: FlowFacts | None = None


def _vits(name: str, *, uses_speaker_embedding: bool = False) -> Version:
    return Version(
        name=name,
        symbols="v2",
        num_symbols=732,
        languages=_ALL_LANGUAGES,
        decoder="vits",
        style_bins=704,
        uses_speaker_embedding=uses_speaker_embedding,
        needs_reference_text=False,
        sample_rate=32000,
    )


def _flow(name: str, sample_rate: int, vocoder: Literal["bigvgan", "hifigan"], flow: FlowFacts) -> Version:
    return Version(
        name=name,
        symbols="v2",
        num_symbols=732,
        languages=_ALL_LANGUAGES,
        decoder="flow",
        style_bins=704,
        uses_speaker_embedding=False,
        needs_reference_text=True,
        sample_rate=sample_rate,
        vocoder=vocoder,
        flow=flow,
    )


V1 = Version(
    name="v1",
    symbols="v1",
    num_symbols=322,
    languages=_OLD_LANGUAGES,
    decoder="vits",
    style_bins=1025,
    uses_speaker_embedding=False,
    needs_reference_text=False,
    sample_rate=32000,
)
V3 = _flow(
    "v3",
    24000,
    "bigvgan",
    FlowFacts(
        mel_sample_rate=24000,
        mel_fft_samples=1024,
        mel_hop_samples=256,
        frames_per_token=3.875,
        upsampling=1.875,
        max_reference_frames=468,
        max_chunk_frames=934,
        samples_per_frame=256,
        default_steps=8,
    ),
)
V4 = _flow(
    "v4",
    48000,
    "hifigan",
    FlowFacts(
        mel_sample_rate=32000,
        mel_fft_samples=1280,
        mel_hop_samples=320,
        frames_per_token=4.0,
        upsampling=2.0,
        max_reference_frames=500,
        max_chunk_frames=1000,
        samples_per_frame=480,
        default_steps=8,
    ),
)

VERSIONS: Mapping[str, Version] = {
    row.name: row
    for row in (
        V1,
        _vits("v2"),
        _vits("v2Pro", uses_speaker_embedding=True),
        _vits("v2ProPlus", uses_speaker_embedding=True),
        V3,
        V4,
    )
}

# Upstream's savers put one of these over the "PK" at the start of the zip.
MARKS: Mapping[bytes, str] = {
    b"00": "v1",
    b"01": "v2",
    b"02": "v3",
    b"03": "v3",
    b"04": "v4",
    b"05": "v2Pro",
    b"06": "v2ProPlus",
}

# MD5 of the first 8192 bytes of the published base models, as upstream's table has them.
BASE_MODEL_MD5: Mapping[str, str] = {
    "dc3c97e17592963677a4a1681f30c653": "v1",
    "6642b37f3dbb1f76882b69937c95a5f3": "v2",
    "43797be674a37c1c83ee81081941ed0f": "v3",
    "4f26b9476d0c5033e04162c486074374": "v4",
    "c7e9fce2223f3db685cdfa1e6368728a": "v2Pro",
    "66b313e39455b57ab1b0bc0b239c9d0a": "v2ProPlus",
}

# Width of the first decoder convolution: the only published difference in shape between the two Pro versions.
_PRO_BY_DECODER_WIDTH = {512: "v2Pro", 768: "v2ProPlus"}


def valid_names() -> str:
    """Return the version names as a list for people."""
    return ", ".join(VERSIONS)


def find_version(
    shapes: Mapping[str, tuple[int, ...]], *, asked: str | None, hints: tuple[str | None, ...]
) -> Version:
    """Tell which version an s2 checkpoint is.

    The tensors decide as far as they can. Where several versions have the same tensors (v3 and v4; the two
    Pro versions at unusual widths) the caller's word decides, then the first hint that names one of them. A
    caller who contradicts that hint is wrong about the file: it would speak, and badly.

    Args:
        shapes: tensor name to shape.
        asked: what the caller says it is; must contradict neither the tensors nor the hint.
        hints: names in order of trust (mark at the start of the file, hash table, config), None where silent.
            A hint that contradicts the tensors is passed over.

    Raises:
        UnknownVersion: nothing decides, the caller contradicts the tensors, or this is no s2 checkpoint.
    """
    if asked is not None and asked not in VERSIONS:
        raise UnknownVersion(f"version {asked!r} does not exist; known are {valid_names()}")
    candidates = _candidates(shapes)
    named = next((hint for hint in hints if hint in candidates), None)
    if asked is not None:
        if asked not in candidates:
            raise UnknownVersion(f"its tensors are those of {' or '.join(candidates)}, not of {asked}")
        if named not in (None, asked):
            raise UnknownVersion(
                f"it says itself that it is a {named} file, but version = {asked} is given: take that away"
            )
        return VERSIONS[asked]
    if len(candidates) == 1:
        return VERSIONS[candidates[0]]
    if named is not None:
        return VERSIONS[named]
    raise UnknownVersion(
        f"its tensors fit {' and '.join(candidates)} alike and nothing in the file says which: "
        f"give version = one of {', '.join(candidates)}"
    )


def deciding_clue(shapes: Mapping[str, tuple[int, ...]], clues: Mapping[str, str | None]) -> str | None:
    """Say what tells the version of an s2 checkpoint whose caller says nothing: a word for people.

    Args:
        shapes: tensor name to shape.
        clues: what is a clue, in order of trust, to the version it names (see `find_version`, `hints`).

    Returns:
        "tensors", the name of a clue, or None if nothing decides.

    Raises:
        UnknownVersion: this is no s2 checkpoint.
    """
    candidates = _candidates(shapes)
    if len(candidates) == 1:
        return "tensors"
    return next((clue for clue, name in clues.items() if name in candidates), None)


def _candidates(shapes: Mapping[str, tuple[int, ...]]) -> tuple[str, ...]:
    """Return the versions the tensors allow (never empty)."""
    if any(name.startswith("cfm.") for name in shapes):
        return ("v3", "v4")
    text = shapes.get("enc_p.text_embedding.weight")
    if text is None or "ref_enc.spectral.0.fc.weight" not in shapes:
        raise UnknownVersion(
            "it holds no SoVITS model (no text encoder or no style encoder among its tensors)"
        )
    if "sv_emb.weight" in shapes:
        width = shapes.get("dec.conv_pre.weight", (0,))[0]
        name = _PRO_BY_DECODER_WIDTH.get(width)
        return (name,) if name else ("v2Pro", "v2ProPlus")
    by_symbols = {row.num_symbols: row.name for row in (V1, VERSIONS["v2"])}
    if text[0] not in by_symbols:
        raise UnknownVersion(
            f"its text encoder knows {text[0]} symbols; v1 has 322 and all later versions 732"
        )
    return (by_symbols[text[0]],)
