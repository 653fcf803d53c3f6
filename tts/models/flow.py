"""The normalising flow of the VITS families: its inverse speaks, its forward direction is for training."""

import torch
from torch import Tensor, nn

from tts.models.sizes import Sizes
from tts.models.wavenet import WaveNet


class CouplingLayer(nn.Module):
    """Mean-only affine coupling: the second half of the channels is shifted by a function of the first."""

    def __init__(self, channels: int, hidden: int, kernel_size: int, num_layers: int, condition: int) -> None:
        super().__init__()
        self.num_kept = channels // 2
        self.pre = nn.Conv1d(self.num_kept, hidden, 1)
        self.enc = WaveNet(hidden, kernel_size, num_layers, condition)
        self.post = nn.Conv1d(hidden, self.num_kept, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Couple: (B, C, T) -> (B, C, T)."""
        kept, shifted = x.split(self.num_kept, dim=1)
        return torch.cat([kept, shifted + self._shift(kept, condition)], dim=1)

    def invert(self, x: Tensor, condition: Tensor) -> Tensor:
        """Undo the coupling: (B, C, T) -> (B, C, T)."""
        kept, shifted = x.split(self.num_kept, dim=1)
        return torch.cat([kept, shifted - self._shift(kept, condition)], dim=1)

    def _shift(self, kept: Tensor, condition: Tensor) -> Tensor:
        return self.post(self.enc(self.pre(kept), condition))


class Flow(nn.Module):
    """Coupling layers with channel flips between; `invert` turns prior samples into decoder latents.

    Args:
        channels: C, even.
        hidden: Width inside the coupling layers.
        kernel_size: Of their gated convolutions.
        num_layers: Gated layers per coupling layer.
        num_couplings: Coupling layers.
        condition: Size of the conditioning vector.
    """

    def __init__(
        self,
        channels: int,
        hidden: int,
        kernel_size: int,
        num_layers: int,
        num_couplings: int,
        condition: int,
    ) -> None:
        super().__init__()
        # Even numbers are coupling layers, odd ones the flips, which have no weights.
        self.flows = nn.ModuleDict(
            {
                str(2 * index): CouplingLayer(channels, hidden, kernel_size, num_layers, condition)
                for index in range(num_couplings)
            }
        )

    @classmethod
    def from_sizes(cls, sizes: Sizes, prefix: str) -> "Flow":
        """Make an empty flow that fits the checkpoint."""
        first = f"{prefix}flows.0."
        num_couplings = len(
            {name.split(".")[2] for name in sizes.weights if name.startswith(f"{prefix}flows.")}
        )
        return cls(
            channels=2 * sizes.dim(first + "pre.weight", 1),
            hidden=sizes.dim(first + "pre.weight", 0),
            kernel_size=sizes.dim(first + "enc.in_layers.0.weight", 2),
            num_layers=sizes.count(first + "enc.in_layers.{}.weight"),
            num_couplings=num_couplings,
            condition=sizes.dim(first + "enc.cond_layer.weight", 1),
        )

    @property
    def couplings(self) -> list[CouplingLayer]:
        """The coupling layers in training order."""
        return list(self.flows.values())  # type: ignore[arg-type]

    def project_condition(self, ge: Tensor) -> tuple[Tensor, ...]:
        """Biases of each coupling layer for one voice, in training order."""
        return tuple(coupling.enc.project_condition(ge) for coupling in self.couplings)

    def forward(self, x: Tensor, conditions: tuple[Tensor, ...]) -> Tensor:
        """Latents (B, C, T) -> where the prior should be (B, C, T); volume stays, so there is no log-det."""
        for coupling, condition in zip(self.couplings, conditions, strict=True):
            x = coupling(x, condition).flip(1)
        return x

    def invert(self, x: Tensor, conditions: tuple[Tensor, ...]) -> Tensor:
        """Prior samples (B, C, T) -> latents (B, C, T)."""
        for coupling, condition in zip(reversed(self.couplings), reversed(conditions), strict=True):
            x = coupling.invert(x.flip(1), condition)
        return x
