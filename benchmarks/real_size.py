"""Full-size GPT-SoVITS v2 models with random weights: do they load and speak here, and how fast?

    python -m benchmarks.real_size [--threads 2] [--device cuda]

Prints semantic tokens per second and the decoder's real-time factor, each beside the ceiling of this machine
measured in the same run: memory bandwidth for the first, which reads all its weights for every token, and
convolution arithmetic for the second.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch
from torch import nn

from demo.make_acoustic_checkpoint import PRESETS, write_acoustic_model, write_hubert, write_reference
from demo.make_semantic_checkpoint import REAL, make_semantic
from speakers.speaker import Speaker
from tts.semantic_decoding import SemanticRequest, generate
from tts.versions import VERSIONS
from tts.voice import Voice, VoiceLoader

TEXT = "今天的风很舒服，我们一起去海边走走吧，晚上再回来喝茶。"
TOKENS_PER_SEC = 25
NUM_TOKENS = 100


def best_sec(fn: Callable[[], object], device: torch.device, repeats: int = 3) -> float:
    """Shortest wall time of `fn` over some repeats."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        fn()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    return min(times)


def read_gb_per_sec(device: torch.device) -> float:
    """Memory bandwidth, from a matrix-vector product over 1 GB: what a decoding step is made of."""
    matrix = torch.ones(16384, 16384, device=device)
    vector = torch.ones(16384, device=device)
    return matrix.nbytes / 1e9 / best_sec(lambda: matrix @ vector, device)


def conv_gflop_per_sec(device: torch.device) -> float:
    """Arithmetic of a convolution like the decoder's widest ones."""
    conv = nn.Conv1d(256, 256, 11, padding=5).to(device)
    frames = torch.randn(1, 256, 4000, device=device)
    flop = 2 * 256 * 256 * 11 * 4000
    with torch.inference_mode():
        return flop / 1e9 / best_sec(lambda: conv(frames), device)


def make_voice(folder: Path, device: torch.device) -> Voice:
    """Writes a full-size v2 voice and loads it the way the server does."""
    preset = PRESETS["real"]
    make_semantic(folder / "semantic.ckpt", REAL, eos="never")
    write_acoustic_model(folder / "decoder.pth", VERSIONS["v2"], preset)
    write_hubert(folder / "ssl", preset)
    write_reference(folder / "reference.wav")
    keys = {"gpt_model": "semantic.ckpt", "sovits_model": "decoder.pth", "ref_audio": "reference.wav"}
    languages = {"ref_text": "今天天气不错。", "ref_language": "zh", "target_language": "zh"}
    speaker = Speaker.from_dict({**keys, **languages}, name="real-size", folder=folder)
    return VoiceLoader(ssl_model=folder / "ssl", device=device).load(speaker)


def speak(voice: Voice) -> tuple[float, float, float, float]:
    """Speaks one sentence: seconds of prefill, of a token, of the decoder, and seconds of sound."""
    read = voice.reader.read_target(TEXT, "zh")
    stamps: list[float] = []
    start = time.perf_counter()
    row = generate(
        voice.semantic,
        SemanticRequest(
            phones=np.concatenate([voice.reference.phones, read.phones]),
            bert=np.concatenate([voice.reference.bert, read.bert], axis=1),
            prompt=voice.prompt,
            sampling=voice.sampling,
            max_new_tokens=NUM_TOKENS,
        ),
        on_logits=lambda _: stamps.append(time.perf_counter()),
    )
    prefill_sec = stamps[0] - start
    token_sec = (stamps[-1] - stamps[0]) / (len(stamps) - 1)
    start = time.perf_counter()
    stream = voice.decoder.open(row.tokens, read.phones, voice.conditioning, seed=0)
    num_samples = 0
    while (chunk := stream.next_chunk(60)) is not None:
        num_samples += len(chunk)
    return prefill_sec, token_sec, time.perf_counter() - start, num_samples / voice.sample_rate


@click.command()
@click.option("--threads", default=0, show_default="torch's choice", help="CPU threads of a model step.")
@click.option("--device", "device_name", default="cpu", show_default=True)
def main(threads: int, device_name: str) -> None:
    """Runs the full-size models once and prints their speed."""
    device = torch.device(device_name)
    if threads:
        torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        voice = make_voice(Path(folder), device)
        click.echo(
            f"made and loaded in {time.perf_counter() - start:.1f} s, {torch.get_num_threads()} threads"
        )
        speak(voice)
        prefill_sec, token_sec, decode_sec, sound_sec = speak(voice)
    weight_gb = sum(p.nbytes for p in voice.semantic.parameters()) / 1e9
    bandwidth, arithmetic = read_gb_per_sec(device), conv_gflop_per_sec(device)
    floor_sec = weight_gb / bandwidth
    tokens_per_sec = 1 / token_sec
    click.echo(f"sound             {sound_sec:.2f} s of {TEXT}")
    click.echo(f"prefill           {1000 * prefill_sec:.0f} ms")
    click.echo(
        f"semantic tokens   {tokens_per_sec:.1f} per s, {tokens_per_sec / TOKENS_PER_SEC:.2f} x real time, "
        f"{floor_sec / token_sec:.2f} of the memory bound ({bandwidth:.1f} GB/s)"
    )
    click.echo(
        f"decoder           real-time factor {decode_sec / sound_sec:.3f} "
        f"(the machine's convolutions: {arithmetic:.0f} GFLOP/s)"
    )
    total = decode_sec / sound_sec + TOKENS_PER_SEC * token_sec
    click.echo(f"together          real-time factor {total:.3f}")


if __name__ == "__main__":
    main()
