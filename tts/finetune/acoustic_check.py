"""Lets an acoustic model speak held-out clips and compares its sound with the recordings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from tts.dsp import spectrogram
from tts.finetune.acoustic_batches import SAMPLES_PER_FRAME
from tts.finetune.acoustic_losses import mel_loss
from tts.finetune.acoustic_networks import AcousticNetworks
from tts.finetune.features import SAMPLES_PER_TOKEN, ClipFeatures

FFT_SIZE = 2048


class AcousticCheck:
    """Mel distances on held-out clips; call it with networks.

    Args:
        clips: with the tokens of their recordings, so that the sound made from these lies in step with them.
        references: one recording of the same speaker per clip, which the voice is taken from; by default the
            next clip, so all clips must be of one speaker then.
    """

    def __init__(
        self, clips: Sequence[ClipFeatures], references: Sequence[ClipFeatures] | None = None
    ) -> None:
        if not len(clips):
            raise ValueError("there is no clip to compare with")
        self._clips = list(clips)
        self._references = [*clips[1:], clips[0]] if references is None else list(references)

    def __call__(self, networks: AcousticNetworks, device: torch.device) -> dict[str, float]:
        """Return the mean mel distances.

        `copy_mel`: recording -> latents -> sound, the best the decoder can do. `token_mel`: tokens and phones
        -> sound, with the means in place of random draws. What lies between the two is the text side's.
        """
        pairs = zip(self._clips, self._references, strict=True)
        found = [_distances(networks, clip, reference, device) for clip, reference in pairs]
        copy, token = np.mean(found, axis=0).tolist()
        return {"copy_mel": copy, "token_mel": token}


def _distances(
    networks: AcousticNetworks, clip: ClipFeatures, reference: ClipFeatures, device: torch.device
) -> tuple[float, float]:
    model = networks.model
    num_samples = len(clip.tokens) * SAMPLES_PER_TOKEN
    samples = np.pad(clip.waveform[:num_samples], (0, max(0, num_samples - len(clip.waveform))))
    recorded = torch.from_numpy(samples)[None].to(device)
    ge = _voice_vector(networks, reference, device)
    posterior = networks.enc_q(spectrogram(recorded, FFT_SIZE, SAMPLES_PER_FRAME), ge)
    features = model.expand_tokens(torch.from_numpy(clip.tokens).to(device))
    phones = torch.from_numpy(clip.phones)[None].to(device)
    prior = model.enc_p(features, phones, model.text_conditioning(ge))
    foretold = model.flow.invert(prior.mean, model.flow.project_condition(ge))

    def distance(latents: Tensor) -> float:
        return float(mel_loss(model.dec(latents, model.dec.project_condition(ge))[:, 0], recorded))

    return distance(posterior.mean), distance(foretold)


def _voice_vector(networks: AcousticNetworks, clip: ClipFeatures, device: torch.device) -> Tensor:
    samples = torch.from_numpy(clip.waveform)[None].to(device)
    embedding = None
    if clip.speaker_embedding is not None:
        embedding = torch.from_numpy(clip.speaker_embedding)[None].to(device)
    return networks.model.conditioning_vector(spectrogram(samples, FFT_SIZE, SAMPLES_PER_FRAME), embedding)
