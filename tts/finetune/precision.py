"""In which numbers a training computes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Literal

import torch

Precision = Literal["auto", "float32", "bfloat16"]


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[Any]:
    """The context of a forward pass; "auto" takes bfloat16 on GPUs that have it, and float32 elsewhere."""
    is_bfloat16 = precision == "bfloat16" or (
        precision == "auto"
        and device.type == "cuda"
        and torch.cuda.is_bf16_supported(including_emulation=False)
    )
    return torch.autocast(device.type, torch.bfloat16, enabled=is_bfloat16)
