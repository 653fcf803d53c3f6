"""Judging results against goldens, by the tolerances the kit's index gives."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.parity.kit import Arrays


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one array compares: whether within tolerance, and the numbers in words."""

    array: str
    is_ok: bool
    text: str


def compare(outputs: Mapping[str, Mapping[str, Any]], got: Arrays, want: Arrays) -> list[Verdict]:
    """Judge every output the index lists; a missing one is not ok."""
    verdicts = []
    for name, entry in outputs.items():
        if name in got:
            is_ok, text = _judge(np.asarray(got[name]), want[name], entry["tol"])
        else:
            is_ok, text = False, "not computed"
        verdicts.append(Verdict(name, is_ok, text))
    return verdicts


def _judge(got: np.ndarray, want: np.ndarray, tolerance: float | str) -> tuple[bool, str]:
    if got.shape != want.shape:
        return False, f"has shape {got.shape} instead of {want.shape}"
    error = got.astype(np.float64) - want.astype(np.float64)
    if isinstance(tolerance, str):
        needed_db = float(tolerance.removeprefix("snr>=").removesuffix("dB"))
        noise = max(float(np.square(error).sum()), 1e-30)
        snr_db = 10 * np.log10(np.square(want.astype(np.float64)).sum() / noise)
        return bool(snr_db >= needed_db), f"SNR {snr_db:.1f} dB, at least {needed_db:g} needed"
    largest = float(np.abs(error).max(initial=0.0))
    return largest <= tolerance, f"largest difference {largest:.3g}, {tolerance:g} allowed"  # NaN is not <=
