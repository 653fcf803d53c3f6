"""Whether a GPT (s1) and a SoVITS (s2) file belong together: the same ids must be the same phones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tts.checkpoint import BadCheckpoint
from tts.versions import Version

# Phones that GPT models have room for (s1longer.yaml and s1longer-v2.yaml) -> the phone table they learned.
TABLES: Mapping[int, str] = {512: "v1", 732: "v2"}


def require_pair(semantic: Path, num_phonemes: int, acoustic: Path, version: Version) -> None:
    """Refuses a pair that would speak, but say something else.

    Args:
        semantic: s1 file.
        num_phonemes: it knows; of an unusual number only too few are refused.
        acoustic: s2 file.
        version: of the s2 file.

    Raises:
        BadCheckpoint: they do not belong together; names both.
    """
    table = TABLES.get(num_phonemes, version.symbols)
    if table == version.symbols and num_phonemes >= version.num_symbols:
        return
    (usual,) = (number for number, name in TABLES.items() if name == version.symbols)
    raise BadCheckpoint(
        semantic,
        f"knows {num_phonemes} phones and does not go with {acoustic}: a {version.name} model needs the GPT "
        f"file that was trained with it, of {usual} phones",
    )
