"""Folding of weight normalisation: inference needs the product, not its two factors."""

from collections.abc import Mapping

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
        A new dict with `NAME.weight` in place of the pair. A lone half of a pair is kept under its own name, so
        that strict loading reports it.
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
