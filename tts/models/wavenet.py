"""Conditioned gated convolutions (WN) shared by the flows of all s2 families."""

import torch
from torch import Tensor, nn


class WaveNet(nn.Module):
    """Gated convolution layers with a per-voice bias; (B, C, T) -> (B, C, T).

    Each layer: tanh(first half) * sigmoid(second half) of a convolution plus the voice's bias, then a 1x1
    convolution whose first half is added to the running signal and whose second half to the output. The last
    layer has only the output part. Attribute names follow the checkpoint keys.

    Args:
        channels: C.
        kernel_size: Odd.
        num_layers: Gated layers.
        condition_channels: Size of the conditioning vector.
    """

    def __init__(self, channels: int, kernel_size: int, num_layers: int, condition_channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.num_layers = num_layers
        self.cond_layer = nn.Conv1d(condition_channels, 2 * channels * num_layers, 1)
        self.in_layers = nn.ModuleList(
            nn.Conv1d(channels, 2 * channels, kernel_size, padding=kernel_size // 2)
            for _ in range(num_layers)
        )
        self.res_skip_layers = nn.ModuleList(
            nn.Conv1d(channels, channels if is_last else 2 * channels, 1)
            for is_last in (index == num_layers - 1 for index in range(num_layers))
        )

    def project_condition(self, ge: Tensor) -> Tensor:
        """Biases of all layers for one voice: (B, condition_channels, 1) -> (B, 2 * C * num_layers, 1)."""
        return self.cond_layer(ge)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """Run the layers.

        Args:
            x: (B, C, T).
            condition: What `project_condition` returned.

        Returns:
            (B, C, T).
        """
        output = torch.zeros_like(x)
        biases = condition.chunk(self.num_layers, dim=1)
        for in_layer, res_skip, bias in zip(self.in_layers, self.res_skip_layers, biases, strict=True):
            filtered, gate = (in_layer(x) + bias).chunk(2, dim=1)
            update = res_skip(torch.tanh(filtered) * torch.sigmoid(gate))
            if update.shape[1] == self.channels:
                return output + update
            residual, skip = update.chunk(2, dim=1)
            x = x + residual
            output = output + skip
        return output
