"""The letter-to-sound net of the g2p_en package, run by numpy: what GPT-SoVITS asks for unknown words."""

from pathlib import Path

import numpy as np

# The order of its symbols, facts of the file: the first are padding, unknown, begin and end.
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_UNKNOWN_LETTER, _END_OF_WORD, _FIRST_LETTER = 1, 2, 3
_BEGIN, _END = 2, 3
_WITH_STRESS = ("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW")
_WITHOUT_STRESS = (
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "L", "M", "N", "NG", "P", "R", "S", "SH", "T", "TH",
    "UW", "V", "W", "Y", "Z", "ZH",
)  # fmt: skip
MAX_PHONES = 20


def _symbols() -> list[str]:
    phones = [name + stress for name in _WITH_STRESS for stress in "012"]
    return ["", "", "", "", *sorted([*phones, *_WITHOUT_STRESS])]


class EncoderDecoder:
    """One layer of GRU over the letters, one that says phones until it ends; 256 channels each."""

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as file:
            self._weights = {name: file[name] for name in file.files}
        self._symbols = _symbols()

    def read(self, word: str) -> tuple[str, ...]:
        """Returns at most 20 phones for a lower-case word; signs that are no letters count as unknown."""
        weights = self._weights
        letters = [_LETTERS.find(char) for char in word]
        numbers = [_FIRST_LETTER + at if at >= 0 else _UNKNOWN_LETTER for at in letters]
        state = np.zeros(weights["enc_w_hh"].shape[1], np.float32)
        for number in [*numbers, _END_OF_WORD]:
            state = self._step("enc", number, state)
        phones: list[str] = []
        said = _BEGIN
        for _ in range(MAX_PHONES):
            state = self._step("dec", said, state)
            said = int((weights["fc_w"] @ state + weights["fc_b"]).argmax())
            if said == _END:
                break
            phones.append(self._symbols[said])
        return tuple(filter(None, phones))

    def _step(self, side: str, number: int, state: np.ndarray) -> np.ndarray:
        """One step of a GRU whose gates stand in the order reset, update, new."""
        weights, width = self._weights, len(state)
        given = weights[f"{side}_w_ih"] @ weights[f"{side}_emb"][number] + weights[f"{side}_b_ih"]
        kept = weights[f"{side}_w_hh"] @ state + weights[f"{side}_b_hh"]
        gates = 1 / (1 + np.exp(-(given[: 2 * width] + kept[: 2 * width])))
        new = np.tanh(given[2 * width :] + gates[:width] * kept[2 * width :])
        return (1 - gates[width:]) * new + gates[width:] * state
