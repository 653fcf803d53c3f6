"""Semantic tokens -> waveform for v1, v2, v2Pro and v2ProPlus.

The text encoder and the flow see the whole sentence once; the waveform network, where nearly all the work
is, then runs step by step. The chunks joined are the waveform of one whole run: each of its layers carries
its state along (see tts/models/hifigan_stream.py), steps have one size, and the noise is drawn once per
sentence by frame number, so neither chunk sizes nor other requests change a bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tts.checkpoint import BadCheckpoint, Checkpoint
from tts.decoders.decoder import Spoken
from tts.decoders.inputs import DecoderBase, check_speed, seeded_noise
from tts.models.hifigan_stream import HifiGanStream
from tts.models.prior_encoder import Prior
from tts.models.vits import VitsModel
from tts.reference_features import Style

DEFAULT_NOISE_SCALE = 0.5
# The waveform network always runs on this many frames at once, however many are asked for: kernels round
# differently for other lengths (measured up to 3e-6), so chunk sizes would otherwise show in the last bits.
# 16 frames (0.32 s) cost about 6 % more CPU time than 32; layer state makes nothing be computed twice.
STEP_FRAMES = 16


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What the networks know about one voice's references; computed once per voice, shared by its sentences.

    Attributes:
        ge: (1, C, 1) conditioning vector, averaged over the references.
        text: (1, text_dim, 1) its projection for the text branch.
        flow: Biases of each coupling layer.
        decoder: (1, width, 1) bias of the waveform network.
    """

    ge: Tensor
    text: Tensor
    flow: tuple[Tensor, ...]
    decoder: Tensor


class VitsDecoder(DecoderBase[VitsModel]):
    """Stage 2 of one voice.

    Args:
        model: The networks.
        version: The row of facts of the model's version.
        device: Where to compute.
    """

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, device: torch.device | str = "cpu") -> "VitsDecoder":
        """Load the networks of an s2 checkpoint.

        Raises:
            BadCheckpoint: Not complete, or of a family with another decoder.
        """
        if checkpoint.version is None or checkpoint.version.decoder != "vits":
            raise BadCheckpoint(
                checkpoint.path, f"is {_kind(checkpoint)}; a v1, v2, v2Pro or v2ProPlus SoVITS file is needed"
            )
        return cls(VitsModel.from_checkpoint(checkpoint), checkpoint.version, device)

    def to(self, device: torch.device | str) -> "VitsDecoder":
        """The same decoder on another device (the networks move)."""
        return VitsDecoder(self.model, self.version, device)

    @property
    def modules(self) -> tuple[nn.Module, ...]:
        """The networks, which other decoders may share."""
        return (self.model,)

    @property
    def samples_per_frame(self) -> int:
        """Waveform samples of one decoder frame."""
        return self.model.dec.samples_per_frame

    @property
    def samples_per_token(self) -> int:
        """Waveform samples of one semantic token at speed 1."""
        return self.model.quantizer.stride * self.samples_per_frame

    @torch.inference_mode()
    def condition(self, references: Sequence[Style], spoken: Spoken | None = None) -> Conditioning:
        """Make a voice of one or more references; several are averaged.

        Args:
            references: The main one first.
            spoken: Of no use to these versions.

        Raises:
            ValueError: No reference, or one without the speaker embedding that the version needs.
        """
        if not references:
            raise ValueError("a voice needs at least one reference")
        vectors = [
            self.model.conditioning_vector(
                self._place(reference.spectrogram),
                None if reference.speaker_embedding is None else self._place(reference.speaker_embedding),
            )
            for reference in references
        ]
        return self._conditioning(torch.stack(vectors).mean(0))

    def _conditioning(self, ge: Tensor) -> Conditioning:
        return Conditioning(
            ge=ge,
            text=self.model.text_conditioning(ge),
            flow=self.model.flow.project_condition(ge),
            decoder=self.model.dec.project_condition(ge),
        )

    @torch.inference_mode()
    def open(
        self,
        tokens: Sequence[int] | np.ndarray | Tensor,
        phones: Sequence[int] | np.ndarray | Tensor,
        conditioning: Conditioning,
        *,
        speed_factor: float = 1.0,
        noise_scale: float = DEFAULT_NOISE_SCALE,
        seed: int = 0,
        noise: np.ndarray | Tensor | None = None,
    ) -> "DecodeStream":
        """Encode a sentence; its waveform then comes from the returned stream.

        Args:
            tokens: Semantic tokens (T_sem,) without the reference's.
            phones: Phone ids of the sentence (P,) without the reference's.
            conditioning: The voice.
            speed_factor: Above 1 speaks faster; 0.25 to 4.
            noise_scale: Liveliness; 0 gives the mean.
            seed: Equal seeds give equal samples, whatever the chunks, the batch or the device.
            noise: (C_latent, T) standard normal values to use in place of the seeded ones.

        Raises:
            ValueError: Nothing to say, an id out of range, or a number out of range.
        """
        prior = self.encode(tokens, phones, conditioning, speed_factor)
        if noise is None:
            noise = seeded_noise(seed, *prior.mean.shape[1:])
        return DecodeStream(self, conditioning, self.latents(prior, noise, noise_scale, conditioning))

    @torch.inference_mode()
    def encode(
        self,
        tokens: Sequence[int] | np.ndarray | Tensor,
        phones: Sequence[int] | np.ndarray | Tensor,
        conditioning: Conditioning,
        speed_factor: float = 1.0,
    ) -> Prior:
        """Run the text encoder only; arguments and errors as of `open`."""
        check_speed(speed_factor)
        token_ids, phone_ids = self._ids(tokens, phones)
        features = self.model.expand_tokens(token_ids)
        return self.model.enc_p(features, phone_ids[None], conditioning.text, speed_factor)

    @torch.inference_mode()
    def latents(
        self, prior: Prior, noise: np.ndarray | Tensor, noise_scale: float, conditioning: Conditioning
    ) -> Tensor:
        """Sample the prior and run the flow: (1, C_latent, T)."""
        return self.model.flow.invert(self.sample(prior, noise, noise_scale), conditioning.flow)

    def sample(self, prior: Prior, noise: np.ndarray | Tensor, noise_scale: float) -> Tensor:
        """Prior samples (1, C_latent, T) for given noise (C_latent, T)."""
        placed = self._place(torch.as_tensor(noise))
        if placed.shape != prior.mean.shape[1:]:
            raise ValueError(f"noise of shape {tuple(placed.shape)}; {tuple(prior.mean.shape[1:])} is needed")
        return prior.mean + placed * torch.exp(prior.log_scale) * noise_scale


