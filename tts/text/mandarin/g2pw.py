"""g2pW: a neural model that tells from the sentence how a character with several readings is read.

Optional. A user's `G2PWModel` folder is used as it is; its net runs through onnxruntime, which is imported
only then. The facts of the format: inputs `input_ids`, `token_type_ids`, `attention_mask` (int64, B x T),
`phoneme_mask` (float32, B x L), `char_ids` and `position_ids` (int64, B); the first output has the chances of
the L labels. Labels are the sorted bopomofo of POLYPHONIC_CHARS.txt, `char_ids` count its sorted characters.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from opencc import OpenCC

from tts.text.bert_vocabulary import Vocabulary, load_vocabulary
from tts.text.mandarin.pinyin import syllable_phones

log = logging.getLogger(__name__)

NET, CHARACTERS, PINYIN = "g2pW.onnx", "POLYPHONIC_CHARS.txt", "bopomofo_to_pinyin_wo_tune_dict.json"
# Characters the model knows but GPT-SoVITS does not ask it about, in traditional form.
_NOT_ASKED = frozenset("一不和咋嗲剖差攢倒難奔勁拗肖瘙誒泊听噢")
_MAX_CHARS = 510  # of what the net sees at once, without begin and end


class Session(Protocol):
    """What is needed of an onnxruntime session."""

    def run(self, output_names: Sequence[str] | None, inputs: Mapping[str, np.ndarray]) -> Sequence[Any]:
        """Returns the outputs for named inputs."""
        ...


class G2pw:
    """The model with its tables. Stateless: any number of readers may share it."""

    def __init__(
        self,
        session: Session,
        vocabulary: Vocabulary,
        rows: Sequence[Sequence[str]],
        pinyin: Mapping[str, str],
    ) -> None:
        """Takes what `load_g2pw` has read and asks the net once, to see that all fits together.

        Args:
            session: the net.
            vocabulary: of the BERT model the net was made from.
            rows: pairs of a traditional character and one bopomofo reading with tone digit.
            pinyin: bopomofo without tone -> pinyin without tone.

        Raises:
            ValueError: if the net's output has not one column for each reading.
        """
        self._session, self._vocabulary = session, vocabulary
        labels = sorted({reading for _, reading in rows})
        self._syllables = [_syllable(label, pinyin) for label in labels]
        self._chars = {char: number for number, char in enumerate(sorted({char for char, _ in rows}))}
        self._masks = np.zeros((len(self._chars), len(labels)), np.float32)
        for char, reading in rows:
            self._masks[self._chars[char], labels.index(reading)] = 1
        char = next(iter(self._chars))
        shape = self._chances(char, [0]).shape
        if shape != (1, len(labels)):
            raise ValueError(f"{NET} gives {shape[1:]} chances, {CHARACTERS} has {len(labels)} readings")

    def read(self, text: str) -> dict[int, str]:
        """Returns index -> syllable (`chong2`) for the characters of a clause that have several readings.

        Args:
            text: one clause in simplified characters.
        """
        traditional = _to_traditional().convert(text)
        if len(traditional) != len(text):
            return {}
        found: dict[int, str] = {}
        for start in range(0, len(traditional), _MAX_CHARS):
            part = traditional[start : start + _MAX_CHARS]
            places = [at for at, char in enumerate(part) if char in self._chars and char not in _NOT_ASKED]
            if places:
                best = self._chances(part, places).argmax(axis=1)
                syllables = zip(places, (self._syllables[number] for number in best), strict=True)
                found |= {start + at: syllable for at, syllable in syllables if syllable}
        return found

    def _chances(self, text: str, places: Sequence[int]) -> np.ndarray:
        """Returns the chances of all labels for the characters at `places`, (len(places), L)."""
        ids = np.tile(np.array(self._vocabulary.ids(text.lower()), np.int64), (len(places), 1))
        char_ids = np.array([self._chars[text[at]] for at in places], np.int64)
        inputs = {
            "input_ids": ids,
            "token_type_ids": np.zeros_like(ids),
            "attention_mask": np.ones_like(ids),
            "phoneme_mask": self._masks[char_ids],
            "char_ids": char_ids,
            "position_ids": np.array(places, np.int64) + 1,  # behind the begin token
        }
        return np.asarray(self._session.run(None, inputs)[0])


def load_g2pw(folder: Path, tokenizer_folder: Path | None = None) -> G2pw:
    """Loads a `G2PWModel` folder.

    Args:
        folder: with g2pW.onnx, POLYPHONIC_CHARS.txt and bopomofo_to_pinyin_wo_tune_dict.json.
        tokenizer_folder: the BERT folder with the vocabulary, chinese-roberta-wwm-ext-large for the released
            model; None where the vocabulary lies in `folder`.

    Raises:
        FileNotFoundError: for a missing file.
        ValueError: without onnxruntime, or if a file is damaged or does not fit the others.
    """
    missing = [name for name in (NET, CHARACTERS, PINYIN) if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{folder} is not a g2pW folder: {missing[0]} is missing")
    vocabulary = load_vocabulary(tokenizer_folder or folder)
    try:
        lines = (folder / CHARACTERS).read_text(encoding="utf-8").splitlines()
        rows = [tuple(line.split("\t")) for line in lines if line.strip()]
        pinyin = json.loads((folder / PINYIN).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{folder}: {CHARACTERS} or {PINYIN} is damaged: {error}") from error
    if not rows or any(len(row) != 2 or len(row[0]) != 1 for row in rows) or not isinstance(pinyin, dict):
        raise ValueError(f"{folder}: {CHARACTERS} has to have a character, a tab and a reading on each line")
    return _open(folder / NET, vocabulary, rows, pinyin)


def try_g2pw(folder: Path, tokenizer_folder: Path | None = None) -> G2pw | None:
    """Loads a folder that was found rather than asked for: where it cannot be used a warning says why."""
    try:
        return load_g2pw(folder, tokenizer_folder)
    except (OSError, ValueError) as error:
        log.warning("g2pW is not used, polyphones are read by rules: %s", error)
        return None


def _open(
    path: Path, vocabulary: Vocabulary, rows: Sequence[Sequence[str]], pinyin: Mapping[str, str]
) -> G2pw:
    if find_spec("onnxruntime") is None:
        raise ValueError(f"{path} needs the package onnxruntime: pip install onnxruntime")
    onnxruntime: Any = import_module("onnxruntime")
    state = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    # The library's own errors have no common class but Exception.
    failures = tuple(
        kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception)
    )
    onnxruntime.set_default_logger_severity(3)  # errors only
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return G2pw(session, vocabulary, rows, pinyin)
    except (*failures, ValueError) as error:
        raise ValueError(f"{path} cannot be used: {str(error).splitlines()[0]}") from error


def _syllable(label: str, pinyin: Mapping[str, str]) -> str | None:
    """Returns `chong2` for a bopomofo reading with tone digit, None for one the voices have no phones for."""
    base = str(pinyin.get(label[:-1], "")).replace("u:", "v").replace("ü", "v")
    return base + label[-1] if syllable_phones(base + label[-1]) else None


@cache
def _to_traditional() -> OpenCC:
    return OpenCC("s2tw")
