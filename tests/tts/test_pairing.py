"""A GPT and a SoVITS file of other phone tables are told apart before they speak nonsense."""

from pathlib import Path

import pytest

from tts.checkpoint import BadCheckpoint
from tts.pairing import TABLES, require_pair
from tts.versions import VERSIONS

GPT, SOVITS = Path("g.ckpt"), Path("s.pth")


@pytest.mark.parametrize("version", VERSIONS.values(), ids=lambda row: row.name)
@pytest.mark.parametrize("num_phonemes", TABLES)
def test_only_files_of_one_phone_table_go_together(version, num_phonemes) -> None:
    if TABLES[num_phonemes] == version.symbols:
        require_pair(GPT, num_phonemes, SOVITS, version)
        return
    usual = {512: 732, 732: 512}[num_phonemes]
    reason = (
        rf"g\.ckpt: knows {num_phonemes} phones .* s\.pth: a {version.name} model needs .* {usual} phones"
    )
    with pytest.raises(BadCheckpoint, match=reason):
        require_pair(GPT, num_phonemes, SOVITS, version)


def test_an_unusual_number_must_be_large_enough() -> None:
    require_pair(GPT, 800, SOVITS, VERSIONS["v2"])
    require_pair(GPT, 322, SOVITS, VERSIONS["v1"])
    with pytest.raises(BadCheckpoint, match="knows 731 phones"):
        require_pair(GPT, 731, SOVITS, VERSIONS["v2"])
