"""Model folders in transformers' format: read whole, never fetched, and without remarks on our console."""

from __future__ import annotations

import pickle
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import PreTrainedModel
from transformers.utils import logging as transformers_logging

from tts.checkpoint import BadCheckpoint

# What transformers, torch and safetensors raise at a config or weights that are cut short or of another kind.
_LOADING_ERRORS = (
    OSError, AttributeError, EOFError, LookupError, RuntimeError, TypeError, ValueError,
    pickle.UnpicklingError, SafetensorError, StrictDataclassError,
)  # fmt: skip
Model = TypeVar("Model", bound=PreTrainedModel)


def read_model(
    kind: type[Model], folder: Path | str, name: str, *, optional: Collection[str] = (), **options: Any
) -> Model:
    """Reads a model; nothing is ever fetched.

    Args:
        kind: its class.
        folder: holds config.json and weights.
        name: what messages call it.
        optional: weights that may be missing.
        options: of `from_pretrained`.

    Raises:
        BadCheckpoint: the folder holds no such model, is damaged, or lacks weights; names folder and reason.
    """
    if not (Path(folder) / "config.json").is_file():
        raise BadCheckpoint(folder, f"no config.json; a {name} folder in transformers' format is needed")
    try:
        with quiet_transformers():
            loaded = kind.from_pretrained(
                str(folder),
                local_files_only=True,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                **options,
            )
    except _LOADING_ERRORS as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise BadCheckpoint(
            folder, f"is no {name} model, damaged or incomplete ({reason}); copy or download it again"
        ) from error
    model, report = cast("tuple[Model, dict[str, Any]]", loaded)
    # Where it finds nothing that fits, transformers would go on with random numbers.
    lacking = {*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])} - {*optional}
    if lacking:
        raise BadCheckpoint(
            folder,
            f"{len(lacking)} weights of the {name} model that config.json describes are missing or have "
            f"another shape, such as {min(lacking)}; copy or download it again",
        )
    return model


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silences progress and warnings about weights that are not used; errors still raise."""
    verbosity, has_bar = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(verbosity)
        if has_bar:
            transformers_logging.enable_progress_bar()