class DecodeStream:
    """The waveform of one sentence, piece by piece.

    Args:
        decoder: The voice's decoder.
        conditioning: The voice.
        latents: (1, C_latent, T) of the whole sentence.
    """

    def __init__(self, decoder: VitsDecoder, conditioning: Conditioning, latents: Tensor) -> None:
        self._latents = latents
        self._waveform = HifiGanStream(decoder.model.dec, conditioning.decoder)
        self._samples_per_frame = decoder.samples_per_frame
        self._lookahead_frames = decoder.model.dec.lookahead_frames
        self._num_fed = 0
        self._num_given = 0
        self._ready = np.zeros(0, np.float32)
        self.frames_per_sec = decoder.sample_rate / self._samples_per_frame

    @property
    def num_frames(self) -> int:
        """Decoder frames of the whole sentence."""
        return self._latents.shape[2]

    @property
    def num_samples(self) -> int:
        """Samples of the whole sentence."""
        return self.num_frames * self._samples_per_frame

    @torch.inference_mode()
    def next_chunk(self, num_frames: int) -> np.ndarray | None:
        """Compute the next samples.

        Args:
            num_frames: How many frames' worth is wanted, at least 1; may change from call to call. Behind the
                frames given, lookahead (about 11) and rounding up to STEP_FRAMES are computed ahead: a first
                chunk of 21 frames is what 32 computed frames yield.

        Returns:
            Float32 samples (num_frames * samples_per_frame,), fewer at the end; None when all were given.
        """
        if num_frames < 1:
            raise ValueError(f"num_frames {num_frames}: at least 1 is needed")
        if self._num_given == self.num_samples:
            return None
        end = min(self._num_given + num_frames * self._samples_per_frame, self.num_samples)
        self._feed(end // self._samples_per_frame + self._lookahead_frames)
        length = end - self._num_given
        chunk, self._ready = self._ready[:length], self._ready[length:]
        self._num_given = end
        return chunk

    def _feed(self, end_frame: int) -> None:
        """Push frames up to at least this one, always in steps of the same size (see STEP_FRAMES)."""
        parts = [self._ready]
        while self._num_fed < min(end_frame, self.num_frames):
            step = self._latents[..., self._num_fed : self._num_fed + STEP_FRAMES]
            self._num_fed += step.shape[2]
            samples = self._waveform.push(step, is_last=self._num_fed == self.num_frames)
            parts.append(samples[0, 0].cpu().numpy())
        self._ready = np.concatenate(parts)


def _kind(checkpoint: Checkpoint) -> str:
    return "a GPT (s1) file" if checkpoint.version is None else f"a {checkpoint.version.name} file"
