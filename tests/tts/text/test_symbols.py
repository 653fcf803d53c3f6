import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tts.text.symbols import symbol_table

ROOT = Path(__file__).parents[3]


def test_tables_have_the_sizes_and_ids_the_models_were_trained_with():
    v1, v2 = symbol_table("v1"), symbol_table("v2")
    assert (len(v1), len(v2)) == (322, 732)
    assert v2.symbols[:322] == v1.symbols
    ids = {
        "!": 0,
        ",": 1,
        "-": 2,
        ".": 3,
        "?": 4,
        "AA": 5,
        "SP": 77,
        "SP2": 78,
        "UNK": 86,
        "_": 95,
        "…": 321,
        "[": 322,
    }
    assert {symbol: int(v2.ids([symbol])[0]) for symbol in ids} == ids
    assert len(set(v2.symbols)) == len(v2)


def test_an_unknown_symbol_is_unk():
    table = symbol_table("v1")
    ids = table.ids(["zh", "no such", "]"])
    assert ids.dtype == np.int64
    assert ids.tolist() == [320, 86, 86]
    assert table.known(["zh", "]"]) == ("zh", "UNK")
    assert "]" in symbol_table("v2")


def test_another_table_is_refused_by_name():
    with pytest.raises(ValueError, match="'v3'; valid: v1, v2"):
        symbol_table("v3")


def test_importing_the_front_end_loads_no_model_and_no_dictionary():
    code = (
        "import sys, tts.text.front_end, tts.text.pieces\n"
        "heavy = {'torch', 'transformers', 'jieba', 'pypinyin', 'opencc', 'g2p_en'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
