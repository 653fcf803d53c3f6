"""Goldens of stage 2 for v3 and v4: features, velocity network, sampler, pieces, vocoders."""

import re
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from evaluation.parity.acoustic import join
from evaluation.parity.kit import Arrays, Golden, Kit, batched
from tts.audio import read_audio, to_mono
from tts.decoders.decoder import Spoken
from tts.decoders.flow_decoder import FlowDecoder
from tts.decoders.mel_stream import plan_upstream_pieces
from tts.dsp import denormalize_mel, spectrogram
from tts.models.flow_matching import EulerRun
from tts.models.vocoders import Vocoder
from tts.reference import STYLE_FFT_SAMPLES, STYLE_HOP_SAMPLES, flow_mel, style_waveform
from tts.reference_features import Reference


def run_features(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`s2_*_enc_*`: tokens, phones and a reference -> features at the mel's rate."""
    arrays = kit.arrays(golden.name)
    model = kit.flow_model(golden.model)
    (reference,) = arrays["in_refs"].tolist()
    ge = model.ref_enc(batched(kit.arrays("inputs_spec")["in_" + reference]))
    tokens, phones = torch.from_numpy(arrays["in_codes"]), torch.from_numpy(arrays["in_text"])
    speed_factor = float(arrays["in_speed"])
    prior = model.encode(tokens, phones, ge, speed_factor)
    results = {
        "out_ge": ge[..., 0],
        "out_x": prior.hidden,
        "out_bridge": model.bridge_frames(prior.hidden),
        "out_fea": model.features(tokens, phones, ge, speed_factor),
    }
    return {name: tensor[0].numpy() for name, tensor in results.items()}


def run_sampler(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`s2_*_cfm_*`: features, reference mel and noise -> mel."""
    arrays = kit.arrays(golden.name)
    run = _euler_run(kit, golden, arrays, int(arrays["in_steps"]), float(arrays["in_cfg_rate"]))
    while not run.is_done:
        run.step()
    silence = torch.zeros(arrays["in_prompt"].shape)
    return {"out_mel": torch.cat([silence, run.mel[0]], dim=1).numpy()}


def _euler_run(kit: Kit, golden: Golden, arrays: Arrays, num_steps: int, guidance: float) -> EulerRun:
    reference = batched(arrays["in_prompt"])
    noise = batched(arrays["in_noise"])[..., reference.shape[2] :]
    network = kit.flow_model(golden.model).estimator
    return EulerRun(network, batched(arrays["in_mu"]), reference, noise, num_steps, guidance)


def run_network(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`s2_*_dit`: one call of the velocity network, and what its layers say on the way."""
    arrays = kit.arrays(golden.name)
    network = kit.flow_model(golden.model).estimator
    heard: dict[str, Tensor] = {}
    first = network.transformer_blocks[0]
    layers = {
        "out_t_embed": network.time_embed,
        "out_d_embed": network.d_embed,
        "out_input_embed": network.input_embed,
        "out_attn0": first.attn,
        "out_block0": first,
    }
    hooks = [
        layer.register_forward_hook(lambda _, __, output, name=name: heard.update({name: output}))
        for name, layer in layers.items()
    ]
    noise, reference = batched(arrays["in_noise"]).mT, batched(arrays["in_prompt"]).mT
    known = torch.zeros_like(noise)
    known[:, : reference.shape[1]] = reference
    condition = network.embed_condition(batched(arrays["in_mu"]))
    time, step = (torch.full((1,), float(arrays[name])) for name in ("in_t", "in_d"))
    heard |= {"out_text_embed": condition, "out_v": network(noise, known, condition, time, step)}
    for hook in hooks:
        hook.remove()
    return {name: output[0].numpy() for name, output in heard.items()}


def run_vocoder(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`vocoder_*`: log-mel -> waveform."""
    vocoder = kit.vocoder(golden.name.removeprefix("vocoder_"))
    return {"out_wav": _waveform(vocoder, batched(kit.arrays(golden.name)["in_mel"]))}


def _waveform(vocoder: Vocoder, mel: Tensor) -> np.ndarray:
    return vocoder.open().push(mel, is_last=True)[0, 0].numpy()


def run_pieces(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`s2_*_chunked`: a sentence of several pieces behind a long reference."""
    arrays = kit.arrays(golden.name)
    decoder = kit.flow_decoder(golden.model.split("+")[0].strip(), int(arrays["in_steps"]))
    spoken = Spoken(arrays["in_prompt_codes"], arrays["in_prompt_text"])
    conditioning = decoder.condition([reference_of(kit, str(arrays["in_audio"]), decoder)], spoken)
    num_frames = decoder.features(arrays["in_codes"], arrays["in_text"], conditioning).shape[2]
    noise = _noise(arrays, plan_upstream_pieces(num_frames, decoder.longest_piece(conditioning)))
    given = arrays["in_codes"], arrays["in_text"], conditioning
    mels = decoder.open(*given, noise=noise, is_like_upstream=True).mels
    pieces = []
    while not mels.is_done:
        pieces.append(mels.step())
    mel = denormalize_mel(torch.cat([piece for piece in pieces if piece is not None], dim=2))
    return {
        "out_mel": mel[0].numpy(),
        "out_wav": join(decoder.open(*given, noise=noise, is_like_upstream=True)),
    }


def _noise(arrays: Arrays, lengths: Sequence[int]) -> np.ndarray:
    """The noise of all pieces, without that of the references before them: (num_mels, T).

    More was recorded than there are pieces; the last ones are theirs.
    """
    num_recorded = sum(bool(re.fullmatch(r"in_noise\d+", name)) for name in arrays)
    first = num_recorded - len(lengths)
    pieces = [arrays[f"in_noise{first + index}"][:, -length:] for index, length in enumerate(lengths)]
    return np.concatenate(pieces, axis=1)


def reference_of(kit: Kit, recording: str, decoder: FlowDecoder) -> Reference:
    """The spectrogram and mel of a recording; what is said in it is known, so it needs no SSL features."""
    stored, rate = read_audio(kit.path(recording))
    samples = torch.from_numpy(to_mono(stored))
    waveform = style_waveform(samples, rate)
    return Reference(
        spectrogram=spectrogram(waveform, STYLE_FFT_SAMPLES, STYLE_HOP_SAMPLES),
        ssl=torch.zeros(0),
        mel=flow_mel(samples, rate, decoder.model.facts),
        duration_sec=len(samples) / rate,
    )
