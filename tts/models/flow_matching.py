"""Flow matching: from noise to mel along the velocity network's field, one Euler step at a time."""

import torch
from torch import Tensor

from tts.models.dit import VelocityNetwork


class EulerRun:
    """One mel in the making.

    The frames of the reference stay zero in the moving mel: the network is given them beside it.

    Args:
        network: The velocity network.
        features: (1, T, C) of what the frames say, those of the reference first.
        reference: (1, num_mels, T_ref) normalised mel of the first frames, T_ref < T.
        noise: (1, num_mels, T - T_ref) standard normal values to start from.
        num_steps: Equal steps to take, at least 1.
        guidance: How far to go beyond the velocity, away from what the network would do without reference and
            features (classifier-free guidance); 0 costs nothing and is what the models ship with.
    """

    def __init__(
        self,
        network: VelocityNetwork,
        features: Tensor,
        reference: Tensor,
        noise: Tensor,
        num_steps: int,
        guidance: float = 0.0,
    ) -> None:
        self._network = network
        self._num_steps = num_steps
        self._guidance = guidance
        self._steps_done = 0
        self._time = 0.0
        self._num_known = reference.shape[2]
        num_new = features.shape[1] - self._num_known
        if noise.shape[2] != num_new:
            raise ValueError(f"noise of {noise.shape[2]} frames; {num_new} are needed")
        self._known = _pad_frames(reference, after=num_new)
        self._mel = _pad_frames(noise, before=self._num_known)
        self._condition = network.embed_condition(features)
        self._no_condition = network.embed_condition(torch.zeros_like(features)) if guidance else None

    @property
    def is_done(self) -> bool:
        """All steps were taken."""
        return self._steps_done == self._num_steps

    @property
    def mel(self) -> Tensor:
        """(1, num_mels, T - T_ref) the frames behind the reference as they are now."""
        return self._mel[:, self._num_known :].transpose(1, 2)

    def step(self) -> None:
        """Take one step."""
        length = 1.0 / self._num_steps
        velocity = self._velocity(self._known, self._condition, length)
        if self._no_condition is not None:
            unguided = self._velocity(torch.zeros_like(self._known), self._no_condition, length)
            velocity = velocity + self._guidance * (velocity - unguided)
        self._mel = self._mel + length * velocity
        self._mel[:, : self._num_known] = 0
        self._time += length
        self._steps_done += 1

    def _velocity(self, known: Tensor, condition: Tensor, length: float) -> Tensor:
        time, step = (self._mel.new_full((1,), value) for value in (self._time, length))
        return self._network(self._mel, known, condition, time, step)


def _pad_frames(mel: Tensor, before: int = 0, after: int = 0) -> Tensor:
    """(1, num_mels, T) -> (1, before + T + after, num_mels), with zeros."""
    return torch.nn.functional.pad(mel.transpose(1, 2), (0, 0, before, after))
