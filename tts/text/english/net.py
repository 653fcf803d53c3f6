"""Letters to sounds for words no dictionary knows: the small recurrent net of the package g2p_en.

Only its weights are used (0.9 million numbers, Apache-2.0): importing the package would load NLTK and fetch data. GPT-SoVITS
reads unknown words with the same net, so its models have heard what it says.
"""

import importlib.util
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

_LETTERS = {letter: number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz", start=3)}
_UNKNOWN_LETTER, _END_OF_WORD = 1, 2
_START, _END = 2, 3
_PHONES = (
    "<pad> <unk> <s> </s> AA0 AA1 AA2 AE0 AE1 AE2 AH0 AH1 AH2 AO0 AO1 AO2 AW0 AW1 AW2 AY0 AY1 AY2 B CH D DH EH0 EH1 EH2 "
    "ER0 ER1 ER2 EY0 EY1 EY2 F G HH IH0 IH1 IH2 IY0 IY1 IY2 JH K L M N NG OW0 OW1 OW2 OY0 OY1 OY2 P R S SH T TH UH0 UH1 "
    "UH2 UW UW0 UW1 UW2 V W Y Z ZH"
).split()
_NO_SOUND = frozenset(("<pad>", "<unk>", "<s>", "</s>", "UW"))
MAX_PHONES = 20  # upstream stops there; longer words are cut into parts first


def package_file(name: str) -> Path:
    """Returns the path of a data file of g2p_en without importing it.

    Raises:
        FileNotFoundError: where the package is not installed.
    """
    spec = importlib.util.find_spec("g2p_en")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"{name} of the package g2p_en is needed for English: pip install g2p_en==2.1.0")
    return Path(spec.submodule_search_locations[0]) / name


@cache
def _weights() -> Mapping[str, np.ndarray]:
    with np.load(package_file("checkpoint20.npz")) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def _gru(inputs: np.ndarray, hidden: np.ndarray, part: str) -> np.ndarray:
    """One step of a gated recurrent unit: inputs (E,), hidden (H,) -> hidden (H,)."""
    weights = _weights()
    from_input = weights[f"{part}_w_ih"] @ inputs + weights[f"{part}_b_ih"]
    from_hidden = weights[f"{part}_w_hh"] @ hidden + weights[f"{part}_b_hh"]
    reset_in, update_in, new_in = np.split(from_input, 3)
    reset_hid, update_hid, new_hid = np.split(from_hidden, 3)
    reset, update = (1 / (1 + np.exp(-gate)) for gate in (reset_in + reset_hid, update_in + update_hid))
    return (1 - update) * np.tanh(new_in + reset * new_hid) + update * hidden


@lru_cache(maxsize=4096)
def sound_out(word: str) -> tuple[str, ...]:
    """Returns ARPAbet phones of a lower-case word, at most 20; letters but a to z are read as unknown."""
    weights = _weights()
    hidden = np.zeros(weights["enc_w_hh"].shape[1], dtype=np.float32)
    for letter in [*(_LETTERS.get(char, _UNKNOWN_LETTER) for char in word), _END_OF_WORD]:
        hidden = _gru(weights["enc_emb"][letter], hidden, "enc")
    phones: list[str] = []
    last = _START
    while len(phones) < MAX_PHONES:
        hidden = _gru(weights["dec_emb"][last], hidden, "dec")
        last = int(np.argmax(weights["fc_w"] @ hidden + weights["fc_b"]))
        if last == _END:
            break
        phones.append(_PHONES[last])
    return tuple(phone for phone in phones if phone not in _NO_SOUND)
