"""What learns in acoustic training: networks, optimisers and averages, one step at a time."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from tts.decoders.vits_decoder import DEFAULT_NOISE_SCALE
from tts.dsp import spectrogram
from tts.finetune.acoustic_batches import SAMPLES_PER_FRAME, AcousticBatch
from tts.finetune.acoustic_check import AcousticCheck
from tts.finetune.acoustic_losses import (
    deception_loss,
    discriminator_loss,
    envelope_loss,
    feature_loss,
    kl_to_normal,
    kl_to_prior,
    mel_loss,
    stft_loss,
)
from tts.finetune.acoustic_networks import AcousticNetworks
from tts.finetune.acoustic_parameters import (
    FROZEN_PREFIX,
    choose_trained,
    judge_optimizer,
    set_rates,
    voice_optimizer,
)
from tts.finetune.acoustic_settings import AcousticSettings
from tts.finetune.ema import WeightAverage
from tts.finetune.posterior_encoder import Posterior
from tts.finetune.precision import autocast
from tts.finetune.training_loop import Losses, Trainee
from tts.models.prior_encoder import Prior
from tts.models.quantizer import SemanticQuantizer

FFT_SIZE = 2048


class _Sound(NamedTuple):
    """Piece of a waveform, recorded and as the networks make it; both (B, N)."""

    recorded: Tensor
    made: Tensor


class AcousticTrainee(Trainee):
    """Networks, optimisers and the average of the weights, in one phase of training.

    Args:
        networks: trained in place, so that the next phase can go on with them.
        settings: of this phase.
        num_steps: of this phase, over which the learning rates fall.
        check: measures held-out clips in `evaluate`.
        device: to train on.
    """

    def __init__(
        self,
        networks: AcousticNetworks,
        settings: AcousticSettings,
        num_steps: int,
        *,
        check: AcousticCheck | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        self.networks, self.settings = networks.to(device), settings
        self.device = torch.device(device)
        self._num_steps, self._num_done = num_steps, 0
        self._check = check
        choose_trained(networks, settings)
        self._voice = nn.ModuleList([networks.model, networks.enc_q])
        self._voice_optimizer = voice_optimizer(networks, settings)
        self._judge_optimizer = judge_optimizer(networks, settings) if settings.is_adversarial else None
        decay = settings.average_decay
        self._average = None if decay is None else WeightAverage(self._voice, decay)

    def train_step(self, batch: AcousticBatch) -> Losses:
        """Learn from pieces of clips; returns the losses before weighting."""
        settings, batch = self.settings, batch.to(self.device)
        self._set_rates()
        self._voice_optimizer.zero_grad(set_to_none=True)
        losses: dict[str, Tensor] = {}
        with autocast(self.device, self.settings.precision):
            ge = self._voice_vector(batch)
            posterior = self._encode(batch, ge)
            latents = posterior.latents
            if settings.has_prior:
                prior = self._foretell(batch, ge)
                losses["kl"] = self._kl(ge, posterior, prior)
                latents = self._mix(latents, ge, prior)
            else:
                losses["normal_kl"] = kl_to_normal(posterior)
            sound = self._decode(batch, ge, latents) if settings.has_sound else None
        gradient = None
        if sound is not None:
            losses["mel"] = mel_loss(sound.made, sound.recorded)
            if settings.stft_weight:
                losses["stft"] = stft_loss(sound.made, sound.recorded)
            if settings.envelope_weight:
                losses["envelope"] = envelope_loss(sound.made, sound.recorded)
            if self._judge_optimizer is not None:
                gradient = self._learn_to_judge(sound, self._judge_optimizer, losses)
        weights = settings.loss_weights
        loss = torch.stack([weights[name] * losses[name] for name in weights if name in losses]).sum()
        if sound is not None and gradient is not None:
            # Backward from here the verdicts' share is the gradient found above.
            loss = loss + (sound.made * gradient).sum()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(self._voice.parameters(), settings.max_gradient_norm)
        self._voice_optimizer.step()
        if self._average is not None:
            self._average.update()
        self._num_done += 1
        return {**{name: value.detach() for name, value in losses.items()}, "gradient": norm.detach()}

    def _voice_vector(self, batch: AcousticBatch) -> Tensor:
        with torch.autocast(self.device.type, enabled=False):
            bins = spectrogram(batch.reference, FFT_SIZE, SAMPLES_PER_FRAME)
        return self.networks.model.conditioning_vector(bins, batch.speaker_embedding)

    def _encode(self, batch: AcousticBatch, ge: Tensor) -> Posterior:
        with torch.autocast(self.device.type, enabled=False):
            bins = spectrogram(batch.waveform, FFT_SIZE, SAMPLES_PER_FRAME)
        return self.networks.enc_q(bins, ge)

    def _foretell(self, batch: AcousticBatch, ge: Tensor) -> Prior:
        model = self.networks.model
        features = _expand(batch.tokens, model.quantizer)
        return model.enc_p(features, batch.phones, model.text_conditioning(ge), is_real=batch.is_phone)

    def _kl(self, ge: Tensor, posterior: Posterior, prior: Prior) -> Tensor:
        flow = self.networks.model.flow
        if self._num_done < self.settings.detached_steps:
            posterior = Posterior(*(tensor.detach() for tensor in posterior))
        moved = flow(posterior.latents, flow.project_condition(ge))
        return kl_to_prior(moved, posterior.log_scale, prior)

    def _mix(self, latents: Tensor, ge: Tensor, prior: Prior) -> Tensor:
        """Put what the prior foretells, drawn as in speaking, in place of the first rows of (B, C, T)."""
        num_foretold = round(self.settings.foretold_share * len(latents))
        if not num_foretold:
            return latents
        mean, log_scale = prior.mean[:num_foretold].float(), prior.log_scale[:num_foretold].float()
        drawn = mean + torch.randn_like(mean) * torch.exp(log_scale) * DEFAULT_NOISE_SCALE
        flow = self.networks.model.flow
        foretold = flow.invert(drawn, flow.project_condition(ge[:num_foretold]))
        return torch.cat([foretold, latents[num_foretold:]])

    def _decode(self, batch: AcousticBatch, ge: Tensor, latents: Tensor) -> _Sound:
        dec = self.networks.model.dec
        frames = _segments(latents, batch.segment_starts, batch.num_segment_frames)
        made = dec(frames, dec.project_condition(ge))[:, 0].float()
        starts = batch.segment_starts * SAMPLES_PER_FRAME
        num_samples = batch.num_segment_frames * SAMPLES_PER_FRAME
        return _Sound(_segments(batch.waveform[:, None], starts, num_samples)[:, 0], made)

    def _learn_to_judge(
        self, sound: _Sound, optimizer: torch.optim.Optimizer, losses: dict[str, Tensor]
    ) -> Tensor:
        """Teach the discriminators, and return what they teach the decoder: the gradient at its output.

        Both come from the same verdicts. Judging the same sound again after their step, as is usual, would
        cost half as much again.
        """
        settings = self.settings
        optimizer.zero_grad(set_to_none=True)
        made = sound.made.detach().requires_grad_()
        with autocast(self.device, self.settings.precision):
            of_recorded = self.networks.discriminators(sound.recorded[:, None])
            of_made = self.networks.discriminators(made[:, None])
        losses["deception"] = deception_loss(of_made)
        losses["features"] = feature_loss(of_recorded, of_made)
        losses["judges"] = discriminator_loss(of_recorded, of_made)
        teaching = losses["deception"] + settings.feature_weight * losses["features"]
        (gradient,) = torch.autograd.grad(teaching, made, retain_graph=True)
        parameters = list(self.networks.discriminators.parameters())
        losses["judges"].backward(inputs=parameters)
        nn.utils.clip_grad_norm_(parameters, settings.max_gradient_norm)
        optimizer.step()
        return gradient

    def evaluate(self) -> Mapping[str, float]:
        """Measure on held-out clips, with averaged weights if there are."""
        if self._check is None:
            return {}
        with self._best_weights(), torch.inference_mode():
            return self._check(self.networks, self.device)

    def export(self, path: Path | str, info: str = "", *, is_base: bool = False) -> None:
        """Write the `.pth` that speaks, with averaged weights if there are; see `AcousticNetworks.export`."""
        with self._best_weights():
            self.networks.export(path, info, is_base=is_base)

    def adopt_average(self) -> None:
        """Put the averaged weights, if there are, into the networks for good: the next phase begins there."""
        if self._average is not None:
            self._voice.load_state_dict(self._average.state_dict()["averages"], strict=False)

    def state_dict(self) -> dict[str, Any]:
        """Return networks (with posterior encoder and discriminators), optimisers, average and step."""
        weights = self.networks.state_dict()
        return {
            "networks": {name: t for name, t in weights.items() if not name.startswith(FROZEN_PREFIX)},
            "voice_optimizer": self._voice_optimizer.state_dict(),
            "judge_optimizer": None if self._judge_optimizer is None else self._judge_optimizer.state_dict(),
            "average": None if self._average is None else self._average.state_dict(),
            "num_done": self._num_done,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        # The quantizer is not in there: tokens shall not come to mean something else by resuming.
        self.networks.load_state_dict({**self.networks.state_dict(), **state["networks"]})
        self._voice_optimizer.load_state_dict(state["voice_optimizer"])
        if self._judge_optimizer is not None:
            self._judge_optimizer.load_state_dict(state["judge_optimizer"])
        if self._average is not None:
            self._average.load_state_dict(state["average"])
        self._num_done = state["num_done"]

    def _set_rates(self) -> None:
        share = self.settings.rate_share(self._num_done, self._num_steps)
        for optimizer in (self._voice_optimizer, self._judge_optimizer):
            if optimizer is not None:
                set_rates(optimizer, share)

    def _best_weights(self) -> AbstractContextManager[None]:
        return nullcontext() if self._average is None else self._average.applied()


def _expand(tokens: Tensor, quantizer: SemanticQuantizer) -> Tensor:
    """Tokens (B, W) -> codebook rows at SSL rate (B, ssl_dim, W * stride), each row repeated."""
    return quantizer.codebook[tokens].transpose(1, 2).repeat_interleave(quantizer.stride, dim=2)


def _segments(x: Tensor, starts: Tensor, length: int) -> Tensor:
    """Cut a piece of each row: (B, C, T), (B,) -> (B, C, length)."""
    places = starts[:, None] + torch.arange(length, device=x.device)
    return x.gather(2, places[:, None].expand(-1, x.shape[1], -1))
