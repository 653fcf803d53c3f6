"""Network sizes read from the tensors of a checkpoint, so that small and real models run through one code."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from tts.checkpoint import BadCheckpoint

_MAX_SETTING = 4096


class Sizes:
    """Shapes and settings of one checkpoint, with errors that name file and tensor.

    Args:
        weights: Tensors by name (weight normalisation already folded).
        source: The file, for error messages.
        settings: The checkpoint's `config.model`, for what shapes cannot tell (strides, dilations).
    """

    def __init__(
        self,
        weights: Mapping[str, Tensor],
        source: Path | str = "",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.weights = weights
        self.source = source
        self.settings = settings or {}

    def dim(self, name: str, axis: int) -> int:
        """Length of one axis of a tensor.

        Raises:
            BadCheckpoint: No such tensor, or it has fewer axes.
        """
        tensor = self.weights.get(name)
        if tensor is None or tensor.ndim <= axis:
            raise BadCheckpoint(self.source, f"missing tensor {name} (with at least {axis + 1} axes)")
        return tensor.shape[axis]

    def count(self, pattern: str) -> int:
        """How many tensors `pattern` names when `{}` counts up from 0.

        Raises:
            BadCheckpoint: None at all.
        """
        number = 0
        while pattern.format(number) in self.weights:
            number += 1
        if number == 0:
            raise BadCheckpoint(self.source, f"missing tensor {pattern.format(0)}")
        return number

    def integers(self, name: str) -> tuple[int, ...]:
        """A list of positive whole numbers from the settings.

        Raises:
            BadCheckpoint: Missing, empty, or anything else than numbers from 1 to 4096.
        """
        return self._numbers(name, self.settings.get(name))

    def integer_rows(self, name: str) -> tuple[tuple[int, ...], ...]:
        """A list of such lists from the settings.

        Raises:
            BadCheckpoint: Missing, empty, or anything else.
        """
        rows = self.settings.get(name)
        if not isinstance(rows, list | tuple) or not rows:
            raise BadCheckpoint(self.source, f"config.model.{name} must be a list of lists")
        return tuple(self._numbers(name, row) for row in rows)

    def _numbers(self, name: str, values: object) -> tuple[int, ...]:
        if not isinstance(values, list | tuple) or not values:
            raise BadCheckpoint(self.source, f"config.model.{name} must be a list of whole numbers")
        for value in values:
            if type(value) is not int or not 1 <= value <= _MAX_SETTING:
                raise BadCheckpoint(
                    self.source, f"config.model.{name}: {value!r} is not a number from 1 to 4096"
                )
        return tuple(values)
