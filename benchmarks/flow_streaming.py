"""Whether streaming can be heard in v3 and v4, on small random models.

    python -m benchmarks.flow_streaming [--seconds 12] [--voice v4]

A voice of either version, and of either LoRA kind, speaks a sentence of several pieces, once in chunks and
once as one run of the vocoder over the whole mel. Told are the largest difference between the two, and the
largest jump from one sample to the next where chunks, vocoder steps or pieces of the mel meet, beside the
largest and the mean jump elsewhere.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import click
import numpy as np
import torch

from benchmarks.real_size_flow import sentence
from demo.all_versions import SSL_FOLDER, VOICES, speaker, write_voices
from tts.decoders.flow_decoder import STEP_FRAMES, FlowConditioning, FlowDecoder
from tts.dsp import denormalize_mel
from tts.pretrained import PretrainedModels
from tts.versions import VERSIONS
from tts.voice import VoiceLoader

CHUNK_FRAMES = (7, 40, 64)
FLOW_VOICES = tuple(name for name, version in VOICES.items() if VERSIONS[version].flow is not None)
SEED = 4

# Semantic tokens (T,) and phone ids (P,).
Said = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True)
class Jumps:
    """The steps from a sample to the next, as shares of full scale.

    Attributes:
        at_borders: the largest where something meets, one sample to either side included; 0 without borders.
        elsewhere: the largest of all others.
        mean: of all.
    """

    at_borders: float
    elsewhere: float
    mean: float


def jumps(samples: np.ndarray, borders: Iterable[int]) -> Jumps:
    """Measures jumps.

    Args:
        samples: float (N,).
        borders: numbers of the samples that come first behind a border, each 1 to N - 1.
    """
    sizes = np.abs(np.diff(samples))
    near = np.zeros(len(sizes), bool)
    for border in borders:
        near[max(0, border - 2) : border + 1] = True
    return Jumps(float(sizes[near].max(initial=0)), float(sizes[~near].max()), float(sizes.mean()))


def stream(decoder: FlowDecoder, voice: FlowConditioning, said: Said, chunk_frames: int) -> list[np.ndarray]:
    """The chunks that a client would get."""
    chunks, spoken = [], decoder.open(*said, voice, seed=SEED)
    while (chunk := spoken.next_chunk(chunk_frames)) is not None:
        if len(chunk):
            chunks.append(chunk)
    return chunks


@torch.inference_mode()
def offline(decoder: FlowDecoder, voice: FlowConditioning, said: Said) -> tuple[np.ndarray, list[int]]:
    """One run of the vocoder over the whole mel; and the frames of each of the mel's pieces."""
    mels, pieces = decoder.open(*said, voice, seed=SEED).mels, []
    while not mels.is_done:
        if (piece := mels.step()) is not None:
            pieces.append(denormalize_mel(piece))
    waveform = decoder.vocoder.open().push(torch.cat(pieces, dim=2), is_last=True)
    return waveform[0, 0].cpu().numpy(), [piece.shape[2] for piece in pieces]


def measure(name: str, decoder: FlowDecoder, voice: FlowConditioning, said: Said) -> None:
    """Prints the figures of one voice."""
    per_frame = decoder.vocoder.samples_per_frame
    whole, pieces = offline(decoder, voice, said)
    click.echo(f"{name:8} {len(whole) / decoder.sample_rate:.2f} s, mel in {len(pieces)} pieces: {pieces}")
    seams = np.cumsum(pieces)[:-1] * per_frame
    steps = np.arange(STEP_FRAMES, sum(pieces), STEP_FRAMES) * per_frame
    streams = {frames: stream(decoder, voice, said, frames) for frames in CHUNK_FRAMES}
    joined = {frames: np.concatenate(chunks) for frames, chunks in streams.items()}
    for frames, chunks in streams.items():
        samples = joined[frames]
        found = jumps(samples, np.cumsum([len(chunk) for chunk in chunks])[:-1])
        difference = np.abs(samples - whole).max() if len(samples) == len(whole) else np.inf
        click.echo(
            f"  {len(chunks):3} chunks of {frames} frames: from offline {difference:.1e} at most; "
            f"jumps at borders {found.at_borders:.3f}, elsewhere {found.elsewhere:.3f}, mean {found.mean:.3f}"
        )
    for what, borders in {"mel pieces": seams, "vocoder steps": steps}.items():
        found = jumps(whole, borders)
        click.echo(f"  jumps where {what} meet {found.at_borders:.3f}, elsewhere {found.elsewhere:.3f}")
    first, *others = joined.values()
    are_equal = all(np.array_equal(first, other) for other in others)
    click.echo(f"  {'the same bits' if are_equal else 'OTHER BITS'} whatever the size of the chunks")


@click.command()
@click.option("--seconds", default=12.0, show_default=True, help="Length of the sentence.")
@click.option("--voice", "names", type=click.Choice(FLOW_VOICES), multiple=True, default=FLOW_VOICES)
def main(seconds: float, names: tuple[str, ...]) -> None:
    """Streams random voices of v3 and v4 and compares with offline."""
    said = sentence(seconds)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_voices(folder)
        loader = VoiceLoader(ssl_model=folder / SSL_FOLDER, pretrained=PretrainedModels(folder))
        for name in names:
            voice = loader.load(speaker(folder, name))
            measure(name, cast(FlowDecoder, voice.decoder), voice.conditioning, said)


if __name__ == "__main__":
    main()
