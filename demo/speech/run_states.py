"""What the newest checkpoint of a run holds, for those who only want to read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def newest_state(folder: Path) -> dict[str, Any] | None:
    """Returns what the training loop has saved last in a run's folder; None if nothing."""
    checkpoints = sorted(folder.glob("checkpoint-*.pt"))
    return torch.load(checkpoints[-1], map_location="cpu", weights_only=True) if checkpoints else None
