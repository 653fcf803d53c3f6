"""ERes2NetV2: filter-bank features -> speaker embedding, for the Pro families.

Chen et al. 2024, "ERes2NetV2: Boosting Short-Duration Speaker Verification Performance with Computational
Efficiency". GPT-SoVITS takes the feature map before pooling, averaged over time. Attribute names follow the
checkpoint keys; widths and block counts come from the tensor shapes.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tts.checkpoint import read_state_dict, take_weights
from tts.dsp import KALDI_BINS, kaldi_fbank
from tts.models.sizes import Sizes

ACTIVATION_CEILING = 20.0
STAGE_STRIDES = (1, 2, 2, 2)


def _clipped_relu(x: Tensor) -> Tensor:
    return x.clamp(0, ACTIVATION_CEILING)


class AttentiveFusion(nn.Module):
    """Weighs two maps (B, C, H, W) against each other: x * a + y * (2 - a), a from both."""

    def __init__(self, channels: int, inner: int) -> None:
        super().__init__()
        self.local_att = nn.Sequential(
            nn.Conv2d(2 * channels, inner, 1),
            nn.BatchNorm2d(inner),
            nn.SiLU(),
            nn.Conv2d(inner, channels, 1),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        weight = 1 + torch.tanh(self.local_att(torch.cat([x, y], dim=1)))
        return x * weight + y * (2 - weight)


class Res2Block(nn.Module):
    """Bottleneck whose 3x3 convolution runs split by split, each seeing the result of the one before.

    Args:
        in_channels: Width of the input.
        width: Width of one split.
        scale: Number of splits.
        out_channels: Width of the output.
        stride: In frequency and time.
        has_shortcut: Whether the residual path has its own convolution.
        fusion_inner: Width inside the attentive fusions between splits; 0 adds the splits instead.
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        scale: int,
        out_channels: int,
        stride: int,
        has_shortcut: bool,
        fusion_inner: int,
    ) -> None:
        super().__init__()
        self.width = width
        self.conv1 = nn.Conv2d(in_channels, width * scale, 1, stride, bias=False)
        self.bn1 = nn.BatchNorm2d(width * scale)
        self.convs = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(scale))
        self.bns = nn.ModuleList(nn.BatchNorm2d(width) for _ in range(scale))
        if fusion_inner:
            self.fuse_models = nn.ModuleList(AttentiveFusion(width, fusion_inner) for _ in range(scale - 1))
        self.has_fusion = fusion_inner > 0
        self.conv3 = nn.Conv2d(width * scale, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential()
        if has_shortcut:
            self.shortcut.append(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False))
            self.shortcut.append(nn.BatchNorm2d(out_channels))

    def forward(self, x: Tensor) -> Tensor:
        splits = _clipped_relu(self.bn1(self.conv1(x))).split(self.width, dim=1)
        results: list[Tensor] = []
        for index, (split, conv, norm) in enumerate(zip(splits, self.convs, self.bns, strict=True)):
            if index:
                split = self._combine(index - 1, results[-1], split)
            results.append(_clipped_relu(norm(conv(split))))
        return _clipped_relu(self.bn3(self.conv3(torch.cat(results, dim=1))) + self.shortcut(x))

    def _combine(self, index: int, previous: Tensor, split: Tensor) -> Tensor:
        return self.fuse_models[index](previous, split) if self.has_fusion else previous + split


class SpeakerEncoder(nn.Module):
    """Filter banks (B, T, 80) -> speaker embedding (B, channels * 10).

    Args:
        stem: Width of the first convolution.
        stages: Four lists of `Res2Block` arguments.
        down: Channels in and out of the convolution that brings stage 3 to the size of stage 4.
        fusion_inner: Width inside the last fusion.
    """

    def __init__(
        self, stem: int, stages: Sequence[Sequence[dict[str, int]]], down: tuple[int, int], fusion_inner: int
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, stem, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.layer1, self.layer2, self.layer3, self.layer4 = (
            nn.Sequential(*(Res2Block(**block) for block in stage))  # type: ignore[arg-type]
            for stage in stages
        )
        self.layer3_ds = nn.Conv2d(*down, 3, 2, padding=1, bias=False)
        self.fuse34 = AttentiveFusion(down[1], fusion_inner)

    @classmethod
    def from_file(cls, path: Path | str) -> "SpeakerEncoder":
        """Load a released ERes2NetV2 file.

        Raises:
            BadCheckpoint: Not readable, or the tensors do not fit; all are named.
        """
        weights = read_state_dict(path)
        sizes = Sizes(weights, path)
        stages = [_stage_sizes(sizes, f"layer{number}.", STAGE_STRIDES[number - 1]) for number in range(1, 5)]
        model = cls(
            stem=sizes.dim("conv1.weight", 0),
            stages=stages,
            down=(sizes.dim("layer3_ds.weight", 1), sizes.dim("layer3_ds.weight", 0)),
            fusion_inner=sizes.dim("fuse34.local_att.0.weight", 0),
        )
        # seg_1 is the embedding layer of the original task, behind the pooling that is skipped here.
        take_weights(model, weights, ignore=("seg_1.",), source=path)
        model.eval().requires_grad_(False)
        return model

    @property
    def embedding_dim(self) -> int:
        """Size of the speaker embedding."""
        num_bands = KALDI_BINS
        for stride in STAGE_STRIDES:
            num_bands = -(-num_bands // stride)
        return self.layer3_ds.out_channels * num_bands

    def forward(self, features: Tensor) -> Tensor:
        x = features.mT[:, None]
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer2(self.layer1(x))
        third = self.layer3(x)
        fused = self.fuse34(self.layer4(third), self.layer3_ds(third))
        return fused.flatten(1, 2).mean(dim=-1)

    @torch.inference_mode()
    def embed(self, samples: Tensor) -> Tensor:
        """Samples (N,) at 16 kHz in [-1, 1] -> speaker embedding (1, embedding_dim)."""
        return self(kaldi_fbank(samples)[None])


def _stage_sizes(sizes: Sizes, prefix: str, stride: int) -> list[dict[str, int]]:
    blocks = []
    for number in range(sizes.count(prefix + "{}.conv1.weight")):
        block = f"{prefix}{number}."
        fusion = block + "fuse_models.0.local_att.0.weight"
        blocks.append(
            {
                "in_channels": sizes.dim(block + "conv1.weight", 1),
                "width": sizes.dim(block + "convs.0.weight", 0),
                "scale": sizes.count(block + "convs.{}.weight"),
                "out_channels": sizes.dim(block + "conv3.weight", 0),
                "stride": stride if number == 0 else 1,
                "has_shortcut": block + "shortcut.0.weight" in sizes.weights,
                "fusion_inner": sizes.dim(fusion, 0) if fusion in sizes.weights else 0,
            }
        )
    return blocks
