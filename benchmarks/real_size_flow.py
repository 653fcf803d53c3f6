"""Full-size v3 and v4 voices with random weights: do they load and speak here, how fast, in how much memory?

    python -m benchmarks.real_size_flow [--version v3] [--seconds 2] [--threads 2] [--device cuda]

The work of a sentence is one run of the text encoder, some Euler steps over [reference | sentence], and the
vocoder. Each is measured by itself; the real-time factors of other numbers of steps follow from the time of
one step. At the first number of steps the sentence is also spoken as a whole.
"""

from __future__ import annotations

import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import click
import numpy as np
import torch

from demo.make_acoustic_checkpoint import PRESETS, write_hubert, write_reference
from demo.make_flow_checkpoint import write_flow_model, write_vocoder
from demo.make_semantic_checkpoint import REAL, make_semantic
from speakers.speaker import Speaker
from tts.decoders.decoder import Decoder
from tts.decoders.flow_decoder import FlowConditioning, FlowDecoder
from tts.pretrained import PretrainedModels
from tts.versions import VERSIONS, Version
from tts.voice import Voice, VoiceLoader

TOKENS_PER_SEC = 25
NUM_STEPS = (4, 8, 16, 32)
CHUNK_SEC = 0.64


@dataclass(frozen=True)
class Times:
    """Seconds that the parts of one sentence take, and seconds of its sound."""

    encode_sec: float
    step_sec: float
    vocoder_sec: float
    sound_sec: float

    def real_time_factor(self, num_steps: int) -> float:
        """Of the whole sentence."""
        return (self.encode_sec + num_steps * self.step_sec + self.vocoder_sec) / self.sound_sec


def make_voice(folder: Path, version: Version, device: str) -> Voice:
    """Writes a full-size voice in upstream's layout and loads it the way the server does."""
    models = PretrainedModels(folder)
    vocoder, base = models.place(f"vocoder-{version.vocoder}"), models.place(f"acoustic-{version.name}")
    base.parent.mkdir(parents=True, exist_ok=True)
    write_flow_model(base, version, "real")
    write_vocoder(vocoder, version, "real")
    make_semantic(folder / "semantic.ckpt", REAL)
    write_hubert(folder / "ssl", PRESETS["real"])
    write_reference(folder / "reference.wav", seconds=3.2)
    keys = {"gpt_model": "semantic.ckpt", "sovits_model": str(base), "ref_audio": "reference.wav"}
    languages = {"ref_text": "今天天气不错。", "ref_language": "zh", "target_language": "zh"}
    speaker = Speaker.from_dict({**keys, **languages}, name=f"real-size {version.name}", folder=folder)
    start = time.perf_counter()
    voice = VoiceLoader(ssl_model=folder / "ssl", pretrained=models, device=device).load(speaker)
    click.echo(f"loaded in {time.perf_counter() - start:.1f} s")
    return voice


def sentence(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Random tokens and phones."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 1024, round(seconds * TOKENS_PER_SEC)), rng.integers(1, 700, round(5 * seconds))


def measure(decoder: FlowDecoder, conditioning: FlowConditioning, seconds: float) -> Times:
    """Times each part once, after one of everything to warm up."""
    tokens, phones = sentence(seconds)
    start = time.perf_counter()
    mels = decoder.open(tokens, phones, conditioning).mels
    encode_sec = time.perf_counter() - start
    mels.step()
    start = time.perf_counter()
    mels.step()
    _wait(decoder)
    step_sec = time.perf_counter() - start
    mel = torch.randn(1, decoder.vocoder.num_mels, mels.num_frames, device=decoder.device)
    start = time.perf_counter()
    with torch.inference_mode():
        decoder.vocoder.open().push(mel, is_last=True)
    _wait(decoder)
    return Times(encode_sec, step_sec, time.perf_counter() - start, mels.num_frames / decoder.frames_per_sec)


def _wait(decoder: FlowDecoder) -> None:
    if decoder.device.type == "cuda":
        torch.cuda.synchronize()


def speak(decoder: Decoder, conditioning: FlowConditioning, seconds: float) -> tuple[float, float, float]:
    """Speaks a sentence: seconds until the first sound, until the last, and of sound."""
    start, first_sec, num_samples = time.perf_counter(), 0.0, 0
    stream = decoder.open(*sentence(seconds), conditioning)
    while (chunk := stream.next_chunk(round(CHUNK_SEC * stream.frames_per_sec))) is not None:
        if len(chunk) and not num_samples:
            first_sec = time.perf_counter() - start
        num_samples += len(chunk)
    return first_sec, time.perf_counter() - start, num_samples / decoder.sample_rate


def weight_gb(voice: Voice) -> dict[str, float]:
    """Gigabytes of each network."""
    names = ("semantic", "mel", "vocoder")
    modules = (voice.semantic, *voice.decoder.modules)
    return {
        name: sum(tensor.nbytes for tensor in module.state_dict().values()) / 1e9
        for name, module in zip(names, modules, strict=True)
    }


@click.command()
@click.option("--version", "version_name", type=click.Choice(["v3", "v4"]), default="v3", show_default=True)
@click.option("--seconds", default=2.0, show_default=True, help="Length of the sentence.")
@click.option("--threads", default=0, show_default="torch's choice", help="CPU threads of a model step.")
@click.option("--device", default="cpu", show_default=True)
def main(version_name: str, seconds: float, threads: int, device: str) -> None:
    """Runs a full-size voice once and prints its speed and memory."""
    if threads:
        torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        voice = make_voice(Path(folder), VERSIONS[version_name], device)
    decoder, conditioning = cast(FlowDecoder, voice.decoder), voice.conditioning
    times = measure(decoder, conditioning, seconds)
    num_reference = conditioning.reference.mel.shape[2]
    weights = ", ".join(f"{name} {size:.2f}" for name, size in weight_gb(voice).items())
    click.echo(f"weights           {weights} GB")
    click.echo(f"one Euler step    {times.step_sec:.2f} s ({num_reference} frames of reference before it)")
    click.echo(f"text encoder      {times.encode_sec:.2f} s, vocoder {times.vocoder_sec:.2f} s")
    for num_steps in NUM_STEPS:
        click.echo(f"{num_steps:2} steps          real-time factor {times.real_time_factor(num_steps):.2f}")
    few = FlowDecoder(decoder.model, decoder.vocoder, num_steps=NUM_STEPS[0], device=device)
    first_sec, whole_sec, sound_sec = speak(few, conditioning, seconds)
    click.echo(
        f"spoken            {sound_sec:.2f} s at {decoder.sample_rate} Hz in {whole_sec:.2f} s with "
        f"{NUM_STEPS[0]} steps, the first sound after {first_sec:.2f} s"
    )
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    click.echo(f"memory            {peak_gb:.2f} GB at most, {torch.get_num_threads()} threads")


if __name__ == "__main__":
    main()
