"""Folding of weight normalisation: inference needs the product, not its two factors."""

from collections.abc import Iterable, Mapping

from torch import Tensor

# (magnitude, direction) suffixes of the old hook and of torch's newer parametrisation.
_SUFFIX_PAIRS = (
    ("weight_g", "weight_v"),
    ("parametrizations.weight.original0", "parametrizations.weight.original1"),
)


def fold_weight_norm(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Replace each magnitude and direction pair by the weight they stand for.

    The norm runs over all dimensions but the first, also for transposed convolutions (whose first dimension
    counts input channels). The product is taken in float32.

    Args:
        weights: Checkpoint tensors by name; names without such a pair pass through.

    Returns:
        A new dict with `NAME.weight` in place of the pair. A lone half of a pair keeps its own name, so that
        strict loading reports it.
    """
    folded = dict(weights)
    for magnitude_suffix, direction_suffix in _SUFFIX_PAIRS:
        for name in [key for key in folded if key.endswith("." + magnitude_suffix)]:
            stem = name.removesuffix(magnitude_suffix)
            if stem + direction_suffix not in folded:
                continue
            magnitude = folded.pop(name).float()
            direction = folded.pop(stem + direction_suffix).float()
            norm = direction.flatten(1).norm(dim=1).view(magnitude.shape)
            folded[stem + "weight"] = direction * (magnitude / norm)
    return folded


def unfold_weight_norm(weights: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """Split weights into magnitude and direction again, as checkpoints store them.

    Args:
        weights: Folded tensors.
        names: Which of them, like `dec.ups.0.weight`.

    Returns:
        A new dict with `NAME_g` and `NAME_v` in place of each.
    """
    unfolded = dict(weights)
    for name in names:
        direction = unfolded.pop(name)
        magnitude = direction.flatten(1).norm(dim=1).view(-1, *[1] * (direction.ndim - 1))
        unfolded[name + "_g"], unfolded[name + "_v"] = magnitude, direction
    return unfolded
