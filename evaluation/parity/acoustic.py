"""Goldens of stage 2 for v1, v2, v2Pro and v2ProPlus: every intermediate result and the waveform."""

import numpy as np
import torch

from evaluation.parity.kit import Arrays, Golden, Kit, batched
from tts.decoders.decoder import SampleStream
from tts.reference_features import Style

# Any size will do: chunk sizes do not change a sample.
CHUNK_FRAMES = 10


def run_decode(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`s2_*`: tokens, phones and references -> waveform, with the recorded noise."""
    arrays = kit.arrays(golden.name)
    decoder = kit.decoder(golden.model)
    noise, noise_scale = arrays["in_noise"], float(arrays["in_noise_scale"])
    speed_factor = float(arrays["in_speed"])
    conditioning = decoder.condition(_references(arrays, kit.arrays("inputs_spec")))
    prior = decoder.encode(arrays["in_codes"], arrays["in_text"], conditioning, speed_factor)
    stream = decoder.open(
        arrays["in_codes"],
        arrays["in_text"],
        conditioning,
        speed_factor=speed_factor,
        noise_scale=noise_scale,
        noise=noise,
    )
    results = {
        "out_ge": conditioning.ge[..., 0],
        "out_ge_text": conditioning.text[..., 0],
        "out_mrte": prior.mrte,
        "out_x": prior.hidden,
        "out_m": prior.mean,
        "out_logs": prior.log_scale,
        # Sentences are never padded here, so the mask that upstream carries along is all ones.
        "out_enc_mask": torch.ones_like(prior.mean[:, :1]),
        "out_z_p": decoder.sample(prior, noise, noise_scale),
        "out_z": decoder.latents(prior, noise, noise_scale, conditioning),
    }
    return {name: tensor[0].numpy() for name, tensor in results.items()} | {"out_wav": join(stream)}


def _references(arrays: Arrays, spectrograms: Arrays) -> list[Style]:
    """The named spectrograms, with the speaker embedding of the same number where there is one."""
    references = []
    for name in arrays["in_refs"].tolist():
        embedding = arrays.get("in_sv_emb" + name.removeprefix("spec"))
        references.append(
            Style(batched(spectrograms["in_" + name]), None if embedding is None else batched(embedding))
        )
    return references


def run_codes(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`s2_*_codes`: SSL features of odd length -> semantic tokens."""
    decoder = kit.decoder(golden.model)
    ssl = batched(kit.arrays(golden.name)["in_ssl"].T)
    return {
        "out_ssl_proj": decoder.model.quantizer.project(ssl)[0].numpy(),
        "out_codes": decoder.ssl_to_tokens(ssl).numpy(),
    }


def join(stream: SampleStream) -> np.ndarray:
    """All chunks of a stream as one waveform."""
    chunks = []
    while (chunk := stream.next_chunk(CHUNK_FRAMES)) is not None:
        chunks.append(chunk)
    return np.concatenate(chunks)
