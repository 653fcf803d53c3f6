"""End-to-end goldens: recording, phones and BERT features of several sentences -> 16-bit samples."""

import json
from typing import Any

import numpy as np
import torch

from evaluation.parity.acoustic import join
from evaluation.parity.flow import reference_of
from evaluation.parity.kit import Arrays, Golden, Kit, batched
from evaluation.parity.semantic import greedy_request
from tts.audio import read_audio, to_mono, to_pcm16
from tts.decoders.decoder import SampleStream, Spoken
from tts.decoders.flow_decoder import FlowDecoder
from tts.decoders.vits_decoder import VitsDecoder
from tts.dsp import resample_sinc, spectrogram
from tts.reference import (
    SPEAKER_RATE_HZ,
    STYLE_FFT_SAMPLES,
    STYLE_HOP_SAMPLES,
    STYLE_RATE_HZ,
    style_waveform,
)
from tts.reference_features import Style
from tts.semantic_decoding import generate
from tts.versions import VERSIONS

# Upstream counts the pause between sentences at this rate, whatever rate the model speaks at.
PAUSE_RATE_HZ = 32_000


def run_speech(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`e2e_*`: one sentence after the other, greedy tokens, no noise."""
    arrays = kit.arrays(golden.name)
    params: dict[str, Any] = json.loads(str(arrays["in_params"]))
    decoder = _decoder(kit, golden.model, params)
    recordings = [str(arrays["in_ref"]), *(str(name) for name in arrays.get("in_aux_refs", ()))]
    styles = [_style(kit, name, decoder) for name in recordings]
    prompt = decoder.ssl_to_tokens(_ssl(kit, str(arrays["in_wav16k_source"]))).numpy()
    conditioning = decoder.condition(styles, Spoken(prompt, arrays["in_prompt_phones"]))
    num_sentences = int(arrays["in_n_sentences"])
    spoken = [_tokens(kit, decoder, arrays, index, prompt, params) for index in range(num_sentences)]
    # In the order they reach the decoder: where it is told what the reference says, that comes first.
    told = [prompt, *spoken] if decoder.version.needs_reference_text else spoken
    results: dict[str, np.ndarray] = {
        "out_prompt_codes": prompt,
        "out_sr": np.array(decoder.sample_rate, np.int64),
        **{f"out_codes{index}": tokens for index, tokens in enumerate(told)},
    }
    pieces = []
    for index, tokens in enumerate(spoken):
        phones, speed_factor = arrays[f"in_phones{index}"], params["speed_factor"]
        samples = join(_open(decoder, tokens, phones, conditioning, speed_factor))
        results[f"out_float{index}"] = samples
        pause = np.zeros(int(params["fragment_interval"] * PAUSE_RATE_HZ), np.int16)
        pieces += [to_pcm16(samples / max(1.0, float(np.abs(samples).max()))), pause]
    results["out_pcm"] = np.concatenate(pieces)
    if "out_ref_spec_head" in golden.outputs:
        num_frames = golden.outputs["out_ref_spec_head"]["shape"][1]
        results["out_ref_spec_head"] = styles[0].spectrogram[0, :, :num_frames].numpy()
    if styles[0].speaker_embedding is not None:
        results["out_sv_emb"] = styles[0].speaker_embedding[0].numpy()
    return results


def _decoder(kit: Kit, version_name: str, params: dict[str, Any]) -> VitsDecoder | FlowDecoder:
    name = f"weights/s2_{version_name}.pth"
    if VERSIONS[version_name].flow is None:
        return kit.decoder(name)
    return kit.flow_decoder(name, params["sample_steps"])


def _open(
    decoder: VitsDecoder | FlowDecoder,
    tokens: np.ndarray,
    phones: np.ndarray,
    conditioning: Any,
    speed_factor: float,
) -> SampleStream:
    """A stream without any noise."""
    if isinstance(decoder, VitsDecoder):
        return decoder.open(tokens, phones, conditioning, speed_factor=speed_factor, noise_scale=0.0)
    num_frames = decoder.features(tokens, phones, conditioning, speed_factor).shape[2]
    noise = np.zeros((decoder.vocoder.num_mels, num_frames), np.float32)
    return decoder.open(
        tokens, phones, conditioning, speed_factor=speed_factor, noise=noise, is_like_upstream=True
    )


def _tokens(
    kit: Kit,
    decoder: VitsDecoder | FlowDecoder,
    arrays: Arrays,
    index: int,
    prompt: np.ndarray,
    params: dict[str, Any],
) -> np.ndarray:
    """Semantic tokens of one sentence, behind the reference's phones and tokens."""
    model = kit.semantic_model(f"weights/s1_{decoder.version.symbols}.ckpt")
    phones = np.concatenate([arrays["in_prompt_phones"], arrays[f"in_phones{index}"]])
    bert = np.concatenate([arrays["in_prompt_bert"], arrays[f"in_bert{index}"]], axis=1)
    row = generate(model, greedy_request(phones, bert, prompt, params["repetition_penalty"]))
    return np.array(row.tokens, np.int64)


def _style(kit: Kit, recording: str, decoder: VitsDecoder | FlowDecoder) -> Style:
    if isinstance(decoder, FlowDecoder):
        return reference_of(kit, recording, decoder)
    stored, rate = read_audio(kit.path(recording))
    waveform = style_waveform(torch.from_numpy(to_mono(stored)), rate)
    embedding = None
    if decoder.version.uses_speaker_embedding:
        samples = resample_sinc(waveform, STYLE_RATE_HZ, SPEAKER_RATE_HZ)[0]
        embedding = kit.speaker_encoder().embed(samples)
    return Style(spectrogram(waveform, STYLE_FFT_SAMPLES, STYLE_HOP_SAMPLES), embedding)


def _ssl(kit: Kit, source: str) -> torch.Tensor:
    """HuBERT features of stored 16 kHz audio: resamplers differ, and tokens with them."""
    golden, array = source.split(":")
    return kit.hubert().features(batched(kit.arrays(golden)[array])[0])
