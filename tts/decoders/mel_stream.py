"""Features -> normalised mel, piece by piece: how v3 and v4 speak more than the network can see at once.

Each piece is made as the continuation of a reference: first the voice's own, then what was spoken last. A
sentence that fits into one piece, and most do, is one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tts.models.dit import VelocityNetwork
from tts.models.flow_matching import EulerRun


@dataclass(frozen=True, slots=True, eq=False)
class Continuation:
    """What a piece goes on from, T frames long.

    Attributes:
        features: (1, C, T).
        mel: (1, num_mels, T) normalised.
    """

    features: Tensor
    mel: Tensor

    def last(self, num_frames: int) -> "Continuation":
        """The end of it."""
        start = max(0, self.mel.shape[2] - num_frames)
        return Continuation(self.features[..., start:], self.mel[..., start:])

    def followed_by(self, features: Tensor, mel: Tensor) -> "Continuation":
        """This and something behind it."""
        return Continuation(torch.cat([self.features, features], 2), torch.cat([self.mel, mel], 2))


class MelStream:
    """The mel of one sentence in the making.

    Args:
        network: The velocity network.
        features: (1, C, T) of the sentence.
        reference: The voice's own.
        noise: (1, num_mels, T) standard normal values.
        lengths: Frames of each piece, together T.
        num_steps: Euler steps of each piece.
        fills_reference: After a piece shorter than the reference, the next one goes on from that piece and
            what was before it, so that it hears as much as the first one did. Upstream lets it hear less.

    Attributes:
        num_frames: T.
    """

    def __init__(
        self,
        network: VelocityNetwork,
        features: Tensor,
        reference: Continuation,
        noise: Tensor,
        lengths: Sequence[int],
        num_steps: int,
        *,
        fills_reference: bool = True,
    ) -> None:
        self.num_frames = features.shape[2]
        self._network = network
        self._features = list(features.split(list(lengths), dim=2))
        self._noise = list(noise.split(list(lengths), dim=2))
        self._reference = reference
        self._reference_frames = reference.mel.shape[2]
        self._num_steps = num_steps
        self._fills_reference = fills_reference
        self._run: EulerRun | None = None

    @property
    def is_done(self) -> bool:
        """Every piece was given."""
        return not self._features

    @torch.inference_mode()
    def step(self) -> Tensor | None:
        """Take one Euler step of the next piece; returns it, (1, num_mels, T_piece), when it is ready."""
        if self._run is None:
            joined = torch.cat([self._reference.features, self._features[0]], dim=2).transpose(1, 2)
            self._run = EulerRun(self._network, joined, self._reference.mel, self._noise[0], self._num_steps)
        self._run.step()
        if not self._run.is_done:
            return None
        mel, self._run = self._run.mel, None
        spoken = Continuation(self._features.pop(0), mel)
        del self._noise[0]
        if self._fills_reference:
            spoken = self._reference.followed_by(spoken.features, mel)
        self._reference = spoken.last(self._reference_frames)
        return mel


def plan_pieces(num_frames: int, longest: int, first_min: int) -> list[int]:
    """Lengths of the pieces of a sentence: as few as possible, the short one first.

    The work of a piece grows with the frames that the network sees, reference included, so this costs no more
    than a short one at the end, and the first sound comes sooner.

    Args:
        num_frames: Of the sentence.
        longest: Frames a piece may have.
        first_min: The first one of several is at least so long, for the sound to last until the next.
    """
    num_pieces = -(-num_frames // longest)
    if num_pieces == 1:
        return [num_frames]
    first = max(num_frames - (num_pieces - 1) * longest, min(first_min, longest))
    return [first, *plan_upstream_pieces(num_frames - first, longest)]


def plan_upstream_pieces(num_frames: int, longest: int) -> list[int]:
    """Lengths of the pieces as upstream cuts them: the short one last."""
    num_full, rest = divmod(num_frames, longest)
    return [longest] * num_full + [rest] * (rest > 0)
